"""What the desk's forms ask of words and numbers before a public page shows them."""

from typing import Any

import pytest
from django.core.management import call_command

from core.audit import events
from core.models import Proposal
from desk.prepared_texts import validate_public_text
from reports.models import BankHotline, Office, OfficeNumber, PublicStatement
from reports.numbers import report_counts
from reports.reference.confirmed_statements import BANK_HOTLINE, OFFICE, OFFICE_NUMBER
from tests.support.desk_pages import words
from tests.support.number_factories import KEY, NUMBER, add_finding, file_report
from tests.support.officers import Person, act_alone, confirm_open

BANKS = "/admin/reports/bankhotline/add/"
NUMBERS = "/admin/reports/officenumber/add/"
OFFICE_PAGE = "/admin/reports/office/dien-luc/change/"
STATEMENT_PAGE = "/admin/reports/publicstatement/no_fine/change/"
BANK = {"name": "Ngân hàng A", "number": NUMBER}
OURS = {"office": "dien-luc", "number": NUMBER, "label": "", "label_en": ""}
SOURCE = {"source": "Mặt sau thẻ, trang chính thức", "verified_on": "05/11/2026"}
FORMS = [(BANKS, BANK), (NUMBERS, OURS)]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _tables(db: None) -> None:
    call_command("setup_desk", verbosity=0)
    OfficeNumber.objects.all().delete()


def send(person: Person, path: str, form: dict[str, str], **typed: str) -> str:
    page = words(person.client.post(path, form | SOURCE | typed, follow=True))
    for act in (BANK_HOTLINE, OFFICE_NUMBER):
        if Proposal.objects.filter(kind=act.kind, state="open"):
            confirm_open(act)
    return page


def is_published() -> bool:
    return BankHotline.objects.exists() or OfficeNumber.objects.exists()


@pytest.mark.parametrize(("path", "form"), FORMS)
def test_a_number_that_people_were_called_from_is_not_published(
    lead: Person, path: str, form: dict[str, str]
) -> None:
    report = file_report()
    page = send(lead, path, form)
    assert f"có tin báo bị gọi từ số này ({report.public_number})" in page
    assert not is_published()


@pytest.mark.parametrize(("path", "form"), FORMS)
def test_nor_one_from_which_they_were_called_since_it_was_proposed(
    lead: Person, duty: Person, path: str, form: dict[str, str]
) -> None:
    act_alone()
    lead.client.post(path, form | SOURCE)
    file_report()
    answer = duty.client.post(
        f"/admin/core/proposal/{Proposal.objects.get().pk}/confirm/", follow=True
    )
    assert "có tin báo bị gọi từ số này" in words(answer)
    assert not is_published()


@pytest.mark.parametrize("number", ["0550 000 123 0", "1780550000123"])
def test_a_number_that_nobody_can_read_is_not_published(lead: Person, number: str) -> None:
    assert "Chưa đọc được số này" in send(lead, BANKS, BANK, number=number)


@pytest.mark.parametrize(("path", "form"), FORMS)
def test_a_number_that_crooks_are_known_to_use_is_not_published(
    lead: Person, path: str, form: dict[str, str]
) -> None:
    add_finding()
    assert "ghi nhận là kẻ gian dùng" in send(lead, path, form)
    assert not is_published()


@pytest.mark.parametrize(("path", "form"), FORMS)
@pytest.mark.parametrize(
    ("typed", "why"),
    [({"source": "mạng"}, "Ghi rõ hơn"), ({"verified_on": "31/12/2999"}, "Ngày này chưa đến")],
)
def test_where_and_when_it_was_published_is_told(
    lead: Person, path: str, form: dict[str, str], typed: dict[str, str], why: str
) -> None:
    assert why in send(lead, path, form, **typed)
    assert not is_published()


@pytest.mark.parametrize(("path", "form"), FORMS)
def test_an_older_call_speaks_against_no_number(
    lead: Person, path: str, form: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file_report()
    monkeypatch.setattr(report_counts, "DAYS", 0)
    send(lead, path, form)
    assert is_published()


def test_a_published_number_that_is_forged_later_can_still_be_compared_anew(lead: Person) -> None:
    send(lead, NUMBERS, OURS)
    file_report()
    row = OfficeNumber.objects.get(key=KEY)
    send(lead, f"/admin/reports/officenumber/{row.pk}/change/", OURS, label="Trực")
    assert OfficeNumber.objects.get().label == "Trực"


def office_form(**typed: str) -> dict[str, Any]:
    row = Office.objects.get(pk="dien-luc")
    names = ("codename", "name", "name_en", "never_by_phone", "never_by_phone_en", "position")
    return {name: getattr(row, name) for name in names} | {"other_names": "EVN"} | typed


@pytest.mark.parametrize("words_", ["<b>Gọi</b> ngay", "Xem ke-gian.com nhé", "&lt;script"])
def test_tags_and_links_stay_off_the_public_pages(lead: Person, words_: str) -> None:
    page = send(lead, OFFICE_PAGE, office_form(never_by_phone=words_))
    assert "Bỏ đường link" in page or "bỏ thẻ HTML" in page
    assert Office.objects.get(pk="dien-luc").never_by_phone != words_
    lead.client.post(STATEMENT_PAGE, {"text": words_, "text_en": "Fine.", "is_public": "on"})
    assert not PublicStatement.objects.get(pk="no_fine").is_public


def test_the_record_keeps_the_words_before_and_after(lead: Person) -> None:
    was = Office.objects.get(pk="dien-luc").never_by_phone
    lead.client.post(OFFICE_PAGE, office_form(never_by_phone="Không đòi tiền."))
    saved = events.events_for("proposal", confirm_open(OFFICE).pk).first()
    assert saved
    assert saved.detail["was"]["never_by_phone"] == was
    assert saved.detail["now"]["never_by_phone"] == "Không đòi tiền."
    assert Office.objects.get(pk="dien-luc").never_by_phone == "Không đòi tiền."


@pytest.mark.parametrize(
    "words_",
    [
        "Gọi lại số xác minh 0992 345 678.",
        "Cơ quan này CÓ yêu cầu chuyển tiền qua điện thoại.",
        "Không phải lo, hãy chuyển khoản vào tài khoản tạm giữ.",
        "You must transfer the money today.",
        "Đọc mã OTP cho cán bộ.",
    ],
)
def test_no_page_gives_a_number_or_tells_to_pay(lead: Person, words_: str) -> None:
    lead.client.post(OFFICE_PAGE, office_form(never_by_phone=words_))
    row = PublicStatement.objects.get(pk="no_fine")
    lead.client.post(STATEMENT_PAGE, {"text": words_, "text_en": row.text_en})
    assert not Proposal.objects.exists()


def test_every_text_that_we_bring_may_be_said(lead: Person) -> None:
    for row in PublicStatement.objects.all():
        validate_public_text(row.text), validate_public_text(row.text_en)
    for office in Office.objects.all():
        for own in (office.name, office.name_en, office.never_by_phone, office.never_by_phone_en):
            validate_public_text(own)
        for quote in (office.claims, office.claims_en, str(office.other_names)):
            validate_public_text(quote, is_quote=True)
