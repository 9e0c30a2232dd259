"""Tables of the mechanisms: outbox, audit log with its hash chain, proposals, API clients, the proof of the keys."""

from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

T = TypeVar("T", bound=models.Model)


def key_of(to: type[T], name: str, **options: Any) -> "models.ForeignKey[Any, T]":
    """Return a key that keeps its row from being deleted, by default without a way back."""
    options = {"related_name": "+", "verbose_name": name} | options
    return models.ForeignKey(to, models.PROTECT, **options)


def optional_key_of(to: type[T], name: str, **options: Any) -> "models.ForeignKey[Any, T | None]":
    return key_of(to, name, null=True, **options)


def choice_of(
    name: str, kinds: type[models.TextChoices], size: int, **options: Any
) -> "models.CharField[Any, str]":
    return models.CharField(name, max_length=size, choices=kinds.choices, **options)


def texts_of(name: str, size: int, **options: Any) -> "ArrayField[Any, list[str]]":
    return ArrayField(models.CharField(max_length=size), verbose_name=name, default=list, **options)


class PartnerChannel(models.TextChoices):
    """The way to a partner: its program or its mailbox."""

    WEBHOOK = "webhook", "Máy gọi máy (webhook)"
    MAIL = "mail", "Thư điện tử"


class OutboxItem(models.Model):
    """A task to run: its name, its key and its state. All times are PostgreSQL's.

    `due_at`: not dispatched before; the relay moves it by a lease, a failed attempt by a pause.
    `leased_until`: the end of a worker's lease. `error`: the class of the last failure. `traceparent`:
    the trace of the POST that enqueued it, where traces are collected (core/tracing.py).
    """

    class Priority(models.IntegerChoices):
        URGENT = 0, "gấp"
        USUAL = 1, "thường"
        IDLE = 2, "khi rảnh"

    id = models.BigAutoField(primary_key=True)
    task = models.CharField(max_length=64)
    key = models.CharField(max_length=64)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, db_default=Priority.USUAL)
    created_at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now())
    leased_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(db_default=0)
    done_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=120, blank=True, db_default="")
    traceparent = models.CharField(max_length=55, blank=True, db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(failed_at__isnull=True),
                name="outboxitem_done_or_failed",
            )
        ]
        indexes = [
            models.Index(
                fields=["priority", "id"],
                condition=Q(done_at__isnull=True, failed_at__isnull=True),
                name="outboxitem_waiting",
            ),
            models.Index(
                fields=["id"], condition=Q(failed_at__isnull=False), name="outboxitem_failed"
            ),
            models.Index(fields=["task", "key", "-id"], name="outboxitem_latest"),
        ]


# Events by which somebody saw or exported personal data.
PERSONAL_DATA_VIEWS = (
    "revealed", "contact_searched", "exported", "labels_exported", "case_exported", "transfer_slip_printed",
    "bank_letter_printed",
)  # fmt: skip


class AuditEvent(models.Model):
    """One act, by whom and when. Append-only: a trigger refuses UPDATE and DELETE.

    `subject` is a type and a key ("report", its id), not a relation: an event outlives its subject.
    """

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField("lúc", db_default=Now())
    actor = optional_key_of(
        User, "ai", blank=True, db_index=False
    )  # the index below begins with it
    subject_type = models.CharField("về", max_length=16)
    subject_id = models.CharField(max_length=64)
    kind = models.CharField("việc", max_length=32)
    detail = models.JSONField("chi tiết", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "nhật ký xử lý"
        ordering = ["-created_at", "-id"]
        permissions = [("view_look", "xem ai đã xem dữ liệu cá nhân")]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-id"], name="auditevent_subject"),
            models.Index(fields=["actor", "-id"], name="auditevent_actor"),
            models.Index(
                fields=["-id"],
                condition=models.Q(kind__in=PERSONAL_DATA_VIEWS),
                name="auditevent_looks",
            ),
            BrinIndex(fields=["created_at"], autosummarize=True, name="auditevent_created_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_type} {self.subject_id}"


class AuditChainLink(models.Model):
    """An event's link (core/audit/chain.py): `digest` covers the event, the digest before it and
    `detail_digest`, which is keyed by `salt`. A trigger refuses UPDATE and DELETE but for the salt
    of a detail whose erasure is logged.
    """

    # No relation: a link stays when its event is removed, and so shows it.
    event_id = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField(db_default=Now())
    salt = models.BinaryField(max_length=16, null=True)
    detail_digest = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            # No two links follow the same one: the chain has one end.
            models.UniqueConstraint(fields=["previous"], name="auditchainlink_one_chain")
        ]


class AuditChainCheck(models.Model):
    """How far the links were verified, in one row. `break_kind` and `broken_at` are the first break
    and its event, until `verify_audit_log` finds none.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    checked_at = models.DateTimeField(db_default=Now())
    last_checked_id = models.BigIntegerField(default=0)
    break_kind = models.CharField(max_length=16, blank=True, default="")
    broken_at = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="auditchaincheck_one_row")]


class KeyProof(models.Model):
    """A known text in one row, encrypted like what residents send (core/encryption.py)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    text_sealed = models.BinaryField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="keyproof_one_row")]


class ZaloToken(models.Model):
    """The tokens of the Official Account in one row (core/zalo.py); `given_digest`: SHA-256 of the refresh
    token of ZALO_URL that they descend from; `refused_digest`: of the one under which Zalo took none.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    given_digest = models.BinaryField(max_length=32, null=True)
    refused_digest = models.BinaryField(max_length=32, null=True)
    access_sealed = models.BinaryField(null=True)
    refresh_sealed = models.BinaryField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="zalotoken_one_row")]


class Proposal(models.Model):
    """An act that takes two people: one proposes it, another confirms or refuses it (core/audit/proposals.py).

    `target`: the key of what it is about, "" for a new row; `new_values`: what shall be, empty for a
    removal. A trigger permits one change, the decision; others forbid the act without it.
    """

    class State(models.TextChoices):
        OPEN = "open", "Chờ người khác xác nhận"
        CONFIRMED = "confirmed", "Đã xác nhận"
        REFUSED = "refused", "Không nhận"

    kind = models.CharField("việc", max_length=16)
    target = models.CharField(max_length=64, blank=True)
    new_values = models.JSONField(default=dict)
    old_values = models.JSONField(default=dict)
    reason = models.TextField("vì sao", blank=True)
    proposed_by = key_of(User, "người đề nghị")
    proposed_at = models.DateTimeField("đề nghị lúc", db_default=Now())
    state = choice_of("trạng thái", State, 16, default=State.OPEN, db_default=State.OPEN)
    decided_by = optional_key_of(User, "người quyết")
    decided_at = models.DateTimeField("quyết lúc", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "đề nghị cần người thứ hai"
        default_permissions = ("view",)
        ordering = ["-proposed_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", decided_by=None, decided_at=None)
                | ~Q(state="open") & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="proposal_decided_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | ~Q(decided_by=F("proposed_by")),
                name="proposal_four_eyes",
            ),
            models.UniqueConstraint(
                fields=["kind", "target"],
                condition=Q(state="open") & ~Q(target=""),
                name="proposal_one_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"đề nghị số {self.pk}"


class ApiClient(models.Model):
    """A program of an agency that uses the API with a key (core/api/keys.py)."""

    class Scope(models.TextChoices):
        WRITE_REPORTS = "reports:write", "gửi tin và tệp"
        READ_STATUS = "reports:status", "xem tình trạng tin"
        READ_FINDINGS = "findings:read", "đọc danh sách đã xác nhận"

    name = models.CharField("cơ quan, phần mềm", max_length=160, unique=True)
    scopes = texts_of("được làm gì", 32)
    networks = texts_of("mạng được gọi từ đó", 43, blank=True)  # CIDR; none: from everywhere
    max_per_minute = models.PositiveSmallIntegerField("lượt mỗi phút", default=60)
    created_at = models.DateTimeField("ghi lúc", db_default=Now(), editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "phần mềm gửi tin"
        default_permissions = ("add", "change", "view")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ApiKey(models.Model):
    """The digest of a client's key; `hint` is its beginning, by which people tell two apart."""

    client = models.ForeignKey(ApiClient, models.PROTECT, related_name="keys")
    slot = models.PositiveSmallIntegerField()  # while it is valid: of two, so that keys can rotate
    hint = models.CharField("bắt đầu bằng", max_length=16)
    digest = models.BinaryField(max_length=32, unique=True)
    created_by = key_of(User, "người làm")
    created_at = models.DateTimeField("làm lúc", db_default=Now())
    last_used_on = models.DateField("dùng gần nhất", null=True)
    revoked_by = optional_key_of(User, "người thu hồi")
    revoked_at = models.DateTimeField("thu hồi lúc", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "khóa của phần mềm"
        default_permissions = ()
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(slot__in=(1, 2)), name="apikey_two_slots"),
            models.UniqueConstraint(
                fields=["client", "slot"], condition=Q(revoked_at=None), name="apikey_one_a_slot"
            ),
            models.CheckConstraint(
                condition=Q(revoked_by=None, revoked_at=None)
                | Q(revoked_by__isnull=False, revoked_at__isnull=False),
                name="apikey_revoked_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hint}…"
