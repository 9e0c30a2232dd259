"""What the police say: a warning as it is written, and as it was issued."""

import re
import uuid
from datetime import datetime
from enum import StrEnum

from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, F, Max, Min, OuterRef, Q, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Now
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.functional import cached_property

from alerts.content import Content
from reports.models import Campaign, Commune, Office

SMS_LONGEST = 160  # characters of one part in the GSM alphabet
SMS_MARKED_LONGEST = 70  # the same with marks (UCS-2)
LOUDSPEAKER_LONGEST = 190  # syllables that are read slowly in some 70 seconds
_NO_TEXT = Value("", output_field=models.TextField())
_GSM_ASCII = re.compile(r"[A-Za-z0-9 @$!\"#%&'()*+,\-./:;<=>?]*")


def validate_single_sms(text: str) -> None:
    """One part of plain signs: it reaches every phone and costs one message."""
    if len(text) > SMS_LONGEST:
        raise ValidationError(
            f"Tin này dài {len(text)} ký tự, một tin nhắn chứa {SMS_LONGEST}. Viết ngắn lại."
        )
    if not _GSM_ASCII.fullmatch(text):
        raise ValidationError(
            "Tin nhắn chỉ dùng chữ không dấu, chữ số và dấu câu thường, viết trên một dòng."
        )


class Urgency(models.TextChoices):
    """CAP 1.2 `urgency`, in the standard's own words."""

    IMMEDIATE = "Immediate", "Ngay lúc này"
    EXPECTED = "Expected", "Sắp tới"
    FUTURE = "Future", "Về sau"
    PAST = "Past", "Đã qua"
    UNKNOWN = "Unknown", "Chưa rõ"


class Severity(models.TextChoices):
    """CAP 1.2 `severity`."""

    EXTREME = "Extreme", "Cực kỳ nghiêm trọng"
    SEVERE = "Severe", "Nghiêm trọng"
    MODERATE = "Moderate", "Vừa"
    MINOR = "Minor", "Nhẹ"
    UNKNOWN = "Unknown", "Chưa rõ"


class Certainty(models.TextChoices):
    """CAP 1.2 `certainty`."""

    OBSERVED = "Observed", "Đã xác minh"
    LIKELY = "Likely", "Nhiều khả năng"
    POSSIBLE = "Possible", "Có thể"
    UNLIKELY = "Unlikely", "Ít khả năng"
    UNKNOWN = "Unknown", "Chưa rõ"


class ResponseType(models.TextChoices):
    """CAP 1.2 `responseType`."""

    SHELTER = "Shelter", "Ở yên tại chỗ"
    EVACUATE = "Evacuate", "Rời đi"
    PREPARE = "Prepare", "Chuẩn bị"
    EXECUTE = "Execute", "Làm theo kế hoạch"
    AVOID = "Avoid", "Tránh"
    MONITOR = "Monitor", "Theo dõi"
    ASSESS = "Assess", "Tự đánh giá"
    ALL_CLEAR = "AllClear", "Đã hết"
    NONE = "None", "Không cần làm gì"


def default_response_types() -> list[str]:
    """What every warning of a trick asks for."""
    return [ResponseType.AVOID]


class MsgType(models.TextChoices):
    """CAP 1.2 `msgType`, those that we send."""

    ALERT = "Alert", "Phát"
    UPDATE = "Update", "Cập nhật"
    CANCEL = "Cancel", "Hủy"


class CancelReason(models.TextChoices):
    """Why a warning was cancelled: residents read different words."""

    OVER = "over", "Hết hiệu lực"
    ERROR = "error", "Rút lại vì có chỗ chưa đúng"


class State(StrEnum):
    """Where a revision stands at one moment."""

    SCHEDULED = "scheduled"
    IN_FORCE = "in_force"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Alert(models.Model):
    """A warning as it is being written. What the public reads are its frozen revisions: `current`
    is the latest word given, which may wait for its hour (AlertRevision.objects.published).

    `author` is whoever changed or submitted the text last, and may not issue it. `year` and
    `number` make the identifier and are given at the first issue.
    """

    class Stage(models.TextChoices):
        DRAFT = "draft", "Đang soạn"
        REVIEW = "review", "Chờ duyệt"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField("tên trong địa chỉ", max_length=80, unique=True)
    stage = models.CharField(
        "khâu", max_length=8, choices=Stage.choices, default=Stage.DRAFT, editable=False
    )

    title = models.CharField("tiêu đề", max_length=140)
    short_title = models.CharField("tiêu đề ngắn, cho khung", max_length=40)
    summary = models.TextField("tóm tắt", max_length=400)
    advice = models.TextField(
        "làm gì khi gặp", help_text="Mỗi dòng một việc. Câu đầu là việc phải làm."
    )
    sms = models.CharField("tin nhắn của Công an", max_length=200, validators=[validate_single_sms])
    sms_share = models.CharField(
        "tin để người dân nhắn nhau", max_length=200, validators=[validate_single_sms]
    )
    sms_marked = models.CharField(
        "tin nhắn có dấu",
        max_length=SMS_MARKED_LONGEST,
        blank=True,
        db_default="",
        help_text="Tối đa 70 ký tự: vừa một tin nhắn có dấu.",
    )
    loudspeaker = models.TextField("bài đọc loa xã", blank=True, help_text="Khoảng 60 giây.")

    title_en = models.CharField("tiêu đề tiếng Anh", max_length=140, blank=True, db_default="")
    summary_en = models.TextField("tóm tắt tiếng Anh", max_length=400, blank=True, db_default="")
    advice_en = models.TextField(
        "làm gì khi gặp, tiếng Anh", blank=True, db_default="", help_text="Mỗi dòng một việc."
    )

    document_number = models.CharField("số văn bản", max_length=40, blank=True)
    document_date = models.DateField("ngày văn bản", null=True, blank=True)
    document_office = models.CharField("cơ quan phát", max_length=120, blank=True)
    document_subject = models.CharField("về việc", max_length=200, blank=True)
    document_recipients = models.TextField("nơi nhận", blank=True, help_text="Mỗi dòng một nơi.")
    document_note = models.TextField("ghi chú về văn bản", blank=True)

    audience = models.CharField("gửi đến ai", max_length=200, blank=True)
    communes = models.ManyToManyField(
        Commune,
        blank=True,
        verbose_name="xã, phường",
        help_text="Để trống: cả tỉnh.",
        related_name="+",
    )
    offices = models.ManyToManyField(
        Office, blank=True, verbose_name="cơ quan bị giả danh", related_name="+"
    )
    scenario = models.CharField("kiểu lừa (mã)", max_length=32, blank=True)
    urgency = models.CharField(
        "mức gấp", max_length=16, choices=Urgency.choices, default=Urgency.EXPECTED
    )
    severity = models.CharField(
        "mức nặng", max_length=16, choices=Severity.choices, default=Severity.MODERATE
    )
    certainty = models.CharField(
        "mức chắc chắn", max_length=16, choices=Certainty.choices, default=Certainty.OBSERVED
    )
    response_type = ArrayField(
        models.CharField(max_length=16, choices=ResponseType.choices),
        verbose_name="người dân cần",
        default=default_response_types,
    )
    effective = models.DateTimeField(
        "có hiệu lực từ",
        null=True,
        blank=True,
        help_text="Để trống: từ lúc phát. Hẹn giờ thì bản đang đăng giữ nguyên đến giờ đó.",
    )
    expires = models.DateTimeField(
        "còn hiệu lực đến", null=True, blank=True, help_text="Để trống: đến khi có thông báo mới."
    )
    reviewed_on = models.DateField("rà soát ngày", null=True, blank=True)

    campaign = models.ForeignKey(
        Campaign,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="alerts",
        verbose_name="đợt lừa đảo",
    )
    grounds = models.TextField("căn cứ nội bộ", blank=True, help_text="Không đăng.")
    author = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="alerts",
        verbose_name="người soạn",
    )
    changed_at = models.DateTimeField("sửa lúc", auto_now=True)

    year = models.PositiveSmallIntegerField(null=True, editable=False)
    number = models.PositiveSmallIntegerField(null=True, editable=False)
    current = models.OneToOneField(
        "AlertRevision",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name="bản mới nhất",
    )

    class Meta:
        verbose_name = "cảnh báo"
        verbose_name_plural = "cảnh báo"
        ordering = ["-changed_at"]
        permissions = [("issue_alert", "Phát, cập nhật, hủy cảnh báo")]
        constraints = [
            models.UniqueConstraint(fields=["year", "number"], name="alert_numbered_once"),
            models.CheckConstraint(
                condition=Q(year__isnull=True, number__isnull=True, current__isnull=True)
                | Q(year__isnull=False, number__isnull=False, current__isnull=False),
                name="alert_numbered_when_issued",
            ),
            models.CheckConstraint(
                condition=Q(effective__isnull=True)
                | Q(expires__isnull=True)
                | Q(expires__gt=F("effective")),
                name="alert_expires_after_effective",
            ),
            models.CheckConstraint(
                condition=Q(title_en="", summary_en="", advice_en="")
                | ~Q(title_en="") & ~Q(summary_en="") & ~Q(advice_en=""),
                name="alert_english_whole",
                violation_error_message="Bản tiếng Anh cần đủ tiêu đề, tóm tắt và việc phải làm.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class AlertStep(models.Model):
    """One step of how the trick runs."""

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField("thứ tự")
    title = models.CharField("họ làm gì", max_length=80)
    text = models.CharField("kể thêm", max_length=300)
    quote = models.CharField(
        "ví dụ lời họ nói", max_length=160, blank=True, help_text="Không cần dấu ngoặc kép."
    )

    class Meta:
        verbose_name = "bước"
        verbose_name_plural = "họ lừa thế nào"
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.title


class AlertRevisionQuerySet(models.QuerySet["AlertRevision"]):
    def in_force(self) -> "AlertRevisionQuerySet":
        """Words in force, newest first: the only door to what is said as live."""
        now = timezone.now()
        in_force = Q(expires__isnull=True) | Q(expires__gt=now)
        return self._standing(now).filter(in_force).exclude(msg_type=MsgType.CANCEL)

    def ended(self) -> "AlertRevisionQuerySet":
        """The last word of warnings that were in force and are no more; they stay readable."""
        now = timezone.now()
        return self._standing(now).filter(Q(msg_type=MsgType.CANCEL) | Q(expires__lte=now))

    def current(self) -> "AlertRevisionQuerySet":
        """The word of each warning that counts at present, in force or over, newest first."""
        return self._standing(timezone.now())

    def effective_ever(self) -> "AlertRevisionQuerySet":
        """All that ever took effect, for programs and readers refer to old words too."""
        return self._said(timezone.now())

    def change_boundaries(self) -> tuple[datetime | None, datetime | None]:
        """The last moment at which a word began or ended, and the next; in one statement."""
        now = timezone.now()
        found = self.aggregate(
            began=Max("effective", filter=Q(effective__lte=now)),
            ended=Max("expires", filter=Q(expires__lte=now)),
            begins=Min("effective", filter=Q(effective__gt=now)),
            ends=Min("expires", filter=Q(expires__gt=now)),
        )
        last = filter(None, (found["began"], found["ended"]))
        following = filter(None, (found["begins"], found["ends"]))
        return max(last, default=None), min(following, default=None)

    def _standing(self, now: datetime) -> "AlertRevisionQuerySet":
        """Of what has taken effect, the highest version: a later word counts from its hour on, and
        whatever is said in between, a Cancel above all, goes before one that still waits.
        """
        newer = _others(version__gt=OuterRef("version"), effective__lte=now)
        last = self.filter(_no_empty_end(), ~Exists(newer), effective__lte=now)
        return last.order_by("-effective", "-identifier")

    def _said(self, now: datetime) -> "AlertRevisionQuerySet":
        """Nothing that waits, that was replaced before its hour, or that ended what never began."""
        overtaking = _others(
            version__gt=OuterRef("version"),
            sent__lt=OuterRef("effective"),
            effective__lte=OuterRef("effective"),
        )
        return self.filter(_no_empty_end(), ~Exists(overtaking), effective__lte=now)


def _no_empty_end() -> Q:
    """No Cancel of what never began: nobody has read its words."""
    begun = _others(version__lt=OuterRef("version"), effective__lte=OuterRef("effective"))
    return ~Q(msg_type=MsgType.CANCEL) | Q(Exists(begun))


def _others(**which: object) -> "AlertRevisionQuerySet":
    """Other words about the warning of the row outside."""
    return AlertRevision.objects.filter(alert=OuterRef("alert"), **which)


class AlertRevision(models.Model):
    """What was said, word for word, with the time and the name it was said under.

    Frozen and append-only: a trigger refuses UPDATE and DELETE (migration 0002). `content`
    holds all that a renderer needs, `content_hash` its SHA-256 as canonical JSON
    (content.canonical). `references` is CAP's: "sender,identifier,sent", spaces between.
    """

    alert = models.ForeignKey(
        Alert, models.PROTECT, related_name="revisions", verbose_name="cảnh báo"
    )
    version = models.PositiveSmallIntegerField("bản")
    msg_type = models.CharField("loại", max_length=8, choices=MsgType.choices)
    identifier = models.CharField(
        "mã cảnh báo",
        max_length=40,
        unique=True,
        validators=[RegexValidator(r"^[A-Z0-9-]+$")],
    )
    sent = models.DateTimeField("phát lúc")
    effective = models.DateTimeField("có hiệu lực từ")
    expires = models.DateTimeField("còn hiệu lực đến", null=True)
    references = models.TextField("nối tiếp các bản", blank=True)
    content = models.JSONField("nội dung")
    content_hash = models.CharField("mã băm", max_length=64)
    author = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="người soạn")
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name="người phát")

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
                condition=Q(content_hash__regex="^[0-9a-f]{64}$"),
                name="alertrevision_content_hash",
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
        """Where this message stands at `now`, taken alone."""
        if self.msg_type == MsgType.CANCEL:
            return State.CANCELLED
        if self.expires is not None and self.expires <= now:
            return State.EXPIRED
        return State.SCHEDULED if self.effective > now else State.IN_FORCE

    @cached_property
    def frozen_content(self) -> Content:
        """The frozen content as typed values."""
        return Content.from_json(self.content)


class PublicKey(models.Model):
    """The public half of a key that has signed warnings, kept when the key is changed."""

    class Kind(models.TextChoices):
        TEXT = "text", "Ed25519, nội dung"
        CAP = "cap", "ECDSA P-256, bản CAP"

    name = models.CharField("tên khóa", max_length=16, primary_key=True)
    kind = models.CharField("loại", max_length=8, choices=Kind.choices)
    pem = models.TextField("khóa công khai")
    since = models.DateTimeField("dùng từ", db_default=Now())

    class Meta:
        verbose_name = "khóa công khai"
        verbose_name_plural = "khóa công khai"
        ordering = ["-since", "name"]

    def __str__(self) -> str:
        return self.name


class RevisionSignature(models.Model):
    """The two signatures of a revision, made when it was issued. Frozen (migration 0004)."""

    revision = models.OneToOneField(
        AlertRevision, models.PROTECT, primary_key=True, related_name="seal"
    )
    content_key = models.ForeignKey(PublicKey, models.PROTECT, related_name="+")
    text_signature = models.CharField(max_length=88)
    cap_key = models.ForeignKey(PublicKey, models.PROTECT, related_name="+")
    cap_message = models.TextField("bản CAP đã ký")

    class Meta:
        verbose_name = "chữ ký"
        verbose_name_plural = "chữ ký"

    def __str__(self) -> str:
        return f"seal of {self.revision_id}"
