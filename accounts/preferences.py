"""What an officer likes at the desk. It comes along with the reports that a page asks for, so that
it costs no page a statement of its own.
"""

from dataclasses import asdict, dataclass

from django.contrib.auth.models import User
from django.db.models import JSONField, Subquery
from django.db.models.functions import JSONObject

from accounts.models import DeskPreference


@dataclass(frozen=True)
class Preferences:
    """See DeskHabit."""

    keyboard_shortcuts: bool = True
    advance_after_action: bool = True


NAMES = tuple(asdict(Preferences()))


def preferences_column(officer: User) -> Subquery:
    """For `annotate(liked=…)`: the officer's habits, beside whatever is asked for."""
    row = DeskPreference.objects.filter(pk=officer.pk)
    return Subquery(row.values(of=JSONObject(**{name: name for name in NAMES})), JSONField())


def preferences_of(row: object) -> Preferences:
    """The habits that came along with a row."""
    kept = getattr(row, "liked", None)
    return Preferences(**kept) if kept else Preferences()


def set_preference(officer: User, name: str, *, to: bool) -> None:
    """Keep one habit, a name of NAMES."""
    DeskPreference.objects.update_or_create(pk=officer.pk, defaults={name: to})
