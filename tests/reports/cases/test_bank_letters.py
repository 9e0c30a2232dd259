"""Money that left: a numbered letter asks the bank to hold it, and what it holds is counted."""

import io
from typing import Any

import docx
import pytest
from django.test import Client
from pypdf import PdfReader

from core.audit import events
from reports.models import BankHotline, BankLetter, Case, Report
from reports.reference import confirmed_statements
from reports.retention import erasure
from tests.support import report_factories
from tests.support.database_contents import refused_by_database
from tests.support.desk_pages import list_reports, page_of, press, tree, words
from tests.support.officers import Person

pytestmark = pytest.mark.django_db
STORY = "Nó bảo chuyển 90 triệu vào Vietcombank 0011004567890 NGUYEN VAN B, tôi chuyển rồi."
LETTER = {
    "bank": "Vietcombank", "account": "0011004567890", "holder": "NGUYEN VAN B",
    "amount_vnd": "90 triệu", "transferred_when": "12:45, 30/11/2026", "text": "Đề nghị tạm dừng giao dịch.",
}  # fmt: skip


@pytest.fixture
def report() -> Report:
    return report_factories.triaged(STORY)


def write(client: Client, report: Report, **typed: str) -> BankLetter:
    version = str(Case.objects.get(report=report).version)
    answer = client.post(page_of(report, "letter"), {**LETTER, "version": version, **typed})
    assert answer.status_code == 303, words(answer)
    return BankLetter.objects.latest("pk")


def answer(client: Client, letter: BankLetter, held: str, **typed: str) -> Any:
    return client.post(
        page_of(letter.report, f"letter/{letter.pk}/answer"), {"frozen_vnd": held, **typed}
    )


def test_the_form_is_filled_from_the_report_with_the_line_of_its_bank(
    duty: Person, report: Report
) -> None:
    verified = {"source": "thẻ", "verified_on": "2026-11-05"}
    BankHotline.objects.create(name="Vietcombank", number="0550 000 199", **verified)
    BankHotline.objects.create(name="Ngân hàng khác", number="0550 000 198", **verified)
    report_factories.confirm_statement("bank_letter", text="Đề nghị giữ lại số tiền này.")
    confirmed_statements.clear_cache()
    page = tree(duty.client.get(page_of(report)))
    form = page.xpath(f"//form[@action='{page_of(report, 'letter')}']")[0]
    values = {name: form.fields[name] for name in ("bank", "account", "holder", "amount_vnd")}
    assert values == {
        "bank": "Vietcombank", "account": "0011004567890", "holder": "NGUYEN VAN B",
        "amount_vnd": "90.000.000 đồng",
    }  # fmt: skip
    assert page.xpath("//a[starts-with(@href, 'tel:05500001')]/@href") == ["tel:0550000199"]
    assert "Gọi số gấp của ngân hàng ngay" in page.text_content()
    assert form.fields["text"].strip() == "Đề nghị giữ lại số tiền này."


def test_letters_are_numbered_and_drawn_for_a_leaders_signature(
    duty: Person, report: Report
) -> None:
    accounts = ("0011004567890", "0011004567891")
    assert [write(duty.client, report, account=each).number for each in accounts] == [1, 2]
    letter = BankLetter.objects.get(number=1)
    address = page_of(report, f"letter/{letter.pk}")
    sheet = duty.client.post(address, {"kind": "pdf"})
    file = docx.Document(io.BytesIO(duty.client.post(address, {"kind": "docx"}).content))
    cells = [cell.text for table in file.tables for cell in table.rows[0].cells]
    texts = {
        "pdf": PdfReader(io.BytesIO(sheet.content)).pages[0].extract_text(),
        "docx": "\n".join([*cells, *(paragraph.text for paragraph in file.paragraphs)]),
    }
    for kind, text in texts.items():
        told = " ".join(text.split())
        for part in ("Số: 1/NH-PV01", "V/v đề nghị tạm giữ", "Kính gửi: Vietcombank", "0011004567890",
                     "90.000.000 đồng", "12:45, 30/11/2026", "Đề nghị tạm dừng giao dịch./.", report.public_number,
                     "TL. GIÁM ĐỐC", "TRƯỞNG PHÒNG"):  # fmt: skip
            assert part in told, (kind, part)
    kinds = [event.kind for event in events.events_for("report", report.pk)]
    assert kinds[:3] == ["bank_letter_printed", "bank_letter_printed", "bank_letter_issued"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [({"bank": ""}, "Chưa ghi."), ({"amount_vnd": "0"}, "Ghi số tiền đã chuyển."),
     ({"amount_vnd": "nhiều"}, "Chưa hiểu số tiền này"), ({"account": "không rõ"}, "có chữ số")],
)  # fmt: skip
def test_a_letter_that_lacks_something_keeps_what_was_typed(
    duty: Person, report: Report, typed: dict[str, str], says: str
) -> None:
    page = duty.client.post(page_of(report, "letter"), LETTER | typed)
    assert page.status_code == 422
    assert says in words(page)
    assert "12:45, 30/11/2026" in page.content.decode()
    assert not BankLetter.objects.exists()


def test_what_the_bank_holds_is_recorded_once_and_counted(duty: Person, report: Report) -> None:
    letter = write(duty.client, report)
    assert "1 tin chờ ngân hàng trả lời" in words(duty.client.get("/admin/"))
    assert list_reports(duty.client, viec="bank") == [report]
    assert answer(duty.client, letter, "chưa biết").status_code == 422
    assert answer(duty.client, letter, "91 triệu").status_code == 422
    assert answer(duty.client, letter, "20 triệu", answer="Đã tạm khóa.").status_code == 303
    assert answer(duty.client, letter, "5 triệu").status_code == 422
    letter.refresh_from_db()
    assert (letter.frozen_vnd, letter.answered_by) == (20_000_000, duty.user)
    assert "20.000.000 đồng ngân hàng đã giữ lại" in words(duty.client.get("/admin/"))
    assert list_reports(duty.client, viec="frozen") == [report]
    assert list_reports(duty.client, viec="bank") == []


def test_a_letter_is_changed_by_nothing_but_its_answer(duty: Person, report: Report) -> None:
    letter = write(duty.client, report)
    once = "answered once and otherwise never changes"
    assert once in refused_by_database("UPDATE reports_bankletter SET amount_vnd = 1")
    assert once in refused_by_database("DELETE FROM reports_bankletter")
    answer(duty.client, letter, "0")
    assert once in refused_by_database("UPDATE reports_bankletter SET frozen_vnd = 5")
    erasure.erase(report.pk, cause="test")
    words_left = BankLetter.objects.values_list("bank", "account", "holder", "text", "answer")
    assert {*words_left.get()} == {"đã xóa"}


def test_an_erased_report_takes_no_answer_and_waits_for_none(duty: Person, report: Report) -> None:
    letter = write(duty.client, report)
    erasure.erase(report.pk, cause="test")
    assert answer(duty.client, letter, "20 triệu").status_code == 409
    assert duty.client.post(page_of(report, f"letter/{letter.pk}")).status_code == 404
    assert list_reports(duty.client, viec="bank") == []
    assert "tin chờ ngân hàng trả lời" not in duty.read_page("/admin/")


def test_of_two_presses_or_officers_one_gets_a_number(duty: Person, report: Report) -> None:
    write(duty.client, report, version="1")
    for version in ("1", "2"):  # the old page, and the same letter from the new one
        again = duty.client.post(page_of(report, "letter"), {**LETTER, "version": version})
        assert again.status_code in {409, 422}
        assert "Vietcombank" in again.content.decode()
    assert BankLetter.objects.count() == 1


def test_a_letter_of_another_report_is_not_found(duty: Person, report: Report) -> None:
    letter = write(duty.client, report)
    other = report_factories.triaged(STORY)
    for page in (f"letter/{letter.pk}", f"letter/{letter.pk}/answer"):
        assert duty.client.post(page_of(other, page), {"frozen_vnd": "1 triệu"}).status_code == 404


@pytest.mark.parametrize("told", ["nobody", "contact", "letter"])
def test_who_closes_a_report_with_a_loss_is_asked_about_the_bank(
    duty: Person, lead: Person, report: Report, told: str
) -> None:
    press(duty.client, report, "contact", contact=Case.Contact.REACHED)
    if told == "contact":
        press(duty.client, report, "contact", contact=Case.Contact.BANK)
    elif told == "letter":
        write(duty.client, report)
    spared = press(duty.client, report, "close", outcome=Case.Outcome.NOT_SCAM)
    assert spared.status_code == 303
    report_factories.decide("reopen", report, lead)
    page = press(duty.client, report, "close", outcome=Case.Outcome.SCAM)
    is_asked = "mất tiền mà chưa báo ngân hàng nào" in page.content.decode()
    assert is_asked == (told == "nobody")
