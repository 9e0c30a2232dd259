"""Reports for tests: taken in as a resident's are, and read as triage would."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from django.utils.text import slugify

from core.audit import events
from core.errors import StaleVersionError
from core.models import OutboxItem
from core.outbox import queue
from core.text import normalize
from reports.cases import corrections, workflow
from reports.models import (
    Case,
    ExtractedFacts,
    Indicator,
    PublicStatement,
    Report,
    Unit,
    UnitMember,
)
from reports.reference import confirmed_statements
from reports.submission import flood_detection, intake
from reports.submission.sources import WEB, IntakeSource
from reports.tracking import followups
from reports.tracking.followups import FollowupSubmission
from reports.triage import fact_storage, report_triage
from reports.triage.fact_storage import ReportReading
from tests.support.officers import Person, create_officer

# How the desk leaves a report that counts nowhere.
SET_ASIDE = pytest.mark.parametrize(
    "decided",
    [
        {"status": "junk"},
        {"status": "withdrawn"},
        {"status": "closed", "outcome": "duplicate"},
        {"status": "closed", "outcome": "not_scam"},
    ],
    ids=["junk", "withdrawn", "duplicate", "no scam"],
)
# Why an officer looks at what is sealed.
BECAUSE = {"why": "Gọi lại người báo"}
# What an officer says with each verb.
WORDS: dict[str, dict[str, Any]] = {
    "contact": {"contact": "reached"},
    "take": {},
    "assign": {},
    "give_back": {"reason": "Nhận nhầm"},
    "assign_unit": {"unit": "Công an xã Yên Định"},
    "recall": {"reason": "gửi nhầm nơi"},
    "note": {"reason": "đã gọi lại"},
    "ask": {"reason": "Số tài khoản nhận là gì?"},
    "message": {"reason": "Cảm ơn, đã nhận."},
    "resume": {},
    "act": {"reason": "có dấu hiệu, gửi Cơ quan điều tra"},
    "extend": {"reason": "vụ việc phức tạp"},
    "hand_over": {"reason": "đúng địa bàn", "unit": "Công an xã Yên Định"},
    "receive": {},
    "receive_on_paper": {"receiver": "trực ban xã", "received_on": f"{timezone.localdate()}"},
    "answer": {"result": "helped", "reason": "đã gặp người báo"},
    "decline": {"reason": "không đúng địa bàn"},
    "take_back": {"reason": "chuyển nhầm"},
    "close": {"reason": "trùng", "outcome": "duplicate"},
    "junk": {"reason": "quảng cáo"},
    "withdraw": {"reason": "người báo đề nghị"},
    "second": {},
    "reopen": {"reason": "có tin mới"},
}


def report(
    story: str = "Có người gọi xưng công an.", source: IntakeSource = WEB, **typed: Any
) -> Report:
    """A report that is in the database; its case stands open."""
    key = f"key-{Report.objects.count():012}"
    return intake.submit_report(intake.ReportSubmission(story=story, **typed), key, source).report


def case(story: str = "Có người gọi xưng công an.", **typed: Any) -> Case:
    return Case.objects.get(report=report(story, **typed))


def add_facts(subject: Report, **facts: Any) -> ExtractedFacts:
    """Facts of a report, as a triage that we need not run would write them."""
    values = {"scenario": "police_case", "priority": 50, "rules_version": "test"} | facts
    return ExtractedFacts.objects.create(report=subject, **values)


def number(subject: Report, key: str, **fields: Any) -> Indicator:
    """A caller's number in its canonical form."""
    values = {"kind": "number", "source": "caller", "raw": key, "number_kind": "mobile"} | fields
    return Indicator.objects.create(report=subject, key=key, **values)


def triaged(story: str, **typed: Any) -> Report:
    """A report that the machine has read."""
    subject = report(story, **typed)
    read_all(subject)
    return subject


def read_all(subject: Report) -> None:
    """Have the machine read a report with all that was said later."""
    report_triage.write_and_link([report_triage.extract(*load_reading(subject))])


def load_reading(subject: Report) -> ReportReading:
    """What triage reads of a report with the lease of its item."""
    item = queue.enqueue(intake.TRIAGE_TASK, subject.pk)
    ((_, row),) = queue._acquire([item.pk], fact_storage.READ)
    item.delete()
    return fact_storage.parse_row(row)


def process_triage(subject: Report) -> ExtractedFacts:
    """Return the facts once the triage that is owed has been processed."""
    owed = OutboxItem.objects.filter(key=str(subject.pk), done_at=None).order_by("id")
    report_triage.process_items([item.pk for item in owed])
    return ExtractedFacts.objects.get(report=subject)


def add_followup(subject: Report, **fields: Any) -> None:
    """Submit a follow-up of a report, each under a key of its own."""
    key = f"key-of-a-page-{subject.followups.count()}"
    followups.submit_followup(subject, FollowupSubmission(**fields), key)


def unit(name: str = "Công an xã Yên Định", **fields: Any) -> Unit:
    """A unit that takes reports over."""
    values = {
        "codename": slugify(normalize(name)),
        "name_normalized": normalize(name),
        "kind": "province",
    } | fields
    return Unit.objects.get_or_create(name=name, defaults=values)[0]


def create_unit_officer(unit: Unit, name: str = "xa", role: str = "unit") -> User:
    user = create_officer(name, role)
    UnitMember.objects.create(user=user, unit=unit)
    return User.objects.get(pk=user.pk)


def assign_to_unit(unit: Unit, lead: Person, story: str = "Họ xưng công an.") -> Case:
    return decide("assign_unit", case(story), lead, unit=unit.name)


def decide(verb: str, subject: Report | Case, by: Person | User, **words: Any) -> Case:
    """Decide on a case as it stands now; what the verb asks for and is not given is said for it."""
    said = WORDS[verb] | words
    if "unit" in said:
        unit()
    user = by.user if isinstance(by, Person) else by
    if verb == "assign":
        said = {"officer": user} | said
    if verb == "hand_over":
        said = {"uncalled_reason": "đang bận gọi"} | said
    if verb == "withdraw":
        add_followup(Report.objects.get(pk=subject.pk), kind="withdrawal")
    version = Case.objects.get(pk=subject.pk).version
    return workflow.decide(verb, subject.pk, **({"by": user, "version": version} | said))


def correct(subject: Report | Case, by: Person | User, fact: str, value: Any) -> Case:
    """Put one fact of a report right as its case stands now."""
    user = by.user if isinstance(by, Person) else by
    version = Case.objects.get(pk=subject.pk).version
    right = [corrections.CorrectedValue(fact, value)]
    judgement = corrections.Judgement(corrected=right, reason="Đã gọi.")
    return corrections.judge_facts(subject.pk, by=user, version=version, judgement=judgement)


def try_to(verb: str, subject: Case, by: User) -> str:
    """Decide as who looks at that state of the case; return whether it is done or somebody was quicker."""
    try:
        workflow.decide(verb, subject.pk, **({"by": by, "version": subject.version} | WORDS[verb]))
    except StaleVersionError:
        return "told"
    return "done"


def erase(subject: Report) -> Report:
    """The report without its personal data, as an erasure on record leaves it."""
    events.log_event("report", subject.pk, "erased")
    sealed = dict.fromkeys(("story_sealed", "contact_sealed", "phrase_sealed", "contact_index"))
    texts = dict.fromkeys(("story", "claimed_name", "commune_raw"), "")
    Report.objects.filter(pk=subject.pk).update(erased_at=timezone.now(), **sealed, **texts)
    return Report.objects.get(pk=subject.pk)


def confirm_statement(codename: str, **fields: Any) -> PublicStatement:
    """A sentence that officers have confirmed for the public pages."""
    public = {"is_public": True} | fields
    statement, _ = PublicStatement.objects.update_or_create(codename=codename, defaults=public)
    confirmed_statements.clear_cache()
    return statement


def count_pending() -> bool:
    """Count as the relay does before it hands anything over, and return whether others wait."""

    def query(statement: str, values: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    return flood_detection.process_pending(query)


STORY = "Họ xưng công an, bảo chuyển tiền."
