"""Evidence: the report as submitted, its receipt, and where it came from."""

import re
import secrets
import time
import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models import ApiClient, choice_of, optional_key_of, texts_of

# No vowels and no 0, 1, I, O: nothing to confuse, no words by chance. 29 is prime, so that a check
# character detects every single error (submission/receipt_codes.py).
ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXYZ"
_UTC_OFFSET_SECONDS = 7 * 3600  # of Vietnam, in every season
PUBLIC_NUMBER = re.compile(rf"[0-9]{{2}}[- ]?[{ALPHABET}]{{4}}[- ]?[{ALPHABET}]{{4}}")


def new_public_number() -> str:
    """Return a public number of a report: year and eight random characters. It gives no access."""
    year = time.gmtime(time.time() + _UTC_OFFSET_SECONDS).tm_year
    number, chars = secrets.randbelow(len(ALPHABET) ** 8), ""
    for _place in range(8):
        number, digit = divmod(number, len(ALPHABET))
        chars += ALPHABET[digit]
    return f"{year % 100:02}-{chars[:4]}-{chars[4:]}"


def is_public_number(typed: str) -> bool:
    """Return whether this is a report's number, as printed or without hyphens."""
    return bool(PUBLIC_NUMBER.fullmatch(typed.strip().upper()))


class Report(models.Model):
    """One call as its reporter told it, written once by submission/intake.py. A trigger refuses
    UPDATE and DELETE but for a logged erasure (retention/erasure.py).
    """

    class Channel(models.TextChoices):
        NUMBER = "number", _("Gọi điện, máy có hiện số")
        HIDDEN = "hidden", _("Máy không hiện số, hoặc không nhớ")
        APP = "app", _("Zalo, Facebook, ứng dụng khác")

    class Source(models.TextChoices):
        WEB = "web", "Trang web"
        PHONE = "phone", "Gọi điện đến, cán bộ nhập"
        WALK_IN = "walk_in", "Đến tận nơi, cán bộ nhập"
        LETTER = "letter", "Đơn, thư; cán bộ nhập"
        DESK = "desk", "Nguồn khác, cán bộ nhập"
        API = "api", "Phần mềm của cơ quan gửi"
        FILE = "file", "Danh sách của xã, nhập từ tệp"
        ZALO = "zalo", "Nhắn Zalo cho công an"

    class Language(models.TextChoices):
        VIETNAMESE = "vi", "tiếng Việt"
        ENGLISH = "en", "tiếng Anh"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Unique by the constraint below: `unique=True` would add an index for LIKE that nobody uses.
    public_number = models.CharField("số tin", max_length=16, default=new_public_number)
    received_at = models.DateTimeField("nhận lúc", db_default=Now())
    source = models.CharField("nguồn", max_length=8, choices=Source.choices, default=Source.WEB)
    # The program that sent it, and its own id of the report (submission/sources.py).
    api_client = optional_key_of(ApiClient, "phần mềm gửi", blank=True, db_index=False)
    external_id = models.CharField("mã ở nơi gửi", max_length=64, blank=True, db_default="")
    # Of the submitted page and of the desk's answers.
    language = choice_of("trang gửi", Language, 2, db_default=Language.VIETNAMESE)
    submission_key = models.CharField(max_length=64)
    # HMAC of all that was typed, under the key named in the receipt: the same words under one
    # submission key are one report.
    content_digest = models.BinaryField(max_length=32)

    happening_now = models.BooleanField("đang bị ép", null=True)
    channel = models.CharField("cách gọi", max_length=8, choices=Channel.choices, blank=True)
    caller_number = models.TextField("số gọi đến", blank=True)
    claimed_office = models.CharField("xưng là", max_length=64, blank=True)
    claimed_name = models.TextField("tên, chức vụ họ nêu", blank=True)
    # The working copy for triage, search and desk: numbers of identity papers and cards, and the
    # reporter's own contact, are redacted.
    story = models.TextField("lời kể", blank=True)
    demands = texts_of("họ đòi", 32)
    # Named apart from the story, as a follow-up does; `called_on_raw` as typed.
    accounts = ArrayField(
        models.TextField(), verbose_name="tài khoản nhận", default=list, db_default=[]
    )
    links = ArrayField(models.TextField(), verbose_name="đường link", default=list, db_default=[])
    called_on = models.DateField("gọi ngày", null=True, blank=True)
    called_on_raw = models.TextField("lúc gọi, như đã ghi", blank=True, db_default="")
    money_lost = models.BooleanField("đã mất tiền", null=True)
    money_lost_raw = models.TextField("số tiền ghi trên tin", blank=True)
    commune = models.ForeignKey(
        "reports.Commune",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # no page would use it
        verbose_name="xã, phường",
    )
    commune_raw = models.TextField("nơi ở ghi trên tin", blank=True)
    on_behalf = models.BooleanField("báo thay", default=False)
    # Codes by question (reports/facts/choices.py).
    answers = models.JSONField(
        "câu hỏi thêm", default=dict, db_default=models.Value({}, output_field=models.JSONField())
    )
    flags = texts_of("dấu hiệu", 32)

    # Encrypted under FIELD_ENCRYPTION_KEYS (core/encryption.py).
    story_sealed = models.BinaryField(null=True)
    contact_sealed = models.BinaryField(null=True)
    phrase_sealed = models.BinaryField(null=True)
    contact_index = models.BinaryField(max_length=32, null=True)
    erased_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = "tin", "tin báo"
        permissions = [("file_report", "nhập tin thay người gọi đến, người đến báo")]
        constraints = [
            models.UniqueConstraint(
                fields=["submission_key", "content_digest"], name="report_typed_once"
            ),
            models.UniqueConstraint(fields=["public_number"], name="report_public_number"),
        ]
        indexes = [
            models.Index(fields=["-received_at", "id"], name="report_newest"),
            models.Index(
                fields=["contact_index"],
                condition=Q(contact_index__isnull=False),
                name="report_contact",
            ),
            models.Index(
                fields=["external_id"], condition=Q(external_id__gt=""), name="report_external_id"
            ),
            models.Index(
                fields=["api_client", "-received_at"],
                condition=Q(api_client__isnull=False),
                name="report_of_program",
            ),
        ]

    def __str__(self) -> str:
        return self.public_number

    @property
    def received_local(self) -> datetime:
        return timezone.localtime(self.received_at)

    @property
    def all_flags(self) -> list[str]:
        sample = getattr(self, "flood_sample", None)
        return [*self.flags, *(sample.flags if sample else ())]


class Receipt(models.Model):
    """The hash of a report's receipt code; the code itself is stored nowhere.

    `derived_with`: the key of code and content digest; `hashed_with`: the key of `code_hash`,
    renewed at a look-up. A lost code is replaced with a one-time word until `recovery_until`
    (tracking/code_recovery.py); after `replaced_at` the derived code gives no access.
    """

    report = models.OneToOneField(Report, models.PROTECT, primary_key=True)
    derived_with = models.CharField(max_length=16)
    hashed_with = models.CharField(max_length=16)
    code_hash = models.BinaryField(max_length=32, unique=True)
    recovery_hash = models.BinaryField(max_length=32, null=True)
    recovery_until = models.DateTimeField(null=True)
    recovery_attempts = models.PositiveSmallIntegerField(db_default=0)  # wrong words so far
    replaced_at = models.DateTimeField(null=True)


class ReplacedCode(models.Model):
    """The keyed hash of a replaced code, to tell its holder when it was replaced."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="replaced_codes")
    code_hash = models.BinaryField(max_length=32, unique=True)
    replaced_at = models.DateTimeField(db_default=Now())


class FloodSample(models.Model):
    """The origin of a report, until submission/flood_detection.py has counted it.

    The row stays only with flags, without `origin_digests`: keyed digests of the sender's networks,
    narrow to wide, or of the program that sent it; empty where the address identifies nobody.
    """

    report = models.OneToOneField(
        Report,
        models.PROTECT,
        primary_key=True,
        db_constraint=False,  # one statement writes both; a check would slow each report
        related_name="flood_sample",
    )
    received_at = models.DateTimeField(db_default=Now())
    origin_digests = ArrayField(models.CharField(max_length=32), null=True)
    flags = ArrayField(models.CharField(max_length=32), db_default=[])

    class Meta:
        indexes = [
            models.Index(
                fields=["received_at"],
                condition=Q(origin_digests__isnull=False),
                name="floodsample_uncounted",
            )
        ]
