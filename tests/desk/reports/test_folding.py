"""Reports of one campaign as one row of the queue, and what never folds away."""

import pytest

from reports.models import Case
from tests.support.campaign_factories import add_to_campaign, campaign
from tests.support.desk_pages import QUEUE, list_reports, statements, tree, words
from tests.support.officers import Person
from tests.support.report_factories import add_facts, report

pytestmark = pytest.mark.django_db


def test_a_campaign_is_one_row_at_the_place_of_its_most_urgent(duty: Person) -> None:
    group = campaign("Đ-26-KKT", reports=3)
    urgent, alone = report("gấp"), report("riêng")
    for each, priority in ((urgent, 50), (alone, 30), *((x.report, 20) for x in group.links.all())):
        add_facts(each, priority=priority)
    add_to_campaign(urgent, group)
    assert list_reports(duty.client) == [urgent, alone]
    page = duty.client.get(QUEUE)
    (link,) = tree(page).xpath("//a[contains(., '4 tin giống')]/@href")
    assert "Đ-26-KKT 4 tin giống" in words(page)
    assert page.context["cl"].result_count == 5
    boxes = tree(page).xpath("//input[@name='_selected_action']/@value")
    assert boxes == [str(alone.pk)]  # ticked, a folded row would act on one of its four
    opened = list_reports(duty.client, link)
    assert (len(opened), opened[0]) == (4, urgent)
    assert len(list_reports(duty.client, gop="0")) == 5
    data = {"action": "junk_many", "_selected_action": str(urgent.pk), "select_across": "1"}
    assert "Đánh dấu tin rác 5 tin" in words(duty.client.post(QUEUE, data, follow=True))


def test_who_must_be_called_and_another_status_keep_their_rows(duty: Person) -> None:
    group = campaign("Đ-26-KKT", reports=4)
    waiting, pressed = group.links.all()[0].report, report("Họ giữ máy.", happening_now=True)
    add_to_campaign(pressed, group)
    Case.objects.filter(report=waiting).update(status="waiting")
    rows = list_reports(duty.client)
    assert {pressed, waiting} < set(rows)
    assert len(rows) == 3
    assert "3 tin giống" in words(duty.client.get(QUEUE))


def test_folded_rows_fill_the_page_and_cost_one_statement(duty: Person) -> None:
    for code in ("Đ-26-AAA", "Đ-26-BBB"):
        campaign(code, reports=20)
    for n in range(49):
        report(f"riêng {n}")
    assert [len(list_reports(duty.client, p=page)) for page in "12"] == [50, 1]
    every = statements(duty.client, QUEUE)
    assert len(every) <= 12
    assert len([sql for sql in every if '"gist"' in sql]) == 1  # the rows, the heaviest
    (folding,) = (sql for sql in every if sql.startswith('SELECT "reports_campaignlink"."report'))
    assert "GROUP BY" not in folding


def test_a_page_that_there_is_not_leads_back_to_the_list(duty: Person) -> None:
    report("riêng")
    assert duty.client.get(QUEUE, {"p": "7"}, follow=True).status_code == 200
