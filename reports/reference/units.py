"""Which unit is meant, and which an officer works at."""

import time

from django.contrib.auth.models import User

from core.text import normalize
from reports.models import Unit

_HEAD = "cong an "
_CACHE_SECONDS = 60  # seconds; a name that officers add is offered within a minute
_names: tuple[float, list[str]] = (0.0, [])


def match_unit(typed: str) -> Unit | None:
    """The unit that takes reports and is called so, with or without marks; of a commune's police
    the commune with its kind is enough: xã Yên Định. One statement.
    """
    folded = normalize(typed).strip()
    names = {folded: 0, f"{_HEAD}{folded}": 1}
    found = Unit.objects.active().filter(name_normalized__in=names)
    return min(found, key=lambda unit: names[unit.name_normalized], default=None)


def names() -> list[str]:
    """The names of all units that take reports, as they were a minute ago at most."""
    global _names  # noqa: PLW0603
    if time.monotonic() >= _names[0]:
        found = list(Unit.objects.active().values_list("name", flat=True))
        _names = (time.monotonic() + _CACHE_SECONDS, found)
    return _names[1]


def clear_cache() -> None:
    """Read the names anew at the next call."""
    global _names  # noqa: PLW0603
    _names = (0.0, [])


def commune_police_name(commune: str) -> str:
    """What the police of a commune are called: Công an xã Yên Định."""
    kind, bare = commune.split(" ", 1)
    return f"Công an {kind.lower()} {bare}"


def unit_code_of(user: User) -> str | None:
    """The codename of the unit that an officer works at; None at the office. Asked once for an object."""
    membership = getattr(user, "membership", None)
    return membership.unit_id if membership else None


def unit_of(user: User) -> Unit | None:
    """The unit that an officer works at; None at the office."""
    codename = unit_code_of(user)
    return Unit.objects.get(pk=codename) if codename else None
