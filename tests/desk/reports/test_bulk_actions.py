"""Many reports at once: each by itself, what is refused is told by its number, nothing acts twice."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse

from core.audit import events
from desk.reports import bulk_actions
from reports.cases import bulk, deadlines, workflow
from reports.models import Case, Report
from tests.support import report_factories
from tests.support.campaign_factories import add_to_campaign, campaign, campaign_of
from tests.support.desk_pages import QUEUE, words
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

WHY = {"reason": "Quảng cáo, không ai bị gọi."}


def made(*stories: str) -> list[Report]:
    return [report_factories.report(story) for story in stories]


def choose(person: Person, action: str, *reports: Report, **more: str) -> HttpResponse:
    data = {"action": action, "_selected_action": [str(each.pk) for each in reports], **more}
    return person.client.post(QUEUE, data, follow=True)  # type: ignore[return-value]


def rows(*reports: Report, version: int = 1) -> str:
    return " ".join(f"{each.pk}:{version}:" for each in reports)


def press(person: Person, verb: str, listed: str, key: UUID | None = None, **typed: Any) -> Any:
    data = {"rows": listed, "key": str(key or uuid4()), **typed}
    return person.client.post(f"{QUEUE}bulk/{verb}/", data, follow=True)


def statuses(*reports: Report) -> list[str]:
    return [Case.objects.get(report=each).status for each in reports]


def test_the_page_before_the_press_names_the_reports_and_does_nothing(duty: Person) -> None:
    one, two = made("a", "b")
    page = choose(duty, "junk_many", one, two)
    assert "Đánh dấu tin rác 2 tin" in words(page)
    assert one.public_number in words(page)
    assert f"{two.pk}:1:" in page.content.decode()
    assert statuses(one, two) == ["new", "new"]


def test_a_page_that_can_act_on_none_has_no_button(duty: Person) -> None:
    pressed = report_factories.report("a", happening_now=True)
    page = choose(duty, "close_many", pressed)
    assert "Không có tin nào làm được cùng một lượt. Chưa làm gì." in words(page)
    assert f"mở tin ra quyết định {pressed.public_number}" in words(page)
    assert "Kết thúc xử lý 0 tin</button>" not in page.content.decode()


def test_what_is_done_and_what_is_refused_is_told_by_number(duty: Person) -> None:
    one, stale, ended = made("a", "b", "c")
    workflow.decide("note", stale.pk, by=duty.user, version=1, reason="Đã gọi.")
    Case.objects.filter(report=ended).update(status="withdrawn")
    text = words(press(duty, "junk", rows(one, stale, ended), **WHY))
    assert "Đã làm 1 tin, không làm 2 tin." in text
    changed = "Không làm 1 tin: có người vừa xử lý tin này; xem lại rồi làm"
    assert f"{changed} {stale.public_number}" in text
    assert f"trạng thái hiện nay không làm được việc này {ended.public_number}" in text
    assert statuses(one, stale, ended) == ["junk", "new", "withdrawn"]


def test_the_same_press_twice_acts_once_and_tells_the_same(duty: Person) -> None:
    one, key = report_factories.report("a"), uuid4()
    press(duty, "junk", rows(one), key, **WHY)
    again = words(press(duty, "junk", rows(one, version=2), key, **WHY))
    assert "đã làm rồi, không làm lại" in again
    assert "Đã làm 1 tin, không làm 0 tin." in again
    assert events.events_for("report", one.pk).filter(kind="junked").count() == 1
    assert events.events_for("bulk", key).get().detail["done"] == [one.public_number]


def test_what_two_presses_at_once_did_is_told_together(duty: Person) -> None:
    key = uuid4()
    bulk.store_result(key, "junk", bulk.Result(["a"], [("b", "stale")]), duty.user)
    bulk.store_result(key, "junk", bulk.Result(["b"], [("a", "stale"), ("c", "status")]), duty.user)
    text = bulk.load_result(key, duty.user)
    assert text == ("junk", bulk.Result(["b", "a"], [("c", "status")]))


def test_without_a_reason_nothing_is_done_and_all_is_kept(duty: Person) -> None:
    one = report_factories.report("a")
    page = press(duty, "close", rows(one), outcome="duplicate", reason=" ")
    assert page.status_code == 422
    assert "Chưa ghi lý do." in words(page)
    assert f"{one.pk}:1:" in page.content.decode()
    assert statuses(one) == ["new"]


@pytest.mark.parametrize(("verb", "after"), [("close", "closed"), ("junk", "junk")])
def test_many_are_not_ended_over_the_head_of_who_is_pressed_or_uncalled(
    duty: Person, verb: str, after: str
) -> None:
    one, pressed, uncalled = (report_factories.report(n, happening_now=n == "b") for n in "abc")
    deadlines.start_call(uncalled.case)
    fields = {"outcome": "duplicate"} if verb == "close" else {}
    text = words(press(duty, verb, rows(one, pressed, uncalled), **fields, **WHY))
    assert "người báo còn đang bị ép, chưa ai gọi được" in text
    assert statuses(one, pressed, uncalled) == [after, "new", "new"]


def test_a_lead_assigns_many_to_one_officer(lead: Person, duty: Person) -> None:
    one, two = made("a", "b")
    text = words(press(lead, "assign", rows(one, two), officer=duty.user.pk))
    assert "Đã làm 2 tin" in text
    assert set(Case.objects.values_list("officer", flat=True)) == {duty.user.pk}


def test_duty_is_not_offered_what_only_a_lead_may(duty: Person) -> None:
    report_factories.report("a")
    page = duty.read_page(QUEUE)
    assert 'value="junk_many"' in page
    assert 'value="assign_many"' not in page


def test_more_than_the_most_is_refused(duty: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_actions, "MAX_COUNT", 2)
    reports = made("a", "b", "c")
    page = choose(duty, "junk_many", reports[0], select_across="1")
    assert "Mỗi lần chọn nhiều nhất" in words(page)
    assert "Mỗi lần chọn nhiều nhất" in words(press(duty, "junk", rows(*reports), **WHY))
    assert statuses(*reports) == ["new"] * 3


def test_all_that_match_are_taken_not_only_those_on_the_page(duty: Person) -> None:
    one, _, ended = made("a", "b", "c")
    Case.objects.filter(report=ended).update(status="closed", outcome="duplicate")
    page = choose(duty, "junk_many", one, select_across="1")
    assert "Đánh dấu tin rác 2 tin" in words(page)


@pytest.mark.parametrize("listed", ["", "x", "x:1:", f"{UUID(int=1)}:{'9' * 40}:", "\0"])
def test_a_list_that_names_nothing_does_nothing(duty: Person, listed: str) -> None:
    assert "Chưa chọn tin nào" in words(press(duty, "junk", listed, **WHY))


def test_a_report_that_is_not_there_is_told(duty: Person) -> None:
    strange = uuid4()
    text = words(press(duty, "junk", f"{strange}:1:", **WHY))
    assert f"hoặc bạn không được xem {strange}" in text
    assert events.events_for("report", strange).get().kind == "refused"


def test_reports_are_attached_and_those_that_moved_are_left(duty: Person) -> None:
    into, other = campaign("Đ-26-K4M"), campaign("Đ-26-K5M")
    one, moved = made("a", "b")
    add_to_campaign(moved, other)
    text = words(press(duty, "attach", rows(one, moved), code="đ-26-k4m", reason="Cùng kịch bản."))
    assert "Đã làm 1 tin, không làm 1 tin." in text
    assert f"chuyển sang đợt khác {moved.public_number}" in text
    assert (campaign_of(one), campaign_of(moved)) == (into, other)


@pytest.mark.parametrize(
    ("codes", "typed", "told"),
    [
        ([], "Đ-26-XXX", "Không có đợt mang mã “Đ-26-XXX”."),
        (["Đ-26-XK4M"], "K4M", "Không có đợt mang mã “K4M”."),
        (["Đ-25-K4M", "Đ-26-K4M"], "K4M", "Có mấy đợt mang mã “K4M”: Đ-26-K4M, Đ-25-K4M."),
    ],
    ids=["of none", "a part of one", "of two years"],
)
def test_a_code_that_names_not_one_campaign_is_told_beside_its_field(
    duty: Person, codes: list[str], typed: str, told: str
) -> None:
    for code in codes:
        campaign(code)
    page = press(duty, "attach", rows(*made("a")), code=typed, reason="Vì")
    assert page.status_code == 422
    assert told in words(page)


@pytest.mark.parametrize("typed", ["K4M", "k-4m", "26 k4m", "d 26 K4M", "Đ-26-K4M"])
def test_a_campaigns_code_is_read_however_it_is_typed(duty: Person, typed: str) -> None:
    into, one = campaign("Đ-26-K4M"), report_factories.report("a")
    press(duty, "attach", rows(one), code=typed, reason="Cùng kịch bản.")
    assert campaign_of(one) == into


def test_another_officer_does_not_read_the_result(duty: Person, lead: Person) -> None:
    key = uuid4()
    bulk.store_result(key, "junk", bulk.Result(["a"], []), duty.user)
    assert lead.client.get(f"{QUEUE}bulk/{key}/").status_code == 404


def test_what_is_not_begun_in_time_is_told(duty: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "TIMEOUT_SECONDS", -1.0)
    one = report_factories.report("a")
    assert "chọn lại và làm tiếp" in words(press(duty, "junk", rows(one), **WHY))
    assert statuses(one) == ["new"]
