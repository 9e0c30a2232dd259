"""Who can block a number, an account or a link, what was asked of them, and each letter about it."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from core.models import PartnerChannel, choice_of, key_of, texts_of
from reports.models.cases import NumberedDocument
from reports.models.numbers import NumberFinding


class BlockingPartner(models.Model):
    """A carrier, bank or registrar, as two officers wrote it down. `owns`: its names in the numbering plan,
    names of banks, or endings of hosts. `secret_sealed` signs what is posted to it. One process sends to
    it at a time, which has claimed it until `claimed_until`; one that was not reached stays claimed.
    """

    class Kind(models.TextChoices):
        CARRIER = "carrier", "Nhà mạng"
        BANK = "bank", "Ngân hàng, ví"
        REGISTRAR = "registrar", "Nơi giữ tên miền, trang web"

    kind = choice_of("loại", Kind, 12)
    name = models.CharField("tên", max_length=80, unique=True)
    owns = texts_of("giữ những gì", 64)
    channel = choice_of("gửi qua", PartnerChannel, 8)
    address = models.CharField("địa chỉ webhook, hoặc thư điện tử", max_length=500)
    contact = models.CharField("ai trực, số điện thoại", max_length=200)
    secret_sealed = models.BinaryField(null=True, editable=False)
    is_active = models.BooleanField("đang dùng", default=True)
    claimed_until = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "nơi chặn số, tài khoản, link"
        default_permissions = ("add", "change", "view")
        ordering = ["kind", "name"]

    def __str__(self) -> str:
        return self.name


class BlockRequestQuerySet(models.QuerySet["BlockRequest"]):
    def open(self) -> "BlockRequestQuerySet":
        return self.exclude(state=BlockRequest.State.ENDED)


class BlockRequest(models.Model):
    """A confirmed finding that one partner is asked to block until a time; reports/blocking/ writes it.

    `reported_at`: the first report that named it then. `answered_at`: the last answer, blocked or refused.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", "Đang gửi"
        SENT = "sent", "Đã gửi, chưa xác nhận đã nhận"
        RECEIVED = "received", "Đã nhận, chưa trả lời"
        BLOCKED = "blocked", "Đã chặn"
        REFUSED = "refused", "Từ chối"
        ENDED = "ended", "Thôi chặn"

    class Ending(models.TextChoices):
        LAPSED = "lapsed", "Hết hạn, không ai giữ tiếp"
        REVIEWED = "reviewed", "Hai người xem lại, thôi chặn"
        WITHDRAWN = "withdrawn", "Ghi nhận đã gỡ"

    finding = models.ForeignKey(NumberFinding, models.PROTECT, related_name="block_requests")
    partner = models.ForeignKey(
        BlockingPartner, models.PROTECT, related_name="requests", verbose_name="nơi chặn"
    )
    state = choice_of("tình trạng", State, 12, db_default=State.REQUESTED)
    proposed_by = key_of(User, "người đề nghị")
    confirmed_by = key_of(User, "người xác nhận")
    reported_at = models.DateTimeField("tin đầu tiên lúc", null=True)
    requested_at = models.DateTimeField("đề nghị lúc", db_default=Now())
    received_at = models.DateTimeField("nhận lúc", null=True)
    answered_at = models.DateTimeField("trả lời lúc", null=True)
    refusal = models.CharField("lý do từ chối", max_length=500, blank=True, db_default="")
    blocked_at = models.DateTimeField("chặn lúc", null=True)
    blocked_until = models.DateTimeField("chặn đến")
    ending = choice_of("vì sao thôi chặn", Ending, 12, blank=True, db_default="")
    ended_at = models.DateTimeField("thôi chặn lúc", null=True)

    objects = BlockRequestQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "đề nghị chặn"
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["finding", "partner"],
                condition=~Q(state="ended"),
                name="blockrequest_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(confirmed_by=F("proposed_by")), name="blockrequest_four_eyes"
            ),
            models.CheckConstraint(
                condition=Q(state="ended", ended_at__isnull=False) & ~Q(ending="")
                | ~Q(state="ended") & Q(ended_at=None, ending=""),
                name="blockrequest_ended_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="blocked") | Q(blocked_at__isnull=False),
                name="blockrequest_blocked_since",
            ),
            models.CheckConstraint(
                condition=~Q(state="refused") | ~Q(refusal=""), name="blockrequest_refused_why"
            ),
        ]
        indexes = [
            models.Index(
                fields=["blocked_until"], condition=~Q(state="ended"), name="blockrequest_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.finding} – {self.partner}"


class BlockLetterQuerySet(models.QuerySet["BlockLetter"]):
    def waiting(self) -> "BlockLetterQuerySet":
        """Return the letters that are to be sent, or sent again."""
        return self.filter(next_attempt_at__isnull=False)

    def unreceived(self, now: datetime) -> "BlockLetterQuerySet":
        """Return the letters whose receipt was due by then and has not come."""
        return self.filter(received_at=None, dropped_at=None, receive_by__lte=now)

    def to_call(self, now: datetime) -> "BlockLetterQuerySet":
        """Return those of them that the machine sends no more: somebody rings the partner."""
        return self.unreceived(now).filter(next_attempt_at=None)


class BlockLetter(NumberedDocument):
    """A numbered letter to the partner of a request. `next_attempt_at`: empty when there is nothing to
    send; `dropped_at`: a later letter made it void.
    """

    class Kind(models.TextChoices):
        BLOCK = "block", "Đề nghị chặn"
        EXTENSION = "extension", "Đề nghị giữ chặn tiếp"
        RELEASE = "release", "Đề nghị thôi chặn"

    request = models.ForeignKey(BlockRequest, models.PROTECT, related_name="letters")
    kind = choice_of("về việc", Kind, 12)
    until = models.DateTimeField("chặn đến", null=True)
    receive_by = models.DateTimeField("xác nhận trước")
    next_attempt_at = models.DateTimeField("gửi lúc", null=True, db_default=Now())
    attempts = models.PositiveSmallIntegerField("số lần thử", db_default=0)
    outcome = models.CharField("lần thử cuối", max_length=32, blank=True, db_default="")
    status = models.PositiveSmallIntegerField("mã trả lời", null=True)
    sent_at = models.DateTimeField("gửi được lúc", null=True)
    reminded_at = models.DateTimeField("nhắc lúc", null=True)
    received_at = models.DateTimeField("xác nhận lúc", null=True)
    dropped_at = models.DateTimeField("thôi gửi lúc", null=True)

    objects = BlockLetterQuerySet.as_manager()

    class Meta(NumberedDocument.Meta):
        verbose_name = verbose_name_plural = "công văn đề nghị chặn"
        default_permissions = ()
        constraints = [
            *NumberedDocument.Meta.constraints,
            models.CheckConstraint(
                condition=Q(kind="release", until=None)
                | ~Q(kind="release") & Q(until__isnull=False),
                name="blockletter_until",
            ),
            models.CheckConstraint(
                condition=Q(dropped_at=None) & Q(received_at=None) | Q(next_attempt_at=None),
                name="blockletter_over",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(next_attempt_at__isnull=False),
                name="blockletter_waiting",
            ),
            models.Index(
                fields=["receive_by"],
                condition=Q(received_at=None, dropped_at=None),
                name="blockletter_unreceived",
            ),
        ]
