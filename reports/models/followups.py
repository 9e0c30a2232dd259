"""What a reporter sends later: follow-ups, messages, evidence files, an address for notices, texts by Zalo."""

import uuid
from operator import attrgetter

from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.models import choice_of, optional_key_of, texts_of
from reports.models.reference import Commune
from reports.models.report import Report


class Followup(models.Model):
    """What a reporter adds later with the receipt code; the latest that fills a field counts.

    Written once (trigger) but for a logged erasure. `callers`: {"number", "channel", "office",
    "name"} of each, strings as typed, "" for none.
    """

    class Kind(models.TextChoices):
        MORE = "more", "Kể thêm"
        ANSWER = "answer", "Trả lời câu hỏi"
        CORRECTION = "correction", "Sửa lại"
        WITHDRAWAL = "withdrawal", "Đề nghị rút tin"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(Report, models.PROTECT, related_name="followups")
    received_at = models.DateTimeField("gửi lúc", db_default=Now())
    kind = models.CharField("loại", max_length=16, choices=Kind.choices)
    submission_key = models.CharField(max_length=64)
    content_digest = models.BinaryField(max_length=32)

    story = models.TextField("lời kể thêm", blank=True)  # redacted, as Report.story
    callers = models.JSONField("những người gọi", default=list)
    accounts = ArrayField(models.TextField(), verbose_name="tài khoản nhận", default=list)
    links = ArrayField(models.TextField(), verbose_name="đường link", default=list)
    called_on = models.DateField("gọi ngày", null=True, blank=True)
    called_on_raw = models.TextField("lúc gọi, như đã ghi", blank=True)
    money_lost_raw = models.TextField("số tiền ghi lại", blank=True)
    commune = optional_key_of(Commune, "xã, phường", blank=True, db_index=False, related_name=None)
    commune_raw = models.TextField("nơi ở ghi lại", blank=True)
    flags = texts_of("dấu hiệu", 32)

    story_sealed = models.BinaryField(null=True)
    contact_sealed = models.BinaryField(null=True)
    contact_index = models.BinaryField(max_length=32, null=True)
    phrase_sealed = models.BinaryField(null=True)
    encryption_owner = property(attrgetter("report_id"))
    erased_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "lời báo thêm"
        constraints = [
            models.UniqueConstraint(
                fields=["report", "submission_key", "content_digest"], name="followup_typed_once"
            )
        ]
        indexes = [  # those that may need an answer, selected each minute
            models.Index(
                fields=["received_at"],
                condition=models.Q(kind__in=("correction", "withdrawal")),
                name="followup_asking",
            ),
            models.Index(
                fields=["contact_index"],
                condition=models.Q(contact_index__isnull=False),
                name="followup_contact",
            ),
        ]


class Message(models.Model):
    """A message between desk and reporter; `actor`: the officer, None for the reporter, whose
    `story` is read like a follow-up's. Never changed; a logged erasure empties its text (trigger).
    """

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, models.PROTECT, related_name="messages")
    sent_at = models.DateTimeField("lúc", db_default=Now())
    actor = optional_key_of(User, "ai", blank=True)
    is_question = models.BooleanField(default=False, db_default=False)  # awaits an answer
    text_sealed = models.BinaryField(null=True)
    story = models.TextField("lời trả lời", blank=True, db_default="")  # redacted, as Report.story
    encryption_owner = property(attrgetter("report_id"))
    submission_key = models.CharField(max_length=64, default=uuid.uuid4)  # sent twice, it is one
    content_digest = models.BinaryField(max_length=32)
    erased_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "tin nhắn với người báo"
        constraints = [
            models.UniqueConstraint(
                fields=["report", "submission_key", "content_digest"], name="message_sent_once"
            )
        ]


class EvidenceFile(models.Model):
    """A file as sent, encrypted on disk before its row is written; `sha256`, `size`: as sent. A
    trigger refuses UPDATE and DELETE but for a logged erasure.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.ForeignKey(Report, models.PROTECT, related_name="files")
    received_at = models.DateTimeField("gửi lúc", db_default=Now())
    media_type = models.CharField("loại", max_length=64)
    size = models.PositiveIntegerField("cỡ (byte)")
    sha256 = models.BinaryField(max_length=32)
    name_sealed = models.BinaryField(null=True)
    encryption_owner = property(attrgetter("report_id"))
    erased_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = verbose_name_plural = "tài liệu kèm theo"
        constraints = [
            models.UniqueConstraint(
                fields=["report", "sha256"],
                condition=Q(erased_at=None),
                name="evidencefile_sent_once",
            )
        ]


class FileCheck(models.Model):
    """The scan of a file, and its sanitized copy, encrypted like the original; replaceable."""

    class Copy(models.TextChoices):
        MADE = "made", "có bản đã xóa dữ liệu ẩn"
        NOT_MADE = "not_made", "không phải ảnh"
        UNREADABLE = "unreadable", "ảnh hỏng, không mở được"
        TOO_LARGE = "too_large", "ảnh có quá nhiều điểm"

    class Scan(models.TextChoices):
        NOT_SCANNED = "not_scanned", "chưa quét mã độc"
        CLEAN = "clean", "không thấy mã độc"
        INFECTED = "infected", "có mã độc"

    file = models.OneToOneField(
        EvidenceFile, models.PROTECT, primary_key=True, related_name="check_result"
    )
    checked_at = models.DateTimeField("xem lúc", db_default=Now())
    copy = models.CharField("bản xem", max_length=16, choices=Copy.choices)
    scan = models.CharField("quét mã độc", max_length=16, choices=Scan.choices)
    copy_id = models.UUIDField(null=True, editable=False)  # the name of its file on disk
    media_type = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(default=0)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = verbose_name_plural = "bản đã xóa dữ liệu ẩn"


class NoticeAddress(models.Model):
    """Where a reporter wants to be told that there is something new, or awaits an answer (reports/notices/).

    `owed_at`: since when a mail is owed, from `next_attempt_at` on, tried `attempts` times;
    `sent_at`: the last; `seen_at`: when the reporter last opened the page about the report.
    """

    class Channel(models.TextChoices):
        MAIL = "mail", "email"
        ZALO = "zalo", "Zalo"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    report = models.OneToOneField(Report, models.PROTECT, related_name="notice_address")
    channel = choice_of("qua", Channel, 8, db_default=Channel.MAIL)
    address_sealed = models.BinaryField()
    address_index = models.BinaryField(max_length=32)
    encryption_owner = property(attrgetter("report_id"))
    added_at = models.DateTimeField("ghi lúc", db_default=Now())
    owed_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(db_default=0)
    sent_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = verbose_name_plural = "email báo có lời mới"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(owed_at=None) | models.Q(next_attempt_at__isnull=False),
                name="noticeaddress_owed_whole",
            )
        ]
        indexes = [
            models.Index(fields=["address_index"], name="noticeaddress_mailbox"),
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(owed_at__isnull=False),
                name="noticeaddress_owed",
            ),
        ]


class ZaloThread(models.Model):
    """What one user writes to the Official Account without a long pause (channels/zalo_threads.py): a
    report and so many `messages`, its own text among them. Deleted after a day.

    `user_index`: a keyed hash of the user's id.
    """

    report = models.OneToOneField(Report, models.PROTECT, primary_key=True, related_name="+")
    user_index = models.BinaryField(max_length=32)
    messages = models.PositiveSmallIntegerField(db_default=1)
    last_message_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["user_index"], name="zalothread_user")]
