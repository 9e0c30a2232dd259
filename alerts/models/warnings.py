"""Warnings as officers write them; what was issued is in revisions.py."""

import re
import uuid

from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from alerts.models.cap_terms import (
    Certainty,
    ResponseType,
    Severity,
    Urgency,
    default_response_types,
)
from core.models import choice_of, optional_key_of
from reports.models import Campaign, Commune, Office

MAX_SMS_CHARS = 160  # one part in the GSM alphabet
MAX_MARKED_SMS_CHARS = 70  # the same with marks (UCS-2)
MAX_LOUDSPEAKER_SYLLABLES = 190  # read slowly in some 70 seconds
_GSM_ASCII = re.compile(r"[A-Za-z0-9 @$!\"#%&'()*+,\-./:;<=>?]*")


def validate_single_sms(text: str) -> None:
    """Raise ValidationError unless the text is one part of the GSM alphabet, which reaches every phone."""
    if len(text) > MAX_SMS_CHARS:
        raise ValidationError(
            f"Tin này dài {len(text)} ký tự, một tin nhắn chứa {MAX_SMS_CHARS}. Viết ngắn lại."
        )
    if not _GSM_ASCII.fullmatch(text):
        raise ValidationError(
            "Tin nhắn chỉ dùng chữ không dấu, chữ số và dấu câu thường, viết trên một dòng."
        )


def all_or_none(*fields: str) -> Q:
    """Return the condition that these texts are there together, or none of them is."""
    return Q(**dict.fromkeys(fields, "")) | Q(*(~Q(**{name: ""}) for name in fields))


class Alert(models.Model):
    """A warning as it is being written; the public reads its revisions, of which `current` is the
    latest issued and may wait for its time. `author` changed or submitted the text last, and may
    not issue it. `year` and `number` make the identifier, from the first issue on.
    """

    class Stage(models.TextChoices):
        DRAFT = "draft", "Đang soạn"
        REVIEW = "review", "Chờ duyệt"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField("tên trong địa chỉ", max_length=80, unique=True)
    stage = choice_of("khâu", Stage, 8, default=Stage.DRAFT, editable=False)

    title = models.CharField("tiêu đề", max_length=140)
    short_title = models.CharField("tiêu đề ngắn, cho khung", max_length=40)
    summary = models.CharField("tóm tắt", max_length=400)
    advice = models.CharField(
        "làm gì khi gặp", max_length=2000, help_text="Mỗi dòng một việc. Câu đầu là việc phải làm."
    )
    sms = models.CharField("tin nhắn của Công an", max_length=200, validators=[validate_single_sms])
    sms_share = models.CharField(
        "tin để người dân nhắn nhau", max_length=200, validators=[validate_single_sms]
    )
    sms_marked = models.CharField(
        "tin nhắn có dấu",
        max_length=MAX_MARKED_SMS_CHARS,
        blank=True,
        db_default="",
        help_text="Tối đa 70 ký tự: vừa một tin nhắn có dấu.",
    )
    loudspeaker = models.CharField(
        "bài đọc loa xã", max_length=2000, blank=True, help_text="Khoảng 60 giây."
    )

    title_en = models.CharField("tiêu đề tiếng Anh", max_length=140, blank=True, db_default="")
    summary_en = models.CharField("tóm tắt tiếng Anh", max_length=400, blank=True, db_default="")
    advice_en = models.CharField(
        "làm gì khi gặp, tiếng Anh",
        max_length=2000,
        blank=True,
        db_default="",
        help_text="Mỗi dòng một việc.",
    )

    document_number = models.CharField("số văn bản", max_length=40, blank=True)
    document_date = models.DateField("ngày văn bản", null=True, blank=True)
    document_office = models.CharField("cơ quan phát", max_length=120, blank=True)
    document_subject = models.CharField("về việc", max_length=200, blank=True)
    document_recipients = models.CharField(
        "nơi nhận", max_length=2000, blank=True, help_text="Mỗi dòng một nơi."
    )
    document_note = models.CharField("ghi chú về văn bản", max_length=400, blank=True)

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
    urgency = choice_of("mức gấp", Urgency, 16, default=Urgency.EXPECTED)
    severity = choice_of("mức nặng", Severity, 16, default=Severity.MODERATE)
    certainty = choice_of("mức chắc chắn", Certainty, 16, default=Certainty.OBSERVED)
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

    campaign = optional_key_of(Campaign, "đợt lừa đảo", blank=True, related_name="alerts")
    grounds = models.CharField(
        "căn cứ nội bộ", max_length=2000, blank=True, help_text="Không đăng."
    )
    author = optional_key_of(User, "người soạn", editable=False, related_name="alerts")
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
        verbose_name = verbose_name_plural = "cảnh báo"
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
                condition=all_or_none("title_en", "summary_en", "advice_en"),
                name="alert_english_whole",
                violation_error_message="Bản tiếng Anh cần đủ tiêu đề, tóm tắt và việc phải làm.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class AlertStep(models.Model):
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
