"""Cases, officers' corrections, numbered documents, and canned replies."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KT
from django.db.models.functions import Now
from django.utils import timezone

from core.database import lock_until_commit
from core.models import choice_of, key_of, optional_key_of, texts_of
from reports.models.reference import MAX_NAME_LENGTH, Unit, UnitMember
from reports.models.report import Report

WARN_BEFORE = timedelta(hours=2)


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> "CaseQuerySet":
        return self.filter(status__in=Case.OPEN)

    def unrouted(self) -> "CaseQuerySet":
        """Return the new cases that no person has assigned and no rule was matched with."""
        return self.filter(status=Case.Status.NEW, officer=None, assigned_unit=None, routed_at=None)

    def unseconded(self) -> "CaseQuerySet":
        """Return the junk and withdrawn reports that stay until a second officer agrees."""
        # Asked row by row: the planner expects many, and would join them with all reports.
        report = Report.objects.filter(pk=models.OuterRef("report_id"))
        kept = self.alias(erased_at=models.Subquery(report.values("erased_at")))
        kept = kept.filter(seconded_by=None, erased_at=None)
        return kept.filter(status__in=(Case.Status.JUNK, Case.Status.WITHDRAWN))


class Case(models.Model):
    """The work on a report, opened by a trigger; cases/ workflow, corrections, checklists alone write.

    `due_at`: the next deadline; empty where none runs, or those of a new report are not started
    yet. `version` counts decisions: a stale one raises an error.
    """

    class Status(models.TextChoices):
        NEW = "new", "Mới"
        IN_REVIEW = "in_review", "Đang xác minh"
        WAITING = "waiting", "Chờ người báo"
        CRIME_REPORT = "crime_report", "Tin báo về tội phạm"
        HANDED_OVER = "handed_over", "Đã chuyển đơn vị"
        CLOSED = "closed", "Kết thúc xử lý"
        JUNK = "junk", "Tin rác"
        WITHDRAWN = "withdrawn", "Người báo rút"

    class Outcome(models.TextChoices):
        WARNED = "warned", "Đã góp vào cảnh báo"
        SCAM = "scam", "Là lừa đảo, không còn gì phải làm"
        DUPLICATE = "duplicate", "Tin trùng"
        INSUFFICIENT = "insufficient", "Chưa đủ để làm tiếp"
        NOT_SCAM = "not_scam", "Không phải lừa đảo"

    class Contact(models.TextChoices):
        REACHED = "reached", "Gặp người báo"
        FAMILY = "family", "Người nhà đã tới"
        POLICE = "police", "Đã báo công an xã, phường"
        BANK = "bank", "Đã báo ngân hàng"
        NO_ANSWER = "no_answer", "Không nghe máy"
        WRONG_NUMBER = "wrong_number", "Số sai"

    OPEN = (Status.NEW, Status.IN_REVIEW, Status.WAITING)
    NOT_REACHED = (Contact.NO_ANSWER, Contact.WRONG_NUMBER)

    report = models.OneToOneField(Report, models.PROTECT, primary_key=True)
    status = choice_of("trạng thái", Status, 16, db_default=Status.NEW)
    outcome = choice_of("kết quả", Outcome, 16, blank=True, db_default="")
    officer = optional_key_of(User, "cán bộ", blank=True, related_name="cases")
    # The unit that works on it or took it over, as named then; `assigned_unit`, if it is one of the
    # table, whose officers may see the report.
    unit_name = models.CharField("đơn vị nhận", max_length=120, blank=True, db_default="")
    assigned_unit = optional_key_of(
        Unit, "đơn vị", blank=True, db_index=False, related_name="cases"
    )  # most cases have none: see case_assigned_unit
    due_at = models.DateTimeField("hạn", null=True, blank=True)
    # Officers' corrections in force, by fact (cases/corrections.py).
    corrections_json = models.JSONField("cán bộ sửa", default=dict, db_default={}, blank=True)
    # When the routing rules were matched, and the minimum priority by the matching rule.
    routed_at = models.DateTimeField("đã xét quy tắc lúc", null=True, blank=True)
    min_priority = models.PositiveSmallIntegerField("ưu tiên ít nhất", null=True, blank=True)
    # Who agreed that it is junk or withdrawn, after the officer who ended it: only then it expires.
    seconded_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    # Who passed it to its officer, until that one opens it.
    passed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    # The done lines of the checklist (cases/checklists.py): {line: "who, when"}.
    checks_json = models.JSONField("việc đã làm", default=dict, db_default={}, blank=True)
    version = models.PositiveIntegerField(db_default=1)
    changed_at = models.DateTimeField(db_default=Now())

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "xử lý"
        permissions = [
            ("decide_case", "nhận xử lý, ghi chú, hỏi thêm người báo"),
            ("assign_case", "phân công cán bộ xử lý"),
            ("classify_case", "phân loại là tin báo về tội phạm"),
            ("hand_over_case", "chuyển đơn vị"),
            ("close_case", "kết thúc xử lý"),
            ("reopen_case", "mở lại tin đã kết thúc"),
            ("extend_case", "gia hạn xác minh tin báo"),
            ("see_every_unit", "xem tin của mọi đơn vị"),
            ("export_queue", "xuất danh sách tin"),
            ("export_case", "xuất hồ sơ một tin"),
            ("export_personal", "xuất kèm dữ liệu cá nhân"),
            ("reveal_contact", "xem số, câu hẹn, bản gốc lời kể (ghi nhật ký)"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="closed") & ~models.Q(outcome="")
                | ~models.Q(status="closed") & models.Q(outcome=""),
                name="case_closed_has_outcome",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="handed_over") | ~models.Q(unit_name=""),
                name="case_handed_over_has_unit",
            ),
        ]
        indexes = [
            models.Index(
                KT("corrections_json__scenario"),
                condition=models.Q(corrections_json__has_key="scenario"),
                name="case_corrected_scenario",
            ),
            models.Index(
                KT("corrections_json__commune"),
                condition=models.Q(corrections_json__has_key="commune"),
                name="case_corrected_commune",
            ),
            models.Index(
                fields=["status", "officer"],
                condition=models.Q(status__in=("new", "in_review", "waiting")),
                name="case_open",
            ),
            # Partial: new reports have none, so intake does not write to it.
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="case_due"
            ),
            models.Index(
                fields=["assigned_unit"],
                condition=models.Q(assigned_unit__isnull=False),
                name="case_assigned_unit",
            ),
            models.Index(
                fields=["changed_at"],
                condition=models.Q(status__in=("junk", "withdrawn"), seconded_by=None),
                name="case_unseconded",
            ),
        ]


class Correction(models.Model):
    """What an officer says of a fact; append-only (trigger), the newest of a fact counts.
    `value` as in cases/corrections.py. With `is_confirmation` it is what the machine read, and rules
    nothing: the machine may read on. A row with `is_active` false takes back what was said.
    """

    class Fact(models.TextChoices):
        PRIORITY = "priority", "ưu tiên"
        SCENARIO = "scenario", "kiểu lừa"
        ACTIONS = "actions", "họ đòi"
        MONEY = "money_lost_vnd", "thiệt hại"
        ONGOING = "ongoing", "đang bị ép"
        OFFICES = "offices", "họ xưng"
        COMMUNE = "commune", "nơi ở"
        NAMED = "named", "số, tài khoản, đường dẫn, tên"

    id = models.BigAutoField(primary_key=True)
    report = models.ForeignKey(Report, models.PROTECT, related_name="corrections")
    fact = models.CharField(max_length=16, choices=Fact.choices)
    is_active = models.BooleanField(default=True)
    is_confirmation = models.BooleanField(default=False)
    value = models.JSONField(null=True)
    reason = models.TextField("lý do", blank=True)
    actor = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = verbose_name_plural = "chỗ cán bộ sửa"
        constraints = [
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(is_confirmation=True) | ~Q(reason=""),
                name="correction_has_reason",
            )
        ]


class NumberedDocument(models.Model):
    """A document about a report, numbered within its year."""

    year = models.PositiveSmallIntegerField("năm")
    number = models.PositiveIntegerField("số")
    actor = key_of(User, "người lập")
    created_at = models.DateTimeField("lúc", db_default=Now())

    class Meta:
        abstract = True
        ordering = ["-year", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["year", "number"], name="%(class)s_number_of_year")
        ]

    def __str__(self) -> str:
        return f"{self.number}/{self.year}"

    @classmethod
    def next_number(cls) -> dict[str, int]:
        """Return the next number of the year; others wait until COMMIT, so there is no gap."""
        year, rows = timezone.localtime().year, cls._default_manager
        lock_until_commit(f"{cls.__name__} {year}")
        last = rows.filter(year=year).aggregate(last=models.Max("number"))["last"] or 0
        return {"year": year, "number": last + 1}


class TransferSlipQuerySet(models.QuerySet["TransferSlip"]):
    def under_way(self) -> "TransferSlipQuerySet":
        return self.filter(ended_at=None)

    def unreceived(self) -> "TransferSlipQuerySet":
        return self.unanswered().filter(received_at=None)

    def unanswered(self) -> "TransferSlipQuerySet":
        return self.under_way().filter(answered_at=None, report__erased_at=None)

    def with_accounts(self) -> "TransferSlipQuerySet":
        """Annotate whether somebody of the unit can log in."""
        members = UnitMember.objects.filter(user__is_active=True)
        at_unit = members.filter(unit=models.OuterRef("report__case__assigned_unit"))
        return self.annotate(has_accounts=models.Exists(at_unit))


class TransferSlip(NumberedDocument):
    """A hand-over with its phiếu chuyển tin: the unit receives and answers it, or it ends before
    that. Each step is added once, nothing else changes (trigger); cases/handovers.py alone writes.
    """

    class Outcome(models.TextChoices):
        HELPED = "helped", "Đã gặp người báo, đã ngăn chặn"
        ACCEPTED = "accepted", "Đã thụ lý, tiếp tục xác minh"
        FORWARDED = "forwarded", "Đã chuyển Cơ quan điều tra"
        NO_GROUNDS = "no_grounds", "Chưa đủ căn cứ xử lý"
        UNREACHED = "unreached", "Không liên hệ được người báo"

    class Ending(models.TextChoices):
        DECLINE = "decline", "Đơn vị không nhận"
        TAKE_BACK = "take_back", "Lấy lại trước khi đơn vị nhận"
        REOPEN = "reopen", "Mở lại tin"

    report = models.ForeignKey(Report, models.PROTECT, related_name="slips")
    unit = models.CharField("nơi nhận", max_length=MAX_NAME_LENGTH)
    reason = models.TextField("lý do chuyển")
    is_urgent = models.BooleanField("khẩn", db_default=False)
    uncalled_reason = models.TextField("vì sao chưa gọi người báo", blank=True, db_default="")
    status_before = choice_of("trạng thái trước khi chuyển", Case.Status, 16)
    unit_before = optional_key_of(Unit, "đơn vị trước khi chuyển", db_index=False)
    receive_by = models.DateTimeField("xác nhận trước")
    answer_by = models.DateTimeField("trả lời trước")
    # Confirmed by the unit itself, or on paper: then who received it, and on which day.
    received_at = models.DateTimeField("xác nhận lúc", null=True)
    received_by = optional_key_of(User, "người xác nhận")
    receiver = models.CharField("người nhận bản giấy", max_length=120, blank=True, db_default="")
    received_on = models.DateField("ngày nhận bản giấy", null=True)
    outcome = choice_of("đơn vị trả lời", Outcome, 16, blank=True, db_default="")
    answer = models.TextField("lời trả lời", blank=True, db_default="")
    answered_at = models.DateTimeField("trả lời lúc", null=True)
    answered_by = optional_key_of(User, "người trả lời")
    ending = choice_of("kết thúc vì", Ending, 16, blank=True, db_default="")
    end_reason = models.TextField("lý do kết thúc", blank=True, db_default="")
    ended_at = models.DateTimeField("kết thúc lúc", null=True)
    ended_by = optional_key_of(User, "người kết thúc")

    objects = TransferSlipQuerySet.as_manager()

    class Meta(NumberedDocument.Meta):
        verbose_name = verbose_name_plural = "phiếu chuyển tin"
        constraints = [
            *NumberedDocument.Meta.constraints,
            models.UniqueConstraint(
                fields=["report"], condition=Q(ended_at=None), name="transferslip_one_under_way"
            ),
            models.CheckConstraint(
                condition=Q(received_at=None, received_by=None, received_on=None)
                | Q(received_at__isnull=False, received_by__isnull=False),
                name="transferslip_received_whole",
            ),
            models.CheckConstraint(
                condition=Q(outcome="", answered_at=None, answered_by=None)
                | ~Q(outcome="")
                & Q(received_at__isnull=False, answered_at__isnull=False)
                & Q(answered_by__isnull=False),
                name="transferslip_answered_whole",
            ),
            models.CheckConstraint(
                condition=Q(ending="", ended_at=None, ended_by=None)
                | ~Q(ending="") & Q(ended_at__isnull=False, ended_by__isnull=False),
                name="transferslip_ended_whole",
            ),
            models.CheckConstraint(
                condition=~Q(ending="take_back") | Q(received_at=None),
                name="transferslip_taken_back_unreceived",
            ),
        ]
        indexes = [
            models.Index(
                fields=["answer_by"],
                condition=Q(answered_at=None, ended_at=None),
                name="transferslip_unanswered",
            )
        ]


class BankLetter(NumberedDocument):
    """A letter that asks a bank to hold money; its answer alone is added, once (trigger)."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="bank_letters")
    bank = models.CharField("ngân hàng", max_length=80)
    account = models.CharField("số tài khoản nhận tiền", max_length=40)
    holder = models.CharField("chủ tài khoản", max_length=120, blank=True)
    amount_vnd = models.PositiveBigIntegerField("số tiền (đồng)")
    transferred_when = models.CharField("chuyển lúc", max_length=80, blank=True)  # as it was told
    text = models.TextField("đề nghị")
    answer = models.TextField("ngân hàng trả lời", blank=True)
    frozen_vnd = models.PositiveBigIntegerField("đã giữ lại (đồng)", null=True)
    answered_by = optional_key_of(User, "người ghi trả lời")
    answered_at = models.DateTimeField("trả lời lúc", null=True)

    class Meta(NumberedDocument.Meta):
        verbose_name = verbose_name_plural = "công văn gửi ngân hàng"
        constraints = [
            *NumberedDocument.Meta.constraints,
            models.CheckConstraint(
                condition=Q(frozen_vnd=None, answered_by=None, answered_at=None)
                | Q(frozen_vnd__isnull=False, answered_by__isnull=False, answered_at__isnull=False),
                name="bankletter_answered_whole",
            ),
            models.CheckConstraint(
                condition=Q(amount_vnd__gt=0)
                & (Q(frozen_vnd=None) | Q(frozen_vnd__lte=models.F("amount_vnd"))),
                name="bankletter_freezes_what_was_asked",
            ),
        ]


class CannedReplyQuerySet(models.QuerySet["CannedReply"]):
    def usable(self, verb: str) -> "CannedReplyQuerySet":
        """Return the active replies for a question ("ask") or a message ("message")."""
        return self.filter(Q(use=verb) | Q(use=CannedReply.Use.BOTH), is_active=True)


class CannedReply(models.Model):
    """A question or message in both languages, with blanks; no `scenarios`: for all kinds."""

    class Use(models.TextChoices):
        ASK = "ask", "Hỏi thêm người báo"
        MESSAGE = "message", "Nhắn người báo"
        BOTH = "both", "Cả hai"

    title = models.CharField("tên câu", max_length=80, unique=True)
    text = models.TextField("câu tiếng Việt", max_length=1000)
    text_en = models.TextField("câu tiếng Anh", max_length=1000)
    use = models.CharField("dùng để", max_length=8, choices=Use.choices, default=Use.BOTH)
    scenarios = texts_of("chỉ cho kiểu lừa", 32, blank=True)
    is_active = models.BooleanField("đang dùng", default=True)
    position = models.PositiveSmallIntegerField("thứ tự", default=100)

    objects = CannedReplyQuerySet.as_manager()

    class Meta:
        verbose_name = "câu mẫu"
        verbose_name_plural = "câu mẫu nhắn người báo"
        ordering = ["position", "title"]

    def __str__(self) -> str:
        return self.title

    def in_language(self, language: str) -> str:
        return self.text_en if language == Report.Language.ENGLISH else self.text
