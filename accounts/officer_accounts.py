"""The one writer of accounts and roles.

Each change is audited, ends the person's sessions and leaves at least one active lead, which a trigger
enforces too (accounts/migrations/0002). Nobody changes their own account.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts import sessions
from accounts.models import OfficerProfile
from core import advisory_locks
from core.audit import events
from core.errors import CodedError
from core.permissions import users_with_permission

KEEP = "accounts.keep_people"
MAX_SUBJECT_LENGTH = 255  # as OpenID Connect has it
LEADS_LOCK = "leads of the desk"  # that the trigger takes too


class AccountError(CodedError):
    """Nothing was changed; `code` is "own", "last_lead", "reason", "same", "provider", "subject" or "taken"."""


def active_leads() -> QuerySet[User]:
    """Return the active officers with the permission KEEP."""
    able = users_with_permission(KEEP, include_superusers=False)
    return able.filter(is_active=True, is_staff=True)


def deactivate(user: User, *, by: User | None, reason: str) -> None:
    """Close an account; `by=None` is the system. Raises AccountError."""
    with _lock_decision(user, by, reason) as person:
        if not person.is_active:
            raise AccountError("same")
        _refuse_last_lead(person)
        _set_open(person, is_open=False)
        events.log_event("user", person.pk, "account_closed", by=by, reason=reason.strip())


def reactivate(user: User, *, by: User, reason: str) -> None:
    """Open an account again, with its password and device. Raises AccountError."""
    with _lock_decision(user, by, reason) as person:
        if person.is_active:
            raise AccountError("same")
        _set_open(person, is_open=True)
        events.log_event("user", person.pk, "account_reopened", by=by, reason=reason.strip())


def change_role(user: User, group: Group, *, by: User, reason: str) -> None:
    """Replace an officer's roles by this one. Raises AccountError."""
    with _lock_decision(user, by, reason) as person:
        if not assign_group(person, group):
            raise AccountError("same")
        events.log_event(
            "user", person.pk, "role_changed", by=by, group=group.name, reason=reason.strip()
        )


def link(user: User, subject: str, *, by: User, reason: str) -> None:
    """Let that subject at the provider log in as this officer. Raises AccountError."""
    subject = subject.strip()
    if not settings.OIDC_ISSUER:
        raise AccountError("provider")
    if not is_subject(subject):
        raise AccountError("subject")
    with _lock_decision(user, by, reason) as person:
        holder = linked_to(subject)
        if holder:
            raise AccountError("same" if holder == person else "taken")
        _link(person, settings.OIDC_ISSUER, subject)
        events.log_event("user", person.pk, "account_linked", by=by, reason=reason.strip())


def unlink(user: User, *, by: User, reason: str) -> None:
    """Unlink the officer from every provider. Raises AccountError."""
    with _lock_decision(user, by, reason) as person:
        if not OfficerProfile.objects.filter(user=person, oidc_subject__isnull=False).exists():
            raise AccountError("same")
        _link(person, None, None)
        events.log_event("user", person.pk, "account_unlinked", by=by, reason=reason.strip())


def is_subject(text: str) -> bool:
    """Return whether it is a valid subject: at most 255 printable ASCII characters (OIDC Core)."""
    return 0 < len(text) <= MAX_SUBJECT_LENGTH and text.isascii() and text.isprintable()


def linked_to(subject: str) -> User | None:
    """Return the officer of that subject at the configured provider, or None."""
    return User.objects.filter(
        account__oidc_issuer=settings.OIDC_ISSUER, account__oidc_subject=subject
    ).first()


def is_linked(user: User) -> bool:
    """Return whether an account of the configured provider logs in as this officer."""
    return OfficerProfile.objects.filter(
        user=user, oidc_issuer=settings.OIDC_ISSUER, oidc_subject__isnull=False
    ).exists()


def _link(person: User, issuer: str | None, subject: str | None) -> None:
    OfficerProfile.objects.update_or_create(
        user=person, defaults={"oidc_issuer": issuer, "oidc_subject": subject}
    )
    sessions.end_all_sessions(person)


def assign_group(user: User, group: Group) -> bool:
    """Replace an officer's roles without an event; return whether that changed them."""
    with _serialized():
        if list(user.groups.all()) == [group]:
            return False
        if not _leads(group):
            _refuse_last_lead(user)
        user.groups.set([group])
        sessions.end_all_sessions(user)
    return True


def on_enrolment(user: User) -> None:
    """Open the account of a used invitation, and end its sessions."""
    _set_open(user, is_open=True)


def _set_open(user: User, *, is_open: bool) -> None:
    user.is_active = is_open
    user.is_staff = user.is_staff or is_open
    user.save(update_fields=["is_active", "is_staff"])
    if is_open:
        fresh = {"idle_since": timezone.now(), "idle_warned_at": None}
        OfficerProfile.objects.update_or_create(user=user, defaults=fresh)
    sessions.end_all_sessions(user)


@contextmanager
def _lock_decision(user: User, by: User | None, reason: str) -> Iterator[User]:
    """Yield the officer, locked until COMMIT. Raises AccountError for one's own account or no reason."""
    if user == by:
        raise AccountError("own")
    if not reason.strip():
        raise AccountError("reason")
    with _serialized():
        yield User.objects.select_for_update().get(pk=user.pk)


@contextmanager
def _serialized() -> Iterator[None]:
    """Serialize account changes until COMMIT, so that the count of leads is current."""
    with transaction.atomic():
        advisory_locks.lock_until_commit(LEADS_LOCK)
        yield


def _refuse_last_lead(user: User) -> None:
    able = set(active_leads().values_list("pk", flat=True))
    if able == {user.pk}:
        raise AccountError("last_lead")


def _leads(group: Group) -> bool:
    app, _, codename = KEEP.partition(".")
    return group.permissions.filter(content_type__app_label=app, codename=codename).exists()
