"""The pages about a report come by GET after every POST, opened by a short sealed cookie."""

import json
from typing import Any

import pytest
import time_machine
from django.test import Client
from lxml import html
from pytest_django import Settings

from reports.models import Followup
from tests.support.evidence_files import JPEG, post
from tests.support.resident_pages import (
    RECEIPT,
    TRACK,
    Resident,
    code_of,
    create_resident,
    hidden_of,
    send,
    value,
    words,
)

NEW_CODE = "/theo-doi/ma-moi/"
AT = "2026-11-24 10:00:00+07:00"
pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor(resident: Resident) -> Resident:
    """A resident whose browser keeps cookies: it brings back what the page of the code set."""
    resident.client.get(TRACK)
    return resident


def follow(client: Client, answer: Any) -> Any:
    """Return the page that a redirect after a POST leads to."""
    assert answer.status_code == 303
    return client.get(answer["Location"])


def test_a_typed_code_leads_to_a_page_by_get_whose_address_and_headers_hold_no_code(
    visitor: Resident,
) -> None:
    answer = visitor.client.post(TRACK, {"code": visitor.code})
    page = follow(visitor.client, answer)
    assert f"Tin {visitor.report.public_number}" in words(page.content)
    for each in (answer, page):
        assert "no-store" in each["Cache-Control"]
    told = json.dumps([dict(answer.headers), answer.cookies.output()]).lower()
    assert visitor.code.lower() not in told
    assert visitor.report.public_number.lower() not in told


def test_a_code_typed_on_the_home_page_leads_to_a_page_by_get_too(resident: Resident) -> None:
    """The home page sets no cookie; a wrong code there is answered by a redirect as well."""
    page = html.document_fromstring(resident.client.get("/").content)
    (action,) = (form.action for form in page.forms if "theo-doi" in form.action)
    right = follow(resident.client, resident.client.post(action, {"code": resident.code}))
    assert f"Tin {resident.report.public_number}" in words(right.content)
    wrong = follow(resident.client, resident.client.post(action, {"code": "2222"}))
    assert "2222" in words(wrong.content) or "nhóm" in words(wrong.content)
    resident.client.cookies.clear()
    right = resident.client.post(action, {"code": resident.code})
    resident.client.cookies.clear()
    assert "Gõ mã để xem tin" in words(follow(resident.client, right).content)


def test_its_cookie_is_short_sealed_and_goes_to_that_page_alone(
    visitor: Resident, settings: Settings
) -> None:
    settings.HTTPS, settings.SECURE_SSL_REDIRECT = True, False
    answer = visitor.client.post(TRACK, {"code": visitor.code})
    paths = set()
    for cookie in answer.cookies.values():
        assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (900, True, "Lax")
        assert cookie["secure"]
        paths.add(cookie["path"])
    assert paths == {answer["Location"], f"/en{answer['Location']}"}


@pytest.mark.parametrize(
    ("step", "typed", "told"),
    [
        ("them/", {"story": "Họ gọi lại."}, "Đã ghi thêm"),
        ("them/", {"story": " "}, "Chưa có gì để gửi"),
        ("tra-loi/", {"text": "Lúc 9 giờ."}, "Đã gửi cho cán bộ"),
        ("rut/", {"sure": "yes"}, "Đã ghi đề nghị rút tin"),
        ("xoa/", {"sure": "yes"}, "Đã ghi đề nghị xóa"),
        ("rut/", {}, "Cán bộ sẽ xem và quyết định"),
        ("xoa/", {}, "Cán bộ xem trước khi xóa"),
    ],
)
def test_every_act_ends_on_a_page_that_a_reload_shows_again_and_repeats_nothing(
    visitor: Resident, step: str, typed: dict[str, str], told: str
) -> None:
    answer = visitor.post(TRACK + step, **typed)
    for _reload in range(2):
        assert told in words(follow(visitor.client, answer).content)
    assert Followup.objects.count() <= 1


def test_what_was_said_of_an_act_is_gone_two_minutes_later(visitor: Resident) -> None:
    with time_machine.travel(AT, tick=False):
        answer = visitor.post(f"{TRACK}tra-loi/", text="Lúc 9 giờ.")
    with time_machine.travel("2026-11-24 10:03:00+07:00", tick=False):
        page = words(follow(visitor.client, answer).content)
    assert "Đã gửi cho cán bộ" not in page
    assert "Lúc 9 giờ." in page


@pytest.mark.usefixtures("room_for_files")
def test_files_are_answered_by_name_on_a_page_by_get(visitor: Resident) -> None:
    files = [("căn bếp.jpg", JPEG), *((f"{'ảnh' * 20}{n}.txt", b"no picture") for n in range(4))]
    answer = post(visitor.client, visitor.code, *files)
    assert len(answer.cookies.output()) < 12_000  # what the front server takes
    page = words(follow(visitor.client, answer).content)
    assert "căn bếp.jpg Đã nhận ảnh" in page
    assert page.count("đây không phải ảnh") == 4


def test_urgent_help_stands_on_the_page_after_what_called_for_it(visitor: Resident) -> None:
    answer = visitor.post(f"{TRACK}them/", story="Tôi vừa chuyển 20 triệu.")
    assert "Gọi ngân hàng của bạn trước." in words(follow(visitor.client, answer).content)


@pytest.mark.usefixtures("enforced")
def test_a_wrong_code_comes_back_on_a_page_by_get_with_what_was_wrong(visitor: Resident) -> None:
    mistyped = ("2" if visitor.code[0] != "2" else "3") + visitor.code[1:]
    page = follow(visitor.client, visitor.client.post(TRACK, {"code": mistyped}))
    assert page.status_code == 422
    assert value(page.content, "code") == mistyped
    assert "Nhóm thứ nhất" in words(page.content)
    unknown = create_resident(Client(), story="Khác.")
    unknown.report.receipt.delete()
    for status in [422] * 10 + [429]:
        page = follow(visitor.client, visitor.client.post(TRACK, {"code": unknown.code}))
        assert page.status_code == status
    assert 1 <= int(page["Retry-After"]) <= 600


@pytest.mark.parametrize("step", ["", "them/", "tra-loi/", "rut/", "xoa/"])
def test_a_browser_without_cookies_is_answered_at_once(resident: Resident, step: str) -> None:
    answer = resident.post(TRACK + step, story="Họ gọi lại.", text="Lúc 9 giờ.", sure="yes")
    assert answer.status_code == 200
    assert f"Tin {resident.report.public_number}" in words(answer.content)


def test_two_reports_in_two_tabs_have_two_addresses_and_neither_shows_the_other(
    visitor: Resident,
) -> None:
    other = create_resident(visitor.client, story="Một chuyện khác.")
    addresses = [each.post(TRACK)["Location"] for each in (visitor, other)]
    for each, address in zip((visitor, other), addresses, strict=True):
        page = visitor.client.get(address)
        assert f"Tin {each.report.public_number}" in words(page.content)
        assert hidden_of(page.content)["code"] == each.code
    names = sorted(name for name in visitor.client.cookies if name.startswith("report-vi"))
    first, second = (visitor.client.cookies[name].value for name in names)
    visitor.client.cookies[names[0]], visitor.client.cookies[names[1]] = second, first
    for address in addresses:
        assert "Gõ mã để xem tin" in words(visitor.client.get(address).content)


def test_after_a_quarter_of_an_hour_the_page_asks_for_the_code(visitor: Resident) -> None:
    with time_machine.travel(AT, tick=False):
        address = visitor.post(TRACK)["Location"]
    with time_machine.travel("2026-11-24 10:15:00+07:00", tick=False):
        page = visitor.client.get(address)
    assert "Sau đó trang hỏi lại mã" in words(page.content)
    assert value(page.content, "code") == ""


def test_who_closes_the_page_leaves_nothing_that_opens_it_or_the_receipt(
    client: Client, settings: Settings
) -> None:
    send(client, story="Họ gọi.")
    receipt = client.get(RECEIPT).content
    address = client.post(TRACK, {"code": code_of(receipt)})["Location"]
    settings.HTTPS, settings.SECURE_SSL_REDIRECT = True, False
    answer = client.post(f"{address}dong/")
    assert answer["Clear-Site-Data"] == '"cache"'
    assert "Đã đóng tin." in words(follow(client, answer).content)
    assert "Gõ mã để xem tin" in words(client.get(address).content)
    assert code_of(client.get(RECEIPT).content) == ""


def test_after_a_loss_what_was_just_sent_is_confirmed_above_the_standing_advice(
    client: Client,
) -> None:
    robbed = create_resident(client, story="Họ gọi.", money_lost=True)
    client.get(TRACK)
    page = words(follow(client, robbed.post("/theo-doi/them/", story="Thêm.", kind="more")).content)
    assert page.index("Đã ghi thêm") < page.index("Gọi ngân hàng của bạn trước")


@pytest.mark.parametrize("handle", ["a;b", "a b", "ă", 'a"b', "%0d%0aSet-Cookie: x=1"])
def test_an_address_that_no_cookie_can_have_is_none_of_ours(client: Client, handle: str) -> None:
    assert client.post(f"{TRACK}tin/{handle}/dong/").status_code == 404


@pytest.mark.parametrize("sign", ["ă", "漢", "😀"])
def test_a_cookie_is_never_larger_than_browsers_keep(visitor: Resident, sign: str) -> None:
    visitor.client.get(NEW_CODE)
    typed = {"public_number": sign * 500, "word": sign * 500}
    answer = visitor.client.post(NEW_CODE, typed)
    assert answer.status_code == 303
    assert max(len(each.OutputString()) for each in answer.cookies.values()) < 4096


def test_the_page_says_until_when_it_is_open_and_a_press_opens_it_for_as_long_again(
    visitor: Resident,
) -> None:
    """WCAG 2.2.1: as often as somebody wants, and before the time is over."""
    with time_machine.travel(AT, tick=False) as clock:
        page = follow(visitor.client, visitor.client.post(TRACK, {"code": visitor.code}))
        for until in ("10:15", "10:29", "10:43"):
            assert f"Trang này mở đến {until}" in words(page.content)
            clock.shift(14 * 60)
            (form,) = html.document_fromstring(page.content).xpath("//form[@id='longer']")
            again = {"code": form.xpath(".//button/@value")[0]}
            page = follow(visitor.client, visitor.client.post(form.action, again))
