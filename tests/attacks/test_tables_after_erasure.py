"""Of a report that was erased no word is left in any table of any app, whoever wrote it where."""

import pytest
from django.apps import apps
from django.test import Client

from core.outbox import queue
from ops import key_rotation
from portal.personal_data import load_classifications
from reports.cases import corrections, legal_holds, workflow
from reports.cases.corrections import CorrectedValue
from reports.facts import contact_index
from reports.facts.merged_report import Caller
from reports.facts.named_things import NamedChanges, parse_typed
from reports.models import Case, Followup, Receipt, Report
from reports.retention import destruction_requests, erasure, erasure_requests
from reports.tracking import followups
from reports.tracking.followups import FollowupSubmission
from reports.triage import report_triage
from tests.support import report_factories
from tests.support.database_contents import words_in_tables
from tests.support.erasable_rows import sent
from tests.support.officers import Person
from tests.support.report_factories import load_reading
from tests.support.resident_pages import code_of, send

pytestmark = pytest.mark.django_db
MARK = "mocbia"  # each field's own mark begins so
CONTACT, LATER_CONTACT, CALLER = "0992 000 118", "0992 000 119", "0992 000 777"
FORM = (
    "story", "claimed_office", "claimed_name", "money_lost_vnd", "commune", "callback_phrase",
    "accounts", "links", "called_day", "called_time", "demands", "channel", "happening_now", "money_lost", "on_behalf", "website",
)  # fmt: skip


@pytest.fixture
def marked(client: Client, lead: Person) -> Report:
    """A report with marks in every field, and in all that was written about it since."""
    typed = {name: f"{MARK}{at} của tôi" for at, name in enumerate(FORM)}
    given = {"contact_phone": CONTACT, "contact_email": f"{MARK}@mau.example"}
    send(client, **typed, **given, caller_number=CALLER)
    assert code_of(client.get("/bao-cao/da-nhan/").content)
    report = Report.objects.get()
    triage(report)
    add_followups(report)
    decide(report, lead)
    return report


def triage(report: Report) -> None:
    report_triage.write_and_link([report_triage.extract(*load_reading(report))])


def add_followups(report: Report) -> None:
    typed = FollowupSubmission(
        story=f"{MARK} kể thêm, stk 0992 000 456", accounts=(f"{MARK} 0992000457",),
        callers=(Caller(number=CALLER, office=f"{MARK} sở", name=f"{MARK} ông"),),
        links=(f"http://{MARK}.example/",), called_on_raw=f"{MARK} hôm qua",
        money_lost_raw=f"{MARK} triệu", commune_raw=f"{MARK} xã", contact=LATER_CONTACT,
        phrase=f"{MARK} câu",
    )  # fmt: skip
    followups.submit_followup(report, typed, "key-of-a-page-1")
    followups.submit_reply(report, f"{MARK} trả lời", "key-of-a-page-2")
    erasure_requests.request_erasure(report, f"{MARK} xin xóa")
    sent(report)
    triage(report)


def decide(report: Report, lead: Person) -> None:
    """Whatever an officer may write beside it."""
    by, pk, word = lead.user, report.pk, f"{MARK} cán bộ ghi"
    added = NamedChanges(added=tuple(parse_typed("person", word))).to_json()
    right = [CorrectedValue("ongoing", True), CorrectedValue("named", added)]
    judgement = corrections.Judgement(corrected=right, reason=word)
    workflow.decide("note", pk, by=by, version=1, reason=word)
    workflow.decide("message", pk, by=by, version=2, reason=word)
    corrections.judge_facts(pk, by=by, version=3, judgement=judgement)
    said = {"unit": report_factories.unit().name, "reason": word, "uncalled_reason": word}
    workflow.decide("hand_over", pk, by=by, version=4, **said)
    workflow.decide("reopen", pk, by=by, version=5, reason=word)
    legal_holds.place_hold(pk, by=by, reason=word)
    legal_holds.lift_hold(pk, by=by, reason=word)
    followup = Followup.objects.get()
    destruction_requests.propose(pk, "followup", followup.pk, by=by, reason=word)


WORDS = (MARK, "0992 000 456", "0992000456", "0992000457", CALLER, CONTACT, LATER_CONTACT)


def test_no_word_is_left_in_any_table(marked: Report) -> None:
    assert len({table for table, _ in words_in_tables(*WORDS)}) > 8
    erasure.erase(marked.pk, cause="asked")
    assert words_in_tables(*WORDS) == set()


def test_nothing_sealed_is_left_and_no_index_of_a_contact(marked: Report) -> None:
    erasure.erase(marked.pk, cause="asked")
    models = [each for each in apps.get_app_config("reports").get_models() if not each._meta.proxy]
    left = []
    for model in models:
        columns = {field.name for field in model._meta.fields}
        is_of_report = "report" in columns or model is Report
        sealed = load_classifications()[model._meta.label].sealed.split() if is_of_report else []
        left += [
            (model.__name__, name)
            for name in columns & {*sealed, "contact_index", "address_index"}
            if model._default_manager.exclude(**{name: None}).exists()
        ]
    assert left == []


def test_sealing_anew_and_reading_anew_bring_nothing_back(marked: Report) -> None:
    erasure.erase(marked.pk, cause="asked")
    queue.enqueue("reports.triage", marked.pk)
    triage(marked)
    list(key_rotation.run(key_rotation.EncryptedTextFields(Report, contact_index.blind_index)))
    assert words_in_tables(*WORDS) == set()
    assert Receipt.objects.filter(report=marked).exists()
    assert Case.objects.filter(report=marked).exists()
