"""Frozen revisions of warnings, public keys and signatures."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Now
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.functional import cached_property

from alerts.models.cap_terms import CancelReason, MsgType, State
from alerts.models.content import Content
from alerts.models.translations import Sound
from alerts.models.warnings import Alert
from core.models import key_of

TOLD_OF_WITHDRAWAL = timedelta(days=7)
_NO_TEXT = Value("", output_field=models.TextField())


class AlertRevisionQuerySet(models.QuerySet["AlertRevision"]):
    def in_force(self) -> "AlertRevisionQuerySet":
        """Return revisions in force, newest first: the only source of what pages show as live."""
        return self.current().filter(_is_in_force())

    def ended(self) -> "AlertRevisionQuerySet":
        """Return the last revision of each warning that is over, newest first."""
        return self.current().filter(Q(msg_type=MsgType.CANCEL) | Q(expires__lte=timezone.now()))

    def in_frames(self) -> "AlertRevisionQuerySet":
        """Return revisions in force and those that were withdrawn of late, newest first."""
        since = timezone.now() - TOLD_OF_WITHDRAWAL
        withdrawn = Q(content__message__ending=CancelReason.ERROR, sent__gt=since)
        return self.current().filter(_is_in_force() | withdrawn)

    def current(self) -> "AlertRevisionQuerySet":
        """Return the highest version in effect of each warning, in force or over, newest first.

        One issued in between, a Cancel above all, overtakes one that still waits.
        """
        now = timezone.now()
        newer = _select_others(version__gt=OuterRef("version"), effective__lte=now)
        rows = self.filter(_is_no_unread_cancel(), ~Exists(newer), effective__lte=now)
        return rows.order_by("-effective", "-identifier")

    def effective_ever(self) -> "AlertRevisionQuerySet":
        """Return all that ever took effect: not what waits or was replaced or cancelled before its time."""
        overtaking = _select_others(
            version__gt=OuterRef("version"),
            sent__lt=OuterRef("effective"),
            effective__lte=OuterRef("effective"),
        )
        return self.filter(
            _is_no_unread_cancel(), ~Exists(overtaking), effective__lte=timezone.now()
        )


def _is_in_force() -> Q:
    unexpired = Q(expires__isnull=True) | Q(expires__gt=timezone.now())
    return unexpired & ~Q(msg_type=MsgType.CANCEL)


def _is_no_unread_cancel() -> Q:
    """Return the condition that the row is no Cancel of what never began."""
    begun = _select_others(version__lt=OuterRef("version"), effective__lte=OuterRef("effective"))
    return ~Q(msg_type=MsgType.CANCEL) | Q(Exists(begun))


def _select_others(**which: object) -> "AlertRevisionQuerySet":
    return AlertRevision.objects.filter(alert=OuterRef("alert"), **which)


class AlertRevision(models.Model):
    """An issued message. A trigger refuses UPDATE and DELETE (migration 0002). `content` holds all
    that a renderer needs, `content_hash` its SHA-256 as canonical JSON, `references` CAP's
    "sender,identifier,sent", spaces between.
    """

    alert = models.ForeignKey(
        Alert, models.PROTECT, related_name="revisions", verbose_name="cảnh báo"
    )
    version = models.PositiveSmallIntegerField("bản")
    msg_type = models.CharField("loại", max_length=8, choices=MsgType.choices)
    identifier = models.CharField(
        "mã cảnh báo", max_length=40, unique=True, validators=[RegexValidator(r"^[A-Z0-9-]+$")]
    )
    sent = models.DateTimeField("phát lúc")
    effective = models.DateTimeField("có hiệu lực từ")
    expires = models.DateTimeField("còn hiệu lực đến", null=True)
    references = models.TextField("nối tiếp các bản", blank=True)
    content = models.JSONField("nội dung")
    content_hash = models.CharField("mã băm", max_length=64)
    author = key_of(User, "người soạn")
    issued_by = key_of(User, "người phát")

    objects = AlertRevisionQuerySet.as_manager()

    class Meta:
        verbose_name = "bản đã phát"
        verbose_name_plural = "các bản đã phát"
        ordering = ["-sent", "-version"]
        indexes = [
            models.Index(fields=["-effective", "-identifier"], name="alertrevision_by_effect")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(effective=F("sent"))
                | (Q(effective__gt=F("sent")) & ~Q(msg_type=MsgType.CANCEL)),
                name="alertrevision_starts_in_time",
            ),
            models.UniqueConstraint(fields=["alert", "version"], name="alertrevision_version_once"),
            models.CheckConstraint(
                condition=~Q(author=F("issued_by")), name="alertrevision_four_eyes"
            ),
            models.CheckConstraint(
                condition=Q(version=1, msg_type="Alert")
                | Q(version__gt=1, msg_type__in=("Update", "Cancel")),
                name="alertrevision_first_is_alert",
            ),
            models.CheckConstraint(
                condition=Q(version=1, references="") | (Q(version__gt=1) & ~Q(references="")),
                name="alertrevision_refers_back",
            ),
            models.CheckConstraint(
                condition=Q(content_hash__regex="^[0-9a-f]{64}$"), name="alertrevision_content_hash"
            ),
            models.CheckConstraint(
                condition=Q(expires__isnull=True) | Q(expires__gt=F("effective")),
                name="alertrevision_expires_after_effective",
            ),
            models.CheckConstraint(
                condition=Q(
                    Exact(Coalesce(KT("content__message__identifier"), _NO_TEXT), F("identifier")),
                    Exact(Coalesce(KT("content__message__msg_type"), _NO_TEXT), F("msg_type")),
                ),
                name="alertrevision_content_identity",
            ),
        ]

    def __str__(self) -> str:
        return self.identifier

    def state(self, now: datetime) -> State:
        if self.msg_type == MsgType.CANCEL:
            return State.CANCELLED
        if self.expires is not None and self.expires <= now:
            return State.EXPIRED
        return State.SCHEDULED if self.effective > now else State.IN_FORCE

    @cached_property
    def frozen_content(self) -> Content:
        return Content.from_json(self.content)

    @cached_property
    def sounds(self) -> dict[str, bytes]:
        """Return the recordings that it names, by digest."""
        files = (each.sound for each in self.frozen_content.translations)
        rows = Sound.objects.filter(pk__in=[file.sha256 for file in files if file])
        return {row.sha256: bytes(row.data) for row in rows}

    @property
    def ending_sentence(self) -> str:
        """Return the fixed sentence of a Cancel, "" of another message."""
        ending = self.frozen_content.message.ending
        return str(CancelReason(ending).label) if ending else ""


class PublicKey(models.Model):
    class Kind(models.TextChoices):
        TEXT = "text", "Ed25519, nội dung"
        CAP = "cap", "ECDSA P-256, bản CAP"

    name = models.CharField("tên khóa", max_length=16, primary_key=True)
    kind = models.CharField("loại", max_length=8, choices=Kind.choices)
    pem = models.TextField("khóa công khai")
    since = models.DateTimeField("dùng từ", db_default=Now())

    class Meta:
        verbose_name = verbose_name_plural = "khóa công khai"
        ordering = ["-since", "name"]

    def __str__(self) -> str:
        return self.name


class RevisionSignature(models.Model):
    """The two signatures of a revision. Frozen (migration 0002)."""

    revision = models.OneToOneField(
        AlertRevision, models.PROTECT, primary_key=True, related_name="signature"
    )
    content_key = models.ForeignKey(PublicKey, models.PROTECT, related_name="+")
    text_signature = models.CharField(max_length=88)
    cap_key = models.ForeignKey(PublicKey, models.PROTECT, related_name="+")
    cap_message = models.TextField("bản CAP đã ký")

    class Meta:
        verbose_name = verbose_name_plural = "chữ ký"
