"""An officer's preferences, loaded as a column of the rows a page loads anyway."""

from dataclasses import asdict, dataclass

from django.contrib.auth.models import User
from django.db.models import JSONField, Subquery
from django.db.models.functions import JSONObject

from accounts.models import DeskPreference


@dataclass(frozen=True)
class Preferences:
    """The fields of DeskPreference, with their defaults."""

    keyboard_shortcuts: bool = True
    advance_after_action: bool = True


NAMES = tuple(asdict(Preferences()))


def preferences_column(officer: User) -> Subquery:
    """Return the officer's preferences, for `annotate(preferences=…)`."""
    row = DeskPreference.objects.filter(pk=officer.pk)
    return Subquery(row.values(of=JSONObject(**{name: name for name in NAMES})), JSONField())


def preferences_of(row: object) -> Preferences:
    """Return the preferences of a row annotated with `preferences`, else the defaults."""
    values = getattr(row, "preferences", None)
    return Preferences(**values) if values else Preferences()


def set_preference(officer: User, name: str, *, to: bool) -> None:
    """Store one preference; `name` is one of NAMES."""
    DeskPreference.objects.update_or_create(pk=officer.pk, defaults={name: to})
