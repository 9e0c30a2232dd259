"""Whom the callers of a report claimed to be, and their steps, from form, story and later words."""

import json
from typing import Any

import pytest
from django.db import connection

from portal.management import reference_data
from reports.models import ExtractedFacts
from reports.reference import office_lexicon
from reports.triage import report_triage
from tests.support import campaign_factories
from tests.support.desk_pages import page_of
from tests.support.json_lines import run_json_lines
from tests.support.officers import Person
from tests.support.report_factories import add_followup, process_triage, report

pytestmark = pytest.mark.django_db

STORY = "Trưởng công an xã Hoằng Hóa gọi, dọa bắt giam, đòi chuyển tiền, cấm nói với ai."


@pytest.fixture(autouse=True)
def _offices_and_communes() -> None:
    reference_data.load_offices()
    reference_data.load_communes()
    office_lexicon.clear_cache()


def reasons_of(facts: ExtractedFacts, fact: str) -> list[dict[str, Any]]:
    return [reason for reason in facts.reasons if reason["fact"] == fact]


def test_office_commune_and_steps_become_facts_with_their_words_and_stand_on_the_page(
    duty: Person,
) -> None:
    facts = process_triage(report(STORY))
    assert (facts.offices, facts.office_communes) == (["cong-an-xa-phuong"], ["xa_hoang_hoa"])
    assert facts.stages == ["threat", "demand", "isolate"]
    for fact in ("office", "stages"):
        for reason in reasons_of(facts, fact):
            assert STORY[reason["start"] : reason["end"]] == reason["words"] != ""
    page = duty.client.get(page_of(facts.report)).content.decode()
    assert "Công an xã, phường (Xã Hoằng Hóa (Hoằng Hóa))" in page


def test_the_form_counts_and_gives_way_to_what_is_narrower() -> None:
    broad = process_triage(report("Họ đòi tiền.", claimed_office="police"))
    assert broad.offices == ["cong-an"]
    name = "đại úy, trưởng công an xã Hoằng Hóa"
    narrow = process_triage(report("Đòi tiền.", claimed_office="police", claimed_name=name))
    assert (narrow.offices, narrow.office_communes) == (["cong-an-xa-phuong"], ["xa_hoang_hoa"])


def test_what_is_told_later_adds_offices_and_steps_without_a_place() -> None:
    subject = report("Shipper gọi báo có đơn.")
    add_followup(subject, story="Nó nối máy sang viện kiểm sát, dọa bắt giam.")
    facts = process_triage(subject)
    assert facts.offices == ["giao-hang", "vien-kiem-sat"]
    assert facts.stages == ["contact", "hand-over", "threat"]
    added = [each for each in facts.reasons if "báo thêm" in each["rule"]]
    assert {each["fact"] for each in added} >= {"office", "stages"}
    assert {(each["start"], each["end"]) for each in added} == {(None, None)}


def test_read_again_they_are_replaced() -> None:
    subject = report(STORY)
    process_triage(subject)
    ExtractedFacts.objects.update(offices=["x"], office_communes=["y"], stages=["z"])
    report_triage.write_and_link([report_triage.extract(subject)])
    facts = ExtractedFacts.objects.get()
    assert facts.offices == ["cong-an-xa-phuong"]
    assert facts.office_communes == ["xa_hoang_hoa"]
    assert "z" not in facts.stages


def test_a_writer_of_before_the_columns_still_writes() -> None:
    """While a release is rolled out, workers of the one before know nothing of them."""
    subject = report(STORY)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO reports_extractedfacts (report_id, scenario, actions, ongoing, priority, reasons,"
            " search_text, rules_version) VALUES (%s, 'unclear', '{}', false, 0, '[]', '', 'old')",
            [subject.pk],
        )
    assert (ExtractedFacts.objects.get().offices, ExtractedFacts.objects.get().stages) == ([], [])


def test_an_office_of_state_in_the_story_counts_where_the_form_names_none() -> None:
    story = "Xưng công an xã mời mua bảo hiểm, bán hàng, chào hàng quảng cáo."
    facts = process_triage(report(story))
    points = [each for each in reasons_of(facts, "priority") if each["rule"] == "office of state"]
    assert [each["points"] for each in points] == [3]
    assert facts.priority == sum(each["points"] for each in reasons_of(facts, "priority"))


def test_an_ambiguous_commune_stays_several_and_the_page_says_that_it_is_not_sure(
    duty: Person,
) -> None:
    facts = process_triage(report("Công an phường Lam Sơn gọi."))
    assert len(facts.office_communes) > 1
    assert "chưa rõ: Phường" in duty.client.get(page_of(facts.report)).content.decode()


def test_the_campaign_page_counts_recognised_offices_and_steps(duty: Person) -> None:
    campaign = campaign_factories.campaign("D-1")
    for story in (STORY, STORY + " Nó gọi lại."):
        subject = report(story, claimed_office="police")
        campaign_factories.add_to_campaign(subject, campaign)
        process_triage(subject)
    campaign_factories.add_to_campaign(report("chưa đọc", claimed_office="bank"), campaign)
    page = duty.client.get(f"/admin/reports/campaign/{campaign.pk}/change/").content.decode()
    assert "Công an xã, phường" in page
    assert "Ngân hàng" in page
    assert page.index("Bước kịch bản") < page.index("Dọa") < page.index("Cô lập")


def test_the_door_gives_the_reasons_and_no_field_more() -> None:
    (answer,) = run_json_lines("read_stories", json.dumps({"id": 1, "text": STORY}))
    assert {reason["fact"] for reason in answer["reasons"]} >= {"office", "stages"}
    office = next(each for each in answer["reasons"] if each["fact"] == "office")
    assert office["rule"].startswith("cong-an-xa-phuong in xa_hoang_hoa: ")
    assert "offices" not in answer
