"""Who may enter the desk, and as what: the one writer of accounts and roles.

Each act is on record, ends the person's sessions, and leaves at least one lead who can log in; the
database refuses what would not (migration 0041). Nobody decides on their own account.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import sessions
from accounts.models import OfficerProfile
from core.audit import events

KEEP = "accounts.keep_people"
MAX_SUBJECT_LENGTH = 255  # as OpenID Connect has it
_BACKEND = "django.contrib.auth.backends.ModelBackend"
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('leads of the desk', 0))"


class AccountError(Exception):
    """Why nothing was changed: "own", "last_lead", "reason", "same", "provider", "subject"
    or "taken".
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def active_leads() -> QuerySet[User]:
    """Who keeps the people of the desk and can log in."""
    able = User.objects.with_perm(KEEP, backend=_BACKEND, include_superusers=False)
    return able.filter(is_active=True, is_staff=True)


def deactivate(user: User, *, by: User | None, reason: str) -> None:
    """Let an officer in no more. `by=None` is the machine. Raises AccountError."""
    with _decided(user, by, reason) as person:
        if not person.is_active:
            raise AccountError("same")
        _must_not_be_the_last_lead(person)
        _let_in(person, is_in=False)
        events.log_event("user", person.pk, "account_closed", by=by, reason=reason.strip())


def reactivate(user: User, *, by: User, reason: str) -> None:
    """Let an officer in again, with the password and the device of before. Raises AccountError."""
    with _decided(user, by, reason) as person:
        if person.is_active:
            raise AccountError("same")
        _let_in(person, is_in=True)
        events.log_event("user", person.pk, "account_reopened", by=by, reason=reason.strip())


def change_role(user: User, group: Group, *, by: User, reason: str) -> None:
    """Give an officer this role in the place of what they had. Raises AccountError."""
    with _decided(user, by, reason) as person:
        if not assign_group(person, group):
            raise AccountError("same")
        events.log_event(
            "user", person.pk, "role_changed", by=by, group=group.name, reason=reason.strip()
        )


def link(user: User, subject: str, *, by: User, reason: str) -> None:
    """Let the provider's account of that subject log in as this officer. Raises AccountError."""
    named = subject.strip()
    if not settings.OIDC_ISSUER:
        raise AccountError("provider")
    if not is_subject(named):
        raise AccountError("subject")
    with _decided(user, by, reason) as person:
        holder = linked_to(named)
        if holder:
            raise AccountError("same" if holder == person else "taken")
        _link(person, settings.OIDC_ISSUER, named)
        events.log_event("user", person.pk, "account_linked", by=by, reason=reason.strip())


def unlink(user: User, *, by: User, reason: str) -> None:
    """No account of a provider logs in as this officer any more. Raises AccountError."""
    with _decided(user, by, reason) as person:
        if not OfficerProfile.objects.filter(user=person, oidc_subject__isnull=False).exists():
            raise AccountError("same")
        _link(person, None, None)
        events.log_event("user", person.pk, "account_unlinked", by=by, reason=reason.strip())


def is_subject(text: str) -> bool:
    """Whether a provider may call anybody so: letters and signs of ASCII, as the protocol says."""
    return 0 < len(text) <= MAX_SUBJECT_LENGTH and text.isascii() and text.isprintable()


def linked_to(subject: str) -> User | None:
    """The officer of that subject; another provider's subjects mean nobody."""
    return User.objects.filter(
        account__oidc_issuer=settings.OIDC_ISSUER, account__oidc_subject=subject
    ).first()


def is_linked(user: User) -> bool:
    """Whether an account of the provider that is configured logs in as this officer."""
    return OfficerProfile.objects.filter(
        user=user, oidc_issuer=settings.OIDC_ISSUER, oidc_subject__isnull=False
    ).exists()


def _link(person: User, issuer: str | None, subject: str | None) -> None:
    OfficerProfile.objects.update_or_create(
        user=person, defaults={"oidc_issuer": issuer, "oidc_subject": subject}
    )
    sessions.end_all_sessions(person)


def assign_group(user: User, group: Group) -> bool:
    """As above without a record of its own, for an invitation; whether that changed anything."""
    with _in_turn():
        if list(user.groups.all()) == [group]:
            return False
        if not _leads(group):
            _must_not_be_the_last_lead(user)
        user.groups.set([group])
        sessions.end_all_sessions(user)
    return True


def on_enrolment(user: User) -> None:
    """An invitation was used: a new password and a new device, so whoever was in is out."""
    _let_in(user, is_in=True)


def _let_in(user: User, *, is_in: bool) -> None:
    user.is_active = is_in
    user.is_staff = user.is_staff or is_in
    user.save(update_fields=["is_active", "is_staff"])
    if is_in:
        fresh = {"idle_since": timezone.now(), "idle_warned_at": None}
        OfficerProfile.objects.update_or_create(user=user, defaults=fresh)
    sessions.end_all_sessions(user)


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
    able = set(active_leads().values_list("pk", flat=True))
    if able == {user.pk}:
        raise AccountError("last_lead")


def _leads(group: Group) -> bool:
    app, _, codename = KEEP.partition(".")
    return group.permissions.filter(content_type__app_label=app, codename=codename).exists()
