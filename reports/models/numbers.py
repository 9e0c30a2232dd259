"""Published numbers and their changes; officers' findings on numbers, accounts and links; disputes."""

import uuid
from datetime import date

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Cast, Concat, Least, Now
from django.utils import timezone

from core.models import choice_of, key_of, optional_key_of
from reports.models.reference import Office, Unit
from reports.models.report import new_public_number


class OfficeNumber(models.Model):
    office = models.ForeignKey(
        Office, models.CASCADE, related_name="numbers", verbose_name="cơ quan"
    )
    number = models.CharField("số, như đã công bố", max_length=40)
    key = models.CharField("dạng chuẩn", max_length=64, unique=True)
    unit = models.OneToOneField(
        Unit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="published_number",
        verbose_name="của đơn vị nhận tin",
    )
    address = models.CharField("địa chỉ của đơn vị", max_length=200, blank=True, db_default="")
    label = models.CharField("số của bộ phận nào", max_length=120, blank=True)
    label_en = models.CharField("bộ phận, tiếng Anh", max_length=120, blank=True, db_default="")
    source = models.CharField("công bố ở đâu", max_length=200)
    verified_on = models.DateField("đối chiếu ngày")

    class Meta:
        verbose_name = verbose_name_plural = "số công bố của cơ quan"
        ordering = ["office", "number"]

    def __str__(self) -> str:
        return self.number


MAX_KEY_CHARS = 255


class SubjectKind(models.TextChoices):
    """What a look-up, a finding or a dispute is about: `Indicator.Kind` without persons."""

    NUMBER = "number", "số điện thoại"
    ACCOUNT = "account", "tài khoản"
    LINK = "link", "đường link"


def hash_of_subject() -> Func:
    """Return the SHA-256 (32 bytes) of kind:key, of an account kind:bank:key; no part of it has a
    backslash, which the cast would unescape.
    """
    bank = Case(When(~Q(bank=""), then=Concat("bank", Value(":"))), default=Value(""))
    text = Concat("kind", Value(":"), bank, "key", output_field=models.TextField())
    as_bytes = Cast(text, models.BinaryField())
    return Func(as_bytes, function="sha256", output_field=models.BinaryField())


def end_of_finding() -> Least:
    """Return when a finding ends: when it is withdrawn, at the latest with its last day in Vietnam."""
    last_day_over = Func(
        "valid_until",
        template="timezone('Asia/Ho_Chi_Minh', (%(expressions)s + 1)::timestamp)",
        output_field=models.DateTimeField(),
    )
    return Least("withdrawn_at", last_day_over)


class NumberFindingQuerySet(models.QuerySet["NumberFinding"]):
    def in_effect(self, day: date) -> "NumberFindingQuerySet":
        """Return the public findings: confirmed, not withdrawn, valid on that day."""
        return self.filter(
            confirmed_at__isnull=False, withdrawn_at=None, valid_until__gte=day
        ).exclude(key="")

    def accusing(self) -> "NumberFindingQuerySet":
        """Return findings on what scammers use, except numbers of offices."""
        published = OfficeNumber.objects.values("key")
        confirmed = self.filter(finding=NumberFinding.Finding.CONFIRMED)
        return confirmed.exclude(kind=SubjectKind.NUMBER, key__in=published)


class NumberFinding(models.Model):
    """An officer's finding on a number, an account or a link, public once another has confirmed it,
    for a time. `key` as of an indicator, of a link its host; `bank`: of an account; `public_id`:
    by which readers of an outlet know it (reports/outlets/).
    """

    class Finding(models.TextChoices):
        CONFIRMED = "confirmed", "Kẻ gian đã dùng"
        CLEARED = "cleared", "Đã xem lại, gỡ khỏi danh sách"

    kind = choice_of(
        "loại", SubjectKind, 8, default=SubjectKind.NUMBER, db_default=SubjectKind.NUMBER
    )
    key = models.CharField("dạng chuẩn", max_length=MAX_KEY_CHARS)
    bank = models.CharField("ngân hàng", max_length=32, blank=True, default="", db_default="")
    number = models.CharField("số, tài khoản, đường link", max_length=MAX_KEY_CHARS)
    finding = models.CharField("kết quả", max_length=16, choices=Finding.choices)
    reason = models.TextField("căn cứ (cán bộ xem)")
    proposed_by = key_of(User, "người đề nghị")
    proposed_at = models.DateTimeField("đề nghị lúc", db_default=Now())
    confirmed_by = optional_key_of(User, "người xác nhận", blank=True)
    confirmed_at = models.DateTimeField("xác nhận lúc", null=True, blank=True)
    valid_until = models.DateField("có giá trị đến")
    withdrawn_at = models.DateTimeField("gỡ lúc", null=True, blank=True)
    withdrawn_by = optional_key_of(User, "người gỡ", blank=True)
    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)

    objects = NumberFindingQuerySet.as_manager()

    class Meta:
        verbose_name = "ghi nhận về một số, tài khoản, link"
        verbose_name_plural = "số, tài khoản, link đã xác nhận và chờ xác nhận"
        permissions = [("confirm_number", "xác nhận số, tài khoản, link do người khác đề nghị")]
        indexes = [
            # Looked up by the beginning of a hash (reports/numbers/hash_api.py).
            models.Index(
                hash_of_subject(), condition=Q(withdrawn_at=None), name="numberfinding_hash"
            ),
            # Read in the order in which they began and ended (reports/outlets/listed_findings.py); both
            # have all rows, for of a part the planner would not know how many end when.
            models.Index("confirmed_at", "id", name="numberfinding_begun"),
            models.Index(end_of_finding(), "id", name="numberfinding_ended"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key", "bank"],
                condition=Q(withdrawn_at=None),
                name="numberfinding_one_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(kind=SubjectKind.ACCOUNT) | Q(bank=""), name="numberfinding_bank"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="numberfinding_confirmed_whole",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | ~Q(confirmed_by=F("proposed_by")),
                name="numberfinding_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return self.number


def new_dispute_number() -> str:
    """Return a public number of a dispute; its prefix distinguishes it from a report's."""
    return f"XL-{new_public_number()}"


class Dispute(models.Model):
    class Status(models.TextChoices):
        OPEN = "open", "Chờ xem lại"
        UPHELD = "upheld", "Đúng, đã gỡ"
        REJECTED = "rejected", "Giữ nguyên"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    public_number = models.CharField("mã", max_length=16, unique=True, default=new_dispute_number)
    received_at = models.DateTimeField("nhận lúc", db_default=Now())
    due_at = models.DateTimeField("hạn trả lời", null=True, blank=True)
    kind = choice_of(
        "loại", SubjectKind, 8, default=SubjectKind.NUMBER, db_default=SubjectKind.NUMBER
    )
    key = models.CharField("dạng chuẩn", max_length=MAX_KEY_CHARS, blank=True)
    bank = models.CharField("ngân hàng", max_length=32, blank=True, default="", db_default="")
    number_sealed = models.BinaryField(null=True)
    # The last group of the code by which its owner sees the answer; the public number alone opens nothing.
    secret_sealed = models.BinaryField(null=True)
    reason_sealed = models.BinaryField(null=True)
    contact_sealed = models.BinaryField(null=True)
    submission_key = models.CharField(max_length=64)  # sent twice from one page, it is one dispute
    content_digest = models.BinaryField(max_length=32, db_default=b"")
    status = choice_of("trạng thái", Status, 16, db_default=Status.OPEN)
    answer = models.TextField("trả lời người đề nghị", blank=True)
    # The officer who proposes to clear it; another must confirm.
    upheld_by = optional_key_of(User, "đề nghị gỡ", blank=True)
    upheld_at = models.DateTimeField("đề nghị gỡ lúc", null=True, blank=True)
    # Answered before two officers were required; set by the migration alone.
    answered_at = models.DateTimeField("trả lời lúc", null=True, blank=True)
    answered_by = optional_key_of(User, "người trả lời", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "đề nghị xem lại"
        ordering = ["received_at"]
        # Read at every look-up.
        indexes = [models.Index(fields=["kind", "key"], name="dispute_key")]
        constraints = [
            models.UniqueConstraint(
                fields=["submission_key", "content_digest"], name="dispute_sent_once"
            ),
            models.CheckConstraint(
                condition=~Q(status="upheld")
                | Q(upheld_by__isnull=False) & ~Q(upheld_by=F("answered_by")),
                name="dispute_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return self.public_number


class OfficeQuestion(models.Model):
    """A question to an office about a number, an account or a link, in fixed words (`text`), and its one
    answer. `next_mail_at`: from when a mail is owed; `published_at`: since when pages tell the answer.
    """

    class Question(models.TextChoices):
        OWN = "own", "Có phải của cơ quan không?"
        PRACTICE = "practice", "Cơ quan có gọi người dân như thế không?"

    class Answer(models.TextChoices):
        NO = "no", "Không"
        YES = "yes", "Có"
        UNKNOWN = "unknown", "Không rõ"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    office = key_of(Office, "hỏi cơ quan nào")
    kind = choice_of("loại", SubjectKind, 8)
    key = models.CharField("dạng chuẩn", max_length=MAX_KEY_CHARS)
    bank = models.CharField("ngân hàng", max_length=32, blank=True, db_default="")
    question = choice_of("hỏi gì", Question, 8, default=Question.OWN)
    text = models.CharField("câu hỏi", max_length=400)
    asked_by = key_of(User, "người hỏi")
    asked_at = models.DateTimeField("hỏi lúc", db_default=Now())
    due_at = models.DateTimeField("hạn trả lời")
    next_mail_at = models.DateTimeField(null=True, db_default=Now())
    sent_at = models.DateTimeField("thư đã đi lúc", null=True)
    answer = choice_of("trả lời", Answer, 8, blank=True, db_default="")
    note_sealed = models.BinaryField(null=True)
    answered_at = models.DateTimeField("trả lời lúc", null=True)
    reviewed_at = models.DateTimeField("xem lúc", null=True)
    published_at = models.DateTimeField("hiện trên trang từ", null=True)
    withdrawn_at = models.DateTimeField("thôi hỏi lúc", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "câu hỏi gửi cơ quan"
        default_permissions = ("add", "change", "view")
        indexes = [models.Index(fields=["kind", "key"], name="officequestion_key")]
        constraints = [
            models.UniqueConstraint(
                fields=["office", "kind", "key", "bank", "text"],
                condition=Q(answered_at=None, withdrawn_at=None),
                name="officequestion_once",
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None)
                | ~Q(answer="") & Q(answered_at__isnull=False, withdrawn_at=None),
                name="officequestion_answered_whole",
            ),
            models.CheckConstraint(
                condition=Q(published_at=None) | Q(question="own", answer="no"),
                name="officequestion_denial_alone_is_public",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.office}: {self.key}"

    @property
    def is_open(self) -> bool:
        return self.answered_at is None and self.withdrawn_at is None

    @property
    def is_overdue(self) -> bool:
        return self.is_open and self.due_at < timezone.now()

    @property
    def answer_text(self) -> str:
        """Return the answer in the words of its button, "" before there is one."""
        return dict(self.list_answers()).get(self.answer, "")

    def list_answers(self) -> list[tuple[str, str]]:
        """Return the buttons under the question: code and words."""
        words = ("Không phải của chúng tôi", "Là của chúng tôi")
        if self.question == self.Question.PRACTICE:
            words = ("Chúng tôi không gọi như thế", "Chúng tôi có gọi như thế")
        return list(zip(self.Answer.values, (*words, "Không rõ"), strict=True))
