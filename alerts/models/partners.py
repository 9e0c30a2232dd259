"""Partner agencies, subscribers, deliveries of warnings, and what agencies confirmed."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from alerts.models.revisions import AlertRevision
from core.models import PartnerChannel, choice_of, texts_of


class PartnerAgency(models.Model):
    """An agency that spreads our warnings; its addresses are encrypted. `secret_sealed` signs webhook
    requests and is displayed once; `stopped_channels` failed too often in a row.
    """

    class Kind(models.TextChoices):
        DEPARTMENT = "department", "Sở, ban, ngành"
        COMMITTEE = "committee", "Ủy ban nhân dân"
        POLICE = "police", "Công an"
        SCHOOL = "school", "Trường học"
        PRESS = "press", "Báo, đài"
        COMPANY = "company", "Ngân hàng, doanh nghiệp"
        OTHER = "other", "Nơi khác"

    name = models.CharField("tên cơ quan", max_length=160, unique=True)
    kind = models.CharField("loại", max_length=12, choices=Kind.choices)
    origins = texts_of("địa chỉ trang gắn khung", 200, blank=True)
    contact_sealed = models.BinaryField(null=True, editable=False)
    webhook_sealed = models.BinaryField(null=True, editable=False)
    mail_sealed = models.BinaryField(null=True, editable=False)
    secret_sealed = models.BinaryField(null=True, editable=False)
    is_active = models.BooleanField("đang nhận cảnh báo", default=True)
    disabled_reason = models.CharField("lý do ngừng", max_length=200, blank=True)
    stopped_channels = ArrayField(
        models.CharField(max_length=8, choices=PartnerChannel.choices),
        verbose_name="kênh tự ngừng",
        default=list,
        editable=False,
    )
    created_at = models.DateTimeField("ghi lúc", db_default=Now(), editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "cơ quan nhận cảnh báo"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def has_channel(self, channel: str) -> bool:
        sealed = self.webhook_sealed if channel == PartnerChannel.WEBHOOK else self.mail_sealed
        return self.is_active and sealed is not None and channel not in self.stopped_channels


class Subscriber(models.Model):
    """An encrypted address and which warnings it is for; an empty list stands for all of a kind.

    `address_index` is a keyed hash for look-up; `filters` were requested and not confirmed yet;
    `opt_in_requests` counts the opt-in mails since the last confirmation.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    address_sealed = models.BinaryField()
    address_index = models.BinaryField(unique=True)
    communes = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    scenarios = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    offices = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    filters = models.JSONField(default=dict)
    opt_in_requests = models.PositiveSmallIntegerField(db_default=0)
    opt_in_requested_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "người đăng ký nhận tin"
        indexes = [
            models.Index(
                fields=["opt_in_requested_at"],
                condition=Q(confirmed_at=None),
                name="subscriber_unconfirmed",
            )
        ]


class Delivery(models.Model):
    """One revision for one agency or one subscriber by one channel, not tried before
    `next_attempt_at`, which moves on when the row is enqueued and after a failure.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Đang gửi"
        DONE = "done", "Đã nhận"
        FAILED = "failed", "Không gửi được"
        DROPPED = "dropped", "Thôi gửi"

    revision = models.ForeignKey(AlertRevision, models.PROTECT, related_name="deliveries")
    partner = models.ForeignKey(
        PartnerAgency, models.PROTECT, null=True, related_name="deliveries", verbose_name="cơ quan"
    )
    subscriber = models.ForeignKey(Subscriber, models.CASCADE, null=True, related_name="deliveries")
    channel = models.CharField("kênh", max_length=8, choices=PartnerChannel.choices)
    state = choice_of("tình trạng", State, 8, db_default=State.WAITING)
    attempts = models.PositiveSmallIntegerField("số lần thử", db_default=0)
    next_attempt_at = models.DateTimeField("lần thử tới", db_default=Now())
    ended_at = models.DateTimeField("xong lúc", null=True)
    created_at = models.DateTimeField("ghi lúc", db_default=Now())

    class Meta:
        verbose_name = verbose_name_plural = "lượt gửi cảnh báo"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "partner", "channel"], name="delivery_once_a_partner"
            ),
            models.UniqueConstraint(
                fields=["revision", "subscriber"], name="delivery_once_a_subscriber"
            ),
            models.CheckConstraint(
                condition=Q(partner__isnull=False, subscriber__isnull=True)
                | Q(partner__isnull=True, subscriber__isnull=False, channel="mail"),
                name="delivery_to_one",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(state="waiting"), name="delivery_waiting"
            ),
            models.Index(fields=["partner", "channel", "-ended_at"], name="delivery_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.revision_id} {self.channel} {self.pk}"


class DeliveryAttempt(models.Model):
    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="attempt_log")
    attempted_at = models.DateTimeField("lúc", db_default=Now())
    outcome = models.CharField("kết quả", max_length=32)
    status = models.PositiveSmallIntegerField("mã trả lời", null=True)

    class Meta:
        verbose_name = "lần thử"
        verbose_name_plural = "các lần thử"
        ordering = ["-id"]


class PartnerReceipt(models.Model):
    partner = models.ForeignKey(PartnerAgency, models.PROTECT, related_name="receipts")
    revision = models.ForeignKey(AlertRevision, models.PROTECT, related_name="receipts")
    confirmed_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "revision"], name="partnerreceipt_once")
        ]
