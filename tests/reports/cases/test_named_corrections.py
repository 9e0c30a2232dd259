"""Numbers, accounts, links, people and the commune that officers put right: counted and found anew."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from core.audit import events
from core.models import OutboxItem
from reports.campaigns import matching, regrouping
from reports.cases import corrections, full_text_search, legal_holds, routing
from reports.cases.corrections import CorrectedValue, Judgement
from reports.cases.workflow import UnderLegalHoldError
from reports.facts import abuse_flags, effective_facts
from reports.facts.named_things import NamedChanges, identify, parse_typed
from reports.models import Case, Commune, Correction, Report, RoutingRule
from reports.numbers import report_counts
from reports.reference import gazetteer
from reports.retention import erasure
from reports.triage import report_triage
from tests.support import report_factories
from tests.support.campaign_factories import campaign_of
from tests.support.database_contents import refused_by_database
from tests.support.officers import Person
from tests.support.report_factories import load_reading

pytestmark = pytest.mark.django_db
NUMBER, KEY = "0550 000 123", "+84550000123"


def name(report: Report, by: User, *added: tuple[str, str], off: tuple[str, ...] = ()) -> Case:
    """Add what is typed, by kind, and take off what has these keys; let triage read anew."""
    rows = [row for kind, text in added for row in parse_typed(kind, text)]
    present = list(report.indicators.all())
    gone = {identify(row) for row in present if row.key in off}
    case = Case.objects.get(report=report)
    before = NamedChanges.from_json(case.corrections_json.get("named"))
    return judge(report, by, "named", before.change(present, gone, rows).to_json())


def judge(report: Report, by: User, fact: str, value: Any) -> Case:
    case = report_factories.correct(report, User.objects.get(pk=by.pk), fact, value)
    report_factories.process_triage(report)
    return case


def keys(report: Report) -> set[str]:
    return set(report.indicators.values_list("key", flat=True))


def find(typed: str) -> list[Report]:
    terms = full_text_search.query_terms(typed)
    return list(Report.objects.filter(pk__in=full_text_search.search_reports(terms)))


def test_an_added_number_counts_and_one_taken_off_does_not(duty: Person) -> None:
    report = report_factories.triaged("Họ xưng công an.", caller_number="0550 000 124")
    name(report, duty.user, ("number", NUMBER), off=("+84550000124",))
    assert keys(report) == {KEY}
    named = report_counts._load_signal_rows
    assert (len(named(KEY)), len(named("+84550000124"))) == (1, 0)


def test_triage_running_again_overrules_nobody(duty: Person) -> None:
    report = report_factories.triaged(f"Số {NUMBER} gọi.")
    name(report, duty.user, ("account", "MB 0000123456"), off=(KEY,))
    report_factories.read_all(report)
    assert keys(report) == {"0000123456"}


def test_a_slower_worker_does_not_bring_back_what_was_taken_off(duty: Person) -> None:
    report, other = (report_factories.report(f"tin {n}", caller_number=NUMBER) for n in "ab")
    report_factories.process_triage(report)
    slow = report_triage.extract(*load_reading(report))
    name(report, duty.user, ("account", "MB 0000123456"), off=(KEY,))
    report_factories.process_triage(other)
    report_triage.write_and_link([slow])
    assert keys(report) == {"0000123456"}
    assert [find(typed) for typed in ("0550000123", "0000123456")] == [[other], [report]]
    assert campaign_of(report) is None
    report_factories.read_all(report)  # what was read of all is written
    assert keys(report) == {"0000123456"}


def test_what_was_added_is_found_by_the_search(duty: Person) -> None:
    report = report_factories.triaged("Họ xưng công an.")
    added = (("number", NUMBER), ("account", "MB 0000123456"), ("person", "đại úy Sao Mai"))
    name(report, duty.user, *added, ("link", "nop-phat[.]example"))
    assert report.indicators.count() == 4
    for typed in ("0550000123", "0000123456", "sao mai", "nop-phat.example"):
        assert find(typed) == [report], typed


def test_a_claimed_name_that_is_taken_off_is_not_found(duty: Person) -> None:
    report = report_factories.triaged("Họ xưng công an.", claimed_name="đại úy Sao Mai")
    assert find("sao mai") == [report]
    (person,) = report.indicators.filter(kind="person")
    value = NamedChanges().change([person], {identify(person)}, []).to_json()
    judge(report, duty.user, "named", value)
    assert find("sao mai") == []


def test_campaigns_follow_what_is_added_and_taken_off(duty: Person) -> None:
    one, two = (report_factories.triaged(f"tin {n}", caller_number=NUMBER) for n in "ab")
    three = report_factories.triaged("Chúng nó gọi hoài.")
    assert campaign_of(one) == campaign_of(two) is not None
    name(three, duty.user, ("number", NUMBER))
    assert campaign_of(three) == campaign_of(one)
    name(two, duty.user, off=(KEY,))
    owed = OutboxItem.objects.filter(task=matching.REGROUP_TASK, done_at=None)
    regrouping.process_items(list(owed.values_list("pk", flat=True)))
    assert campaign_of(two) is None
    assert campaign_of(three) == campaign_of(one) is not None


def test_all_of_it_is_taken_back_by_one_act(duty: Person) -> None:
    report = report_factories.triaged(f"Số {NUMBER} gọi.")
    version = name(report, duty.user, ("number", "0550 000 125"), off=(KEY,)).version
    back = Judgement(reverted=["named"])
    corrections.judge_facts(report.pk, by=duty.user, version=version, judgement=back)
    report_factories.process_triage(report)
    assert keys(report) == {KEY}
    kinds = [event.kind for event in events.events_for("report", report.pk)]
    assert kinds[:2] == ["correction_reverted", "corrected"]


def test_the_reporters_own_number_is_refused(duty: Person) -> None:
    report = report_factories.triaged("Họ xưng công an.", contact="0550 000 777")
    for kind, text in (("number", "0550000777"), ("person", "chị Tư 0550 000 777")):
        with pytest.raises(corrections.ReporterContactError) as error:
            name(report, duty.user, (kind, text))
        assert error.value.code == kind
    assert not Correction.objects.exists()


def test_a_held_report_stays_as_it_is(duty: Person, lead: Person) -> None:
    report = report_factories.triaged("Họ xưng công an.")
    legal_holds.place_hold(report.pk, by=lead.user, reason="công văn")
    with pytest.raises(UnderLegalHoldError):
        name(report, duty.user, ("number", NUMBER))


def test_an_erasure_takes_what_officers_wrote(duty: Person, lead: Person) -> None:
    report = report_factories.triaged("Họ xưng công an.")
    name(report, duty.user, ("person", "đại úy Sao Mai"), ("number", NUMBER))
    assert refused_by_database("UPDATE reports_correction SET value = NULL")
    report_factories.decide("close", report, lead)
    erasure.erase(report.pk, cause="asked")
    assert Correction.objects.get().value is None
    assert Case.objects.get(report=report).corrections_json == {}
    assert list(report.indicators.values_list("key", "raw")) == [(KEY, KEY)]
    with pytest.raises(legal_holds.ReportErasedError):
        name(report, duty.user, ("number", "0550 000 125"))


@pytest.fixture
def communes(db: None) -> None:
    for code in ("xa_mot", "xa_hai"):
        Commune.objects.create(
            codename=code, code=code, name=code, former_districts=[], former_communes=[]
        )
    gazetteer.clear_cache()


def test_the_commune_holds_in_lists_and_figures(duty: Person, communes: None) -> None:
    report = report_factories.triaged("Họ xưng công an.", commune_id="xa_mot")
    judge(report, duty.user, "commune", "xa_hai")
    for code, told in {"xa_mot": [], "xa_hai": [report], None: []}.items():
        assert list(effective_facts.of_commune(Report.objects.all(), code)) == told
    home = effective_facts.commune_expression()
    counted = abuse_flags.publicly_countable().values_list(home, flat=True)
    assert list(counted) == ["xa_hai"]
    judge(report, duty.user, "commune", None)
    assert list(effective_facts.of_commune(Report.objects.all(), None)) == [report]
    assert list(counted.all()) == [None]


@pytest.mark.parametrize("value", ["xa_ba", "", 1, []])
def test_a_commune_of_nowhere_is_no_value(duty: Person, communes: None, value: object) -> None:
    with pytest.raises(corrections.InvalidFactValueError):
        report_factories.correct(report_factories.report(), duty, "commune", value)


def test_a_report_that_only_rules_led_somewhere_is_routed_anew(
    duty: Person, communes: None
) -> None:
    near = report_factories.unit("Công an xã Một", kind="commune", commune_id="xa_mot")
    far = report_factories.unit("Công an xã Hai", kind="commune", commune_id="xa_hai")
    RoutingRule.objects.create(unit=None, is_active=True)
    report = report_factories.triaged("Họ xưng công an.", commune_id="xa_mot")
    assert routing.route_untriaged_cases() == 1
    assert Case.objects.get().assigned_unit == near
    report_factories.correct(report, duty, "commune", "xa_hai")
    assert routing.route_untriaged_cases() == 1
    assert Case.objects.get().assigned_unit == far
    report_factories.decide("recall", report, duty)
    report_factories.correct(report, duty, "commune", "xa_mot")
    assert routing.route_untriaged_cases() == 0


@pytest.mark.parametrize(("priority", "floor"), [(None, None), (60, corrections.URGENT)])
def test_routed_anew_it_loses_what_the_old_rule_said_and_keeps_what_officers_said(
    priority: int | None, floor: int | None, duty: Person, communes: None
) -> None:
    for code, least in (("xa_mot", 90), ("xa_hai", None)):
        unit = report_factories.unit(f"Công an {code}", kind="commune", commune_id=code)
        RoutingRule.objects.create(unit=unit, commune_id=code, priority=least, is_active=True)
    report = report_factories.triaged("Họ xưng công an.", commune_id="xa_mot")
    if priority:
        report_factories.correct(report, duty, "priority", priority)
    routing.route_untriaged_cases()
    assert Case.objects.get().min_priority == 90
    report_factories.correct(report, duty, "commune", "xa_hai")
    routing.route_untriaged_cases()
    case = Case.objects.get()
    assert (case.unit_name, case.min_priority) == ("Công an xa_hai", floor)


def test_a_report_too_old_for_rules_keeps_its_unit(duty: Person, communes: None) -> None:
    unit = report_factories.unit("Công an xã Một", kind="commune", commune_id="xa_mot")
    RoutingRule.objects.create(unit=None, is_active=True)
    report = report_factories.triaged("Họ xưng công an.", commune_id="xa_mot")
    routing.route_untriaged_cases()
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        report_factories.correct(report, duty, "commune", "xa_hai")
    assert Case.objects.get().assigned_unit == unit


def test_a_rule_does_not_lower_what_an_officer_called_urgent(duty: Person, communes: None) -> None:
    RoutingRule.objects.create(unit=report_factories.unit(), is_active=True, priority=60)
    report = report_factories.triaged("Họ xưng công an.")
    report_factories.correct(report, duty, "ongoing", True)
    routing.route_untriaged_cases()
    assert Case.objects.get().min_priority == corrections.URGENT


def test_values_are_kept_as_rows_beside_what_was_said(duty: Person) -> None:
    report = report_factories.triaged(f"Số {NUMBER} gọi.")
    name(report, duty.user, off=(KEY,))
    row = Correction.objects.get()
    assert CorrectedValue("named", row.value).is_valid
    (removed,) = row.value["removed"]
    assert (removed["raw"], removed["source"]) == (NUMBER, "story")
