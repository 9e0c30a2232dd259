"""Numbers to dial: drafts that no page shows, one press and a second officer, and taking one down."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings

from core.audit import events, proposals
from core.models import Proposal
from reports.data import loader
from reports.models import BankHotline, OfficeNumber, Unit
from reports.reference import confirmed_statements
from reports.reference.confirmed_statements import BANK_HOTLINE, OFFICE_NUMBER, TAKEN_DOWN
from tests.support.desk_pages import tree, words
from tests.support.officers import Person, confirm_open, create_officer

DRAFTS = "/admin/reports/officenumber/drafts/"
NUMBER = "1900 545 413"  # of a bank in the data file, as it publishes it
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guarded")]


def find_row(person: Person, name: str) -> Any:
    page = tree(person.client.get(DRAFTS))
    (row,) = page.xpath(f"//tr[th[starts-with(normalize-space(), '{name}')]]")
    return row


def press(person: Person, name: str) -> Any:
    (form,) = find_row(person, name).xpath(".//form")
    return person.client.post(form.action, dict(form.form_values()))


def state_of(person: Person, name: str) -> str:
    return " ".join(find_row(person, name).xpath("./td[last()]")[0].text_content().split())


def test_no_draft_is_on_any_page(client: Client) -> None:
    pages = ("/dang-bi-goi/", "/co-quan/ngan-hang/", "/co-quan/bao-hiem-xa-hoi/", "/kiem-tra/")
    data = loader.load_json("number_drafts.json")
    numbers = [row["number"] for row in (*data["banks"], *data["offices"]) if "number" in row]
    assert NUMBER in numbers
    for path in pages:
        page = words(client.get(path))
        assert [each for each in numbers if each in page and each != "115"] == []
    assert not BankHotline.objects.exists()


def test_one_press_and_a_second_officer_put_a_number_on_the_pages(
    lead: Person, client: Client
) -> None:
    assert press(lead, "Vietcombank").headers["Location"] == DRAFTS  # the next one waits there
    assert confirmed_statements.bank_hotlines() == ()
    assert state_of(lead, "Vietcombank") == "Chờ người thứ hai xác nhận"
    proposal = Proposal.objects.get()
    page = tree(lead.client.get(f"/admin/core/proposal/{proposal.pk}/change/"))
    assert page.xpath("//a[starts-with(@href, 'https://portal.vietcombank.com.vn/')]")
    confirm_open(BANK_HOTLINE)
    assert NUMBER in words(client.get("/dang-bi-goi/"))
    assert state_of(lead, "Vietcombank") == f"Đang hiện: {NUMBER}"


def test_an_office_and_a_draft_without_number_go_the_same_way(lead: Person, client: Client) -> None:
    press(lead, "Bảo hiểm xã hội")
    confirm_open(OFFICE_NUMBER)
    assert b'href="tel:19009068"' in client.get("/co-quan/bao-hiem-xa-hoi/").content
    (link,) = find_row(lead, "VietinBank").xpath(".//td[last()]/a/@href")
    (typed,) = tree(lead.client.get(link)).xpath("//input[@name='name']")
    assert typed.value == "VietinBank"
    assert not find_row(lead, "VietinBank").xpath(".//form")


def test_a_press_is_checked_as_what_is_typed(lead: Person) -> None:
    (form,) = find_row(lead, "Vietcombank").xpath(".//form")
    data = dict(form.form_values()) | {"source": "x"}
    page = lead.client.post(form.action, data)
    assert page.status_code == 200
    assert NUMBER in page.content.decode()  # nothing is lost
    assert not Proposal.objects.exists()


def test_who_may_not_propose_sees_no_button(duty: Person) -> None:
    assert state_of(duty, "Vietcombank") == "Chờ chỉ huy đối chiếu"


def test_one_officer_takes_a_number_down_at_once_and_two_publish_it_anew(
    lead: Person, duty: Person, client: Client
) -> None:
    press(lead, "Vietcombank")
    confirm_open(BANK_HOTLINE)
    row = BankHotline.objects.get()
    page = f"/admin/reports/bankhotline/{row.pk}/delete/"
    duty.client.post(page, {"post": "yes", "reason": " "})
    assert BankHotline.objects.exists()
    duty.client.post(page, {"post": "yes", "reason": "Ngân hàng đã đổi số"})
    assert NUMBER not in words(client.get("/dang-bi-goi/"))
    (event,) = events.events_for("bank_hotline", row.pk)
    assert (event.kind, event.actor) == (TAKEN_DOWN, duty.user)
    desk = tree(lead.client.get(DRAFTS))
    (again,) = desk.xpath("//div[h2/@id='taken-down']//form")
    assert "Ngân hàng đã đổi số" in words(lead.client.get(DRAFTS))
    lead.client.post(again.action, dict(again.form_values()))
    assert NUMBER not in words(client.get("/dang-bi-goi/"))
    confirm_open(BANK_HOTLINE)
    assert NUMBER in words(client.get("/dang-bi-goi/"))
    assert not tree(lead.client.get(DRAFTS)).xpath("//h2[@id='taken-down']")


def test_who_hides_many_numbers_within_an_hour_needs_a_second_and_the_leads_are_told(
    lead: Person, duty: Person, settings: Settings
) -> None:
    settings.MAX_TAKEDOWNS_AN_HOUR = 1
    shared = {"number": NUMBER, "source": "mặt sau thẻ", "verified_on": "2026-11-05"}
    with proposals.bypass_four_eyes():
        first, second, third = (BankHotline.objects.create(name=each, **shared) for each in "ABC")
    page = "/admin/reports/bankhotline/{}/delete/"
    duty.client.post(page.format(first.pk), {"post": "yes", "reason": "sai"})
    assert confirmed_statements.count_frequent_removers() == 0
    form = {"post": "yes", "reason": "cũng sai"}
    answer = duty.client.post(page.format(second.pk), form, follow=True)
    assert "Chưa gỡ: bạn trong một giờ" in words(answer)
    assert set(BankHotline.objects.all()) == {second, third}
    waiting = Proposal.objects.get(state="open")
    assert (waiting.reason, waiting.proposed_by, waiting.new_values) == ("cũng sai", duty.user, {})
    assert confirmed_statements.count_frequent_removers() == 1
    lead.client.post(page.format(third.pk), form)  # each officer has a count of their own
    confirm_open(BANK_HOTLINE)
    assert not BankHotline.objects.exists()


def test_who_confirms_that_a_number_goes_reads_whose_it_is(
    lead: Person, settings: Settings
) -> None:
    press(lead, "Bảo hiểm xã hội")
    confirm_open(OFFICE_NUMBER)
    settings.MAX_TAKEDOWNS_AN_HOUR = 0
    row = OfficeNumber.objects.get(office="bao-hiem-xa-hoi")
    (link,) = tree(lead.client.get(f"/admin/reports/officenumber/{row.pk}/change/")).xpath(
        "//a[.='Gỡ khỏi các trang']/@href"
    )
    lead.client.post(link, {"post": "yes", "reason": "đã đổi"})
    waiting = Proposal.objects.get(state="open")
    page = words(lead.client.get(f"/admin/core/proposal/{waiting.pk}/change/"))
    assert "cơ quan: Bảo hiểm xã hội" in page
    assert "Đổi thành: Gỡ" in page


def test_officers_who_each_hide_few_empty_no_page_together(settings: Settings) -> None:
    settings.MAX_TAKEDOWNS_AN_HOUR = 1
    shared = {"number": NUMBER, "source": "mặt sau thẻ", "verified_on": "2026-11-05"}
    with proposals.bypass_four_eyes():
        rows = [BankHotline.objects.create(name=each, **shared) for each in "ABCD"]
    for row in rows:
        by = create_officer(f"officer-{row.name}", "duty")
        confirmed_statements.take_down(BANK_HOTLINE, row.pk, "sai", by=by)
    assert list(BankHotline.objects.all()) == rows[confirmed_statements.MAX_TOGETHER :]
    assert confirmed_statements.count_frequent_removers() == 1


@pytest.mark.parametrize("act", [BANK_HOTLINE, OFFICE_NUMBER])
def test_without_its_event_no_row_is_removed_by_one(lead: Person, act: Any) -> None:
    press(lead, "Vietcombank" if act is BANK_HOTLINE else "Bảo hiểm xã hội")
    confirm_open(act)
    with pytest.raises(IntegrityError), transaction.atomic():
        act.model.objects.all().delete()
    row = act.model.objects.last()
    confirmed_statements.take_down(act, row.pk, "sai", by=lead.user)
    assert not act.model.objects.filter(pk=row.pk).exists()


def test_the_number_of_a_unit_bears_its_name_and_takes_two(lead: Person) -> None:
    unit = Unit.objects.filter(kind="commune").first()
    assert unit is not None
    typed = {
        "office": "cong-an-xa-phuong", "unit": unit.pk, "number": "0237 3000 111",
        "address": "Thôn 1", "source": "niêm yết tại trụ sở", "verified_on": "05/11/2026",
    }  # fmt: skip
    lead.client.post("/admin/reports/officenumber/add/", typed)
    assert not OfficeNumber.objects.filter(unit=unit).exists()
    confirm_open(OFFICE_NUMBER)
    row = OfficeNumber.objects.get(unit=unit)
    assert (row.label, row.address) == (unit.name, "Thôn 1")


def test_an_address_belongs_to_a_unit(lead: Person) -> None:
    typed = {
        "office": "thue", "number": "0237 3000 111", "address": "Thôn 1",
        "source": "niêm yết tại trụ sở", "verified_on": "05/11/2026",
    }  # fmt: skip
    page = lead.client.post("/admin/reports/officenumber/add/", typed)
    assert "Địa chỉ chỉ ghi cho số của một đơn vị" in words(page)


def test_a_table_of_units_is_proposed_line_by_line_and_confirmed_at_one_press(
    lead: Person, duty: Person
) -> None:
    first, second, third = Unit.objects.filter(kind="commune")[:3]
    typed = {
        "lines": f"{first.name}; 0237 3000 111; Thôn 1\n{second.name}\t0237 3000 112\tThôn 2\n"
        f"Công an xã Nào Đó; 0237 3000 113\n{first.name}; 0237 3000 114\n"
        f"{third.name}; 0237 3000 112\n{third.name};;Thôn 3",
        "source": "niêm yết tại trụ sở",
        "verified_on": "05/11/2026",
    }
    page = lead.client.post("/admin/reports/officenumber/units/", typed)
    assert page.status_code == 422
    assert "Đã đề nghị 2 số." in words(page)
    (left,) = tree(page).xpath("//textarea[@name='lines']")
    assert left.value.split() == (
        f"Công an xã Nào Đó; 0237 3000 113 {first.name}; 0237 3000 114 "
        f"{third.name}; 0237 3000 112 {third.name};;Thôn 3".split()
    )
    assert "chờ xác nhận, của nơi khác." in words(page)
    assert f"{third.name};;Thôn 3: Thiếu Số, như đã công bố." in words(page)
    ticked = {
        "action": "confirm_numbers",
        "_selected_action": [*Proposal.objects.values_list("pk", flat=True)],
    }
    shown = words(duty.client.get("/admin/core/proposal/"))
    for told in ("cơ quan: Công an xã, phường;", f"số của bộ phận nào: {first.name};"):
        assert told in shown
    for unsaid in ("(bỏ trống)", "dạng chuẩn", "cong-an-xa"):
        assert unsaid not in shown
    lead.client.post("/admin/core/proposal/", ticked)
    assert not OfficeNumber.objects.exclude(unit=None).exists()
    duty.client.post("/admin/core/proposal/", ticked)
    assert {
        row.unit: (row.number, row.address) for row in OfficeNumber.objects.exclude(unit=None)
    } == {
        first: ("0237 3000 111", "Thôn 1"),
        second: ("0237 3000 112", "Thôn 2"),
    }


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"lines": "x", "source": "x"},
        {"lines": "a\x00;b;" * 9, "source": "niêm yết ở đó", "verified_on": "1/1/2026"},
    ],
)
def test_a_hostile_or_empty_table_proposes_nothing(lead: Person, typed: dict[str, str]) -> None:
    assert lead.client.post("/admin/reports/officenumber/units/", typed).status_code == 422
    assert not Proposal.objects.exists()
