"""Reports of one campaign as one row of the queue, and what never folds away."""

import pytest

from desk.pages import lists
from reports.models import Case
from tests.support.campaign_factories import add_to_campaign, campaign
from tests.support.desk_pages import QUEUE, list_reports, statements, tree, words
from tests.support.officers import Person
from tests.support.report_factories import add_facts, report

pytestmark = pytest.mark.django_db


def test_a_campaign_is_one_row_at_the_place_of_its_most_urgent(duty: Person) -> None:
    group = campaign("Đ-26-KKT", reports=3)
    urgent, alone = report("gấp"), report("riêng")
    add_facts(urgent, priority=50)
    add_facts(alone, priority=30)
    for each in group.links.all():
        add_facts(each.report, priority=20)
    add_to_campaign(urgent, group)
    assert list_reports(duty.client) == [urgent, alone]
    page = duty.client.get(QUEUE)
    (link,) = tree(page).xpath("//a[contains(., '4 tin giống')]")
    assert "Đ-26-KKT 4 tin giống" in words(page)
    assert page.context["cl"].result_count == 5
    opened = list_reports(duty.client, link.get("href"))
    assert (len(opened), opened[0]) == (4, urgent)
    assert len(list_reports(duty.client, gop="0")) == 5
    assert "Hiện từng tin" in words(page)


def test_who_must_be_called_and_another_status_keep_their_rows(duty: Person) -> None:
    group = campaign("Đ-26-KKT", reports=4)
    pressed = report("Họ đang giữ máy.", happening_now=True)
    add_to_campaign(pressed, group)
    waiting = group.links.exclude(report=pressed).first()
    assert waiting
    Case.objects.filter(pk=waiting.pk).update(status="waiting")
    rows = list_reports(duty.client)
    assert {pressed, waiting.report} < set(rows)
    assert len(rows) == 3
    assert "3 tin giống" in words(duty.client.get(QUEUE))


def test_folded_rows_fill_the_page_and_cost_one_statement(
    duty: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in ("Đ-26-AAA", "Đ-26-BBB"):
        campaign(code, reports=30)
    for n in range(49):
        report(f"riêng {n}")
    assert len(list_reports(duty.client)) == 50
    assert len(list_reports(duty.client, p="2")) == 1
    every = statements(duty.client, QUEUE)
    assert len(every) <= 12
    folding = [sql for sql in every if sql.startswith('SELECT "reports_campaignlink"."report_id"')]
    assert len(folding) == 1
    assert "GROUP BY" not in folding[0]
    monkeypatch.setattr(lists, "MAX_PAGED_ROWS", 70)
    assert duty.client.get(QUEUE).context["cl"].result_count == 70


def test_all_that_match_are_those_beneath_a_row_too(duty: Person) -> None:
    campaign("Đ-26-KKT", reports=3)
    data = {"action": "junk_many", "_selected_action": str(list_reports(duty.client)[0].pk)}
    page = duty.client.post(QUEUE, data | {"select_across": "1"}, follow=True)
    assert "Đánh dấu tin rác 3 tin" in words(page)
