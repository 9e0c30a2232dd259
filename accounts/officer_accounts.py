"""The one writer of accounts and roles; lockouts after wrong passwords, and the closing of idle accounts.

Each change is audited, ends the person's sessions and leaves at least one active lead. Nobody changes
their own account. To link an account, or to change one with power or give power, one lead proposes
and another confirms. Triggers enforce both (accounts/migrations/0002). An account that is closed for idleness
is reopened by a lead or by the command `invite_officer`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog
from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import F, Max, Q, QuerySet, Sum
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts import sessions
from accounts.models import EncryptedTOTPDevice, HashedBackupCodes, OfficerProfile
from core import database
from core.audit import events, proposals
from core.audit.proposals import Values
from core.errors import CodedError
from core.mail import render_mail, send_or_log
from core.models import Proposal
from core.outbox import sweeps
from core.permissions import users_with_permission

log = structlog.get_logger(__name__)

KEEP = "accounts.keep_people"
_POWER = (
    "keep_people",
    "issue_alert",
    "view_look",
)  # codenames; as accounts/migrations/0002_guards.py
MAX_SUBJECT_LENGTH = 255  # as OpenID Connect has it
LEADS_LOCK = "leads of the desk"  # that the trigger takes too


class AccountError(CodedError):
    """Nothing was changed; `code` is "own", "last_lead", "reason", "same", "provider", "subject" or "taken"."""


def active_leads() -> QuerySet[User]:
    """Return the active officers with the permission KEEP."""
    able = users_with_permission(KEEP, include_superusers=False)
    return able.filter(is_active=True, is_staff=True)


def deactivate(user: User, *, by: User | None, reason: str) -> Proposal | None:
    """Close an account; `by=None` is the system, which needs no second person. As `_decide`."""
    with proposals.bypass_four_eyes() if by is None else transaction.atomic():
        return _decide(user, {"act": "close"}, by, reason)


def reactivate(user: User, *, by: User, reason: str) -> Proposal | None:
    """Open an account again, with its password and device. As `_decide`."""
    return _decide(user, {"act": "reopen"}, by, reason)


def change_role(user: User, group: Group, *, by: User, reason: str) -> Proposal | None:
    """Replace an officer's roles by this one. As `_decide`."""
    return _decide(user, {"act": "role", "group": group.pk}, by, reason)


def link(user: User, subject: str, *, by: User, reason: str) -> Proposal | None:
    """Let that subject at the provider log in as this officer. As `_decide`."""
    subject = subject.strip()
    if not settings.OIDC_ISSUER:
        raise AccountError("provider")
    if not is_subject(subject):
        raise AccountError("subject")
    return _decide(user, {"act": "link", "subject": subject}, by, reason)


def unlink(user: User, *, by: User, reason: str) -> Proposal | None:
    """Unlink the officer from every provider. As `_decide`."""
    return _decide(user, {"act": "unlink"}, by, reason)


def _decide(user: User, change: Values, by: User | None, reason: str) -> Proposal | None:
    """Make the change, or propose it and return the proposal where it takes two. Raises AccountError,
    and ActionError where a proposal about the account is open.
    """
    with _lock_decision(user, by, reason) as person:
        _check_change(person, change)
        if by and _takes_two(person, change):
            return proposals.propose(ACCOUNT, person.pk, change, by=by, reason=reason)
        _make_change(person, change, by, reason)
    return None


class _AccountAct(proposals.Act):
    """A link of an account, a change of one with power, or one that gives power."""

    def may_decide(self, proposal: Proposal, by: User) -> bool:
        return super().may_decide(proposal, by) and proposal.target != str(by.pk)

    def carry_out(self, proposal: Proposal, by: User) -> None:
        user, change = User.objects.get(pk=proposal.target), proposal.new_values
        with _lock_decision(user, by, proposal.reason) as person:
            _check_change(person, change)
            _make_change(person, change, by, proposal.reason)


ACCOUNT = _AccountAct("account", KEEP)
_EVENTS = {
    "close": "account_closed", "reopen": "account_reopened", "role": "role_changed",
    "link": "account_linked", "unlink": "account_unlinked",
}  # fmt: skip


def _takes_two(person: User, change: Values) -> bool:
    """Return whether it lets somebody log in as another, gives power or is of an account that has it."""
    if change["act"] in {"link", "unlink"}:
        return bool(change["act"] == "link")
    powerful = Group.objects.filter(permissions__codename__in=_POWER)
    return powerful.filter(Q(pk=change.get("group", 0)) | Q(user=person)).exists()


def _check_change(person: User, change: Values) -> None:
    """Raise AccountError where it changes nothing or would leave no lead."""
    match change["act"]:
        case "close":
            is_same = not person.is_active
        case "reopen":
            is_same = person.is_active
        case "role":
            is_same = [group.pk for group in person.groups.all()] == [change["group"]]
        case "link":
            is_same = _is_held_by(person, change["subject"])
        case _:
            is_same = not _linked_profiles(person).exists()
    if is_same:
        raise AccountError("same")
    if change["act"] in {"close", "role"} and not _leads(change.get("group", 0)):
        _refuse_last_lead(person)


def _is_held_by(person: User, subject: str) -> bool:
    """Return whether the officer has the subject. Raises AccountError where another has."""
    holder = linked_to(subject)
    if holder and holder != person:
        raise AccountError("taken")
    return holder is not None


def _make_change(person: User, change: Values, by: User | None, reason: str) -> None:
    detail = {"reason": reason.strip()}
    match change["act"]:
        case "close" | "reopen" as act:
            _set_open(person, is_open=act == "reopen")
        case "role":
            group = Group.objects.get(pk=change["group"])
            assign_group(person, group)
            detail["group"] = group.name
        case _:
            subject = change.get("subject")
            _link(person, settings.OIDC_ISSUER if subject else None, subject)
    events.log_event("user", person.pk, _EVENTS[change["act"]], by=by, **detail)


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
    return _linked_profiles(user).filter(oidc_issuer=settings.OIDC_ISSUER).exists()


def _linked_profiles(user: User) -> QuerySet[OfficerProfile]:
    return OfficerProfile.objects.filter(user=user, oidc_subject__isnull=False)


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
        if not _leads(group.pk):
            _refuse_last_lead(user)
        user.groups.set([group])
        sessions.end_all_sessions(user)
    return True


def on_enrolment(user: User) -> None:
    """Open the account of a used invitation, and end its sessions. A command made the invitation."""
    with proposals.bypass_four_eyes():
        _set_open(user, is_open=True)


def _set_open(user: User, *, is_open: bool) -> None:
    user.is_active = is_open
    user.is_staff = user.is_staff or is_open
    user.save(update_fields=["is_active", "is_staff"])
    if is_open:
        fresh = {"idle_since": timezone.now(), "idle_warned_at": None}
        OfficerProfile.objects.update_or_create(user=user, defaults=fresh)
    EncryptedTOTPDevice.objects.filter(user=user, confirmed=False).delete()  # unused invitations
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
        database.lock_until_commit(LEADS_LOCK)
        yield


def _refuse_last_lead(user: User) -> None:
    able = set(active_leads().values_list("pk", flat=True))
    if able == {user.pk}:
        raise AccountError("last_lead")


def _leads(group: int) -> bool:
    codename = KEEP.partition(".")[2]
    return Group.objects.filter(pk=group, permissions__codename=codename).exists()


def active_lockouts(users: Iterable[User]) -> dict[str, datetime]:
    """Return user name -> end of the lockout (axes), of these users only.

    A name that is nobody's may be a password typed into the wrong field.
    """
    after = timezone.now() - _cool_off()
    guesses = AccessAttempt.objects.filter(attempt_time__gte=after).order_by()
    locked = (
        guesses.filter(username__in=[user.get_username() for user in users])
        .values("username", "ip_address")
        .annotate(guessed=Sum("failures_since_start"), last=Max("attempt_time"))
        .filter(guessed__gte=settings.AXES_FAILURE_LIMIT)
        .order_by("last")
    )
    return {row["username"]: row["last"] + _cool_off() for row in locked}


@transaction.atomic
def clear_lockout(user: User, *, by: User) -> None:
    """Lift the lockout of an officer for every address and device, and audit it."""
    reset(username=user.get_username())
    free = {"throttling_failure_count": 0, "throttling_failure_timestamp": None}
    for kind in (EncryptedTOTPDevice, HashedBackupCodes):
        kind.objects.filter(user=user).update(**free)
    events.log_event("user", user.pk, "lock_lifted", by=by)


def _cool_off() -> timedelta:
    return timedelta(hours=settings.AXES_COOLOFF_TIME)


# --- accounts that nobody uses

IDLE_NOTICE = timedelta(days=7)
MAX_IDLE_BATCH = 100


def close_idle_accounts() -> None:
    """Close the accounts unused for `ACCOUNT_IDLE_DAYS`, and warn those that come next."""
    if settings.ACCOUNT_IDLE_DAYS <= 0:
        return
    allowed, now = timedelta(days=settings.ACCOUNT_IDLE_DAYS), timezone.now()
    with sweeps.Guard("idle_accounts.check"):
        _for_each("idle_accounts.close", unused_since(now - allowed), _close_idle)
        if settings.EMAIL_URL:
            rows = unused_since(now - allowed + IDLE_NOTICE).exclude(email="")
            rows = rows.exclude(account__idle_warned_at__gte=F("used"))
            _for_each("idle_accounts.warn", rows, lambda user: _warn_idle(user, allowed))


def _for_each(name: str, rows: QuerySet[User], work: Callable[[User], None]) -> None:
    sweeps.for_each(name, sweeps.available(name, rows)[:MAX_IDLE_BATCH], work)


def unused_since(before: datetime) -> QuerySet[User]:
    """Return the active officers unused since then, longest first, annotated with `used`, their last use."""
    rows = User.objects.filter(is_active=True, is_staff=True)
    used = Greatest("last_login", "date_joined", "account__idle_since")  # passes over NULL
    return rows.annotate(used=used).filter(used__lte=before).order_by("used", "pk")


def _close_idle(user: User) -> None:
    try:
        deactivate(user, by=None, reason=f"không dùng {settings.ACCOUNT_IDLE_DAYS} ngày")
    except AccountError as error:  # the last lead, or already closed
        log.info("idle_account.close_refused", code=error.code)


def _warn_idle(user: User, allowed: timedelta) -> None:
    """Mark the officer as warned and send the mail; remove the mark when sending fails."""
    day = max(user.used + allowed, timezone.now())  # type: ignore[attr-defined]
    OfficerProfile.objects.update_or_create(user=user, defaults={"idle_warned_at": timezone.now()})
    mail = render_mail("reports/idle.txt", [user.email], {"user": user, "day": day})
    if send_or_log(mail, log, "idle_accounts.mail_failed"):
        events.log_event("user", user.pk, "account_warned")
    else:
        OfficerProfile.objects.filter(user=user).update(idle_warned_at=None)
