"""Find a unit by name, and the unit of an officer."""

from django.contrib.auth.models import User

from core.database import CachedRead
from core.text import normalize
from reports.models import Unit

_POLICE_PREFIX = "cong an "
_no_names: list[str] = []
_names = CachedRead(lambda: list(Unit.objects.active().values_list("name", flat=True)), _no_names)
names, clear_cache = _names.get, _names.invalidate  # of the active units


def match_unit(typed: str) -> Unit | None:
    """Return the active unit of a name, marks ignored. One statement.

    A commune with its kind means its police: xã Yên Định.
    """
    folded = normalize(typed).strip()
    ranks = {folded: 0, f"{_POLICE_PREFIX}{folded}": 1}
    units = Unit.objects.active().filter(name_normalized__in=ranks)
    return min(units, key=lambda unit: ranks[unit.name_normalized], default=None)


def commune_police_name(commune: str) -> str:
    """Return the name of a commune's police: Công an xã Yên Định."""
    kind, bare = commune.split(" ", 1)
    return f"Công an {kind.lower()} {bare}"


def unit_code_of(user: User) -> str | None:
    """Return the codename of an officer's unit, None at the office; cached on the user."""
    membership = getattr(user, "membership", None)
    return membership.unit_id if membership else None


def unit_of(user: User) -> Unit | None:
    """Return an officer's unit, None at the office."""
    codename = unit_code_of(user)
    return Unit.objects.get(pk=codename) if codename else None
