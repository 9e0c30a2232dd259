"""Who may enter the desk, and as what: the one writer of accounts and roles.

Each act is on record, ends the person's sessions, and leaves at least one lead who can log in; the
database refuses what would not (migration 0041). Nobody decides on their own account.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from reports import events, sessions
from reports.models import DeskAccount

KEEP = "reports.keep_people"
_BACKEND = "django.contrib.auth.backends.ModelBackend"
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('leads of the desk', 0))"


class AccountError(Exception):
    """Why nothing was changed: "own", "last_lead", "reason" or "same"."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def leads() -> QuerySet[User]:
    """Who keeps the people of the desk and can log in."""
    able = User.objects.with_perm(KEEP, backend=_BACKEND, include_superusers=False)
    return able.filter(is_active=True, is_staff=True)


def close(user: User, *, by: User | None, reason: str) -> None:
    """Let an officer in no more. `by=None` is the machine. Raises AccountError."""
    with _decided(user, by, reason) as person:
        if not person.is_active:
            raise AccountError("same")
        _must_not_be_the_last_lead(person)
        _let_in(person, is_in=False)
        events.record("user", person.pk, "account_closed", by=by, reason=reason.strip())


def reopen(user: User, *, by: User, reason: str) -> None:
    """Let an officer in again, with the password and the device of before. Raises AccountError."""
    with _decided(user, by, reason) as person:
        if person.is_active:
            raise AccountError("same")
        _let_in(person, is_in=True)
        events.record("user", person.pk, "account_reopened", by=by, reason=reason.strip())


def change_role(user: User, group: Group, *, by: User, reason: str) -> None:
    """Give an officer this role in the place of what they had. Raises AccountError."""
    with _decided(user, by, reason) as person:
        if not place(person, group):
            raise AccountError("same")
        events.record(
            "user", person.pk, "role_changed", by=by, group=group.name, reason=reason.strip()
        )


def place(user: User, group: Group) -> bool:
    """As above without a record of its own, for an invitation; whether that changed anything."""
    with _in_turn():
        if list(user.groups.all()) == [group]:
            return False
        if not _leads(group):
            _must_not_be_the_last_lead(user)
        user.groups.set([group])
        sessions.end_all(user)
    return True


def enrolled(user: User) -> None:
    """An invitation was used: a new password and a new device, so whoever was in is out."""
    _let_in(user, is_in=True)


def _let_in(user: User, *, is_in: bool) -> None:
    user.is_active = is_in
    user.is_staff = user.is_staff or is_in
    user.save(update_fields=["is_active", "is_staff"])
    if is_in:
        fresh = {"used_from": timezone.now(), "warned_at": None}
        DeskAccount.objects.update_or_create(user=user, defaults=fresh)
    sessions.end_all(user)


@contextmanager
def _decided(user: User, by: User | None, reason: str) -> Iterator[User]:
    """The person, until COMMIT nobody else's to write."""
    if user == by:
        raise AccountError("own")
    if not reason.strip():
        raise AccountError("reason")
    with _in_turn():
        yield User.objects.select_for_update().get(pk=user.pk)


@contextmanager
def _in_turn() -> Iterator[None]:
    """Whoever writes here waits for the last one's COMMIT, and counts the leads that it left."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_ONE_AT_A_TIME)
        yield


def _must_not_be_the_last_lead(user: User) -> None:
    able = set(leads().values_list("pk", flat=True))
    if able == {user.pk}:
        raise AccountError("last_lead")


def _leads(group: Group) -> bool:
    app, _, codename = KEEP.partition(".")
    return group.permissions.filter(content_type__app_label=app, codename=codename).exists()
