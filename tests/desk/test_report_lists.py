"""A commune's list at the desk: shown before it is filed, filed by the machine, sealed meanwhile, gone after a day."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models.functions import Now
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from core.audit import events
from core.models import OutboxItem
from core.outbox.queue import MAX_ATTEMPTS, Priority
from core.spreadsheets import write_xlsx
from reports.models import Report, ReportList
from reports.retention import purge
from reports.submission import report_lists
from tests.support.officers import Person, create_officer, log_in
from tests.support.report_lists import HEADINGS, file_steps, list_owed, make_workbook

pytestmark = pytest.mark.django_db

LISTS = "/admin/reports/report/lists/"
ROWS = [
    HEADINGS,
    (1, "30/11/2026", 912345678, "Xưng công an, đòi tiền.", "20 triệu", "<script>moc</script>"),
    (2, None, "=1+1", "Kể.", None, None),
    (3, None, None, None, None, None),
    (4, "32/13/2026", "0550 000 222", "Gọi nữa.", None, None),
]


def upload(client: Client, content: bytes | None = None, name: str = "thang-11.xlsx") -> Any:
    file = SimpleUploadedFile(name, make_workbook(ROWS) if content is None else content)
    return client.post(LISTS, {"file": file})


def press(client: Client, act: str, **typed: Any) -> HttpResponse:
    address = reverse(
        "admin:reports_report_list", args=[ReportList.objects.latest("uploaded_at").pk]
    )
    return client.post(address, {"act": act} | typed, follow=True)  # type: ignore[return-value]


def read_page(person: Person) -> str:
    pk = ReportList.objects.latest("uploaded_at").pk
    text = person.read_page(reverse("admin:reports_report_list", args=[pk]))
    return " ".join(re.sub("<(?!progress|select|option)[^>]+>", " ", text).split())


def file_list(person: Person, content: bytes | None = None) -> str:
    upload(person.client, content)
    press(person.client, "file")
    file_steps()
    return read_page(person)


def test_what_the_machine_makes_of_a_list_is_shown_before_anything_is_filed(duty: Person) -> None:
    upload(duty.client)
    page = read_page(duty)
    for shown in (
        "2 dòng sẽ thành tin", "2 dòng không nhập được", "Ô C3 (Số gọi đến) : Công thức chưa có kết quả.",
        "Dòng 4 : Không có gì về cuộc gọi.", "Ô B5 (Ngày gọi) : Chưa đọc được ngày gọi như đã ghi.",
        "912345678", '<option value="caller_number" selected>', "Nhập 2 tin",
    ):  # fmt: skip
        assert shown in page
    assert "&lt;script&gt;moc" in page
    assert not Report.objects.exists()


def test_once_pressed_its_rows_are_reports_with_who_filed_them_and_a_page_of_their_numbers(
    duty: Person,
) -> None:
    page = file_list(duty)
    first, second = Report.objects.order_by("received_at")
    assert (first.caller_number, first.source, str(first.called_on)) == (
        "0912345678",
        "file",
        "2026-11-30",
    )
    assert first.story == "Xưng công an, đòi tiền.\nGhi chú: <script>moc</script>"
    for report, row in ((first, 2), (second, 5)):
        assert f"Dòng {row}: {report.public_number}" in page
        assert events.events_for("report", report.pk).get(kind="filed").actor == duty.user
    filed = events.events_for("report_list", ReportList.objects.get().pk).get(kind="list_filed")
    assert (filed.actor, filed.detail) == (duty.user, {"rows": 2})
    assert "Đã nhập xong: 4 trên 4 dòng" in page


def test_sent_twice_a_list_counts_once(duty: Person) -> None:
    file_list(duty)
    assert "2 dòng đã nhập từ trước" in file_list(duty)
    assert Report.objects.count() == 2


def test_a_column_goes_where_the_officer_says(duty: Person) -> None:
    upload(duty.client, "Việc,Ai\nXưng công an.,0550 000 111\n".encode())
    assert "máy chưa hiểu" in read_page(duty)
    press(duty.client, "columns", field=["story", "caller_number"])
    press(duty.client, "file")
    press(duty.client, "columns", field=["odd", "callback_phrase"])  # too late
    file_steps()
    report = Report.objects.get()
    assert (report.caller_number, report.story) == ("0550 000 111", "Xưng công an.")


SIGNED = (
    "STT;Ngày;Số lạ;Nội dung\n1;30/11/2026;0550 000 111;Xưng công an.\n;;Ông Tư kể;\n;;Người ký;\n"
)


def test_what_signs_a_list_is_named_and_taken_back_by_a_tick(duty: Person) -> None:
    upload(duty.client, SIGNED.encode())
    page = read_page(duty)
    for shown in (
        "1 dòng sẽ thành tin",
        "Dòng 3: Ông Tư kể",
        "Dòng 4: Người ký",
        "Không giống một cuộc gọi",
    ):
        assert shown in page
    assert "không nhập được" not in page
    assert "nên xem lại" not in page
    press(duty.client, "take_back", row=["3", "x"])
    press(duty.client, "columns", field=["left_out", "called_on", "", "story"])
    page = read_page(duty)
    assert ("2 dòng sẽ thành tin" in page, "Dòng 3" in page, "Dòng 4" in page) == (
        True,
        False,
        True,
    )
    press(duty.client, "file")
    press(duty.client, "take_back", row=["4"])  # too late
    file_steps()
    assert {each.story for each in Report.objects.all()} == {
        "Xưng công an.\nSố lạ: 0550 000 111",
        "Số lạ: Ông Tư kể",
    }
    assert "Ông Tư" not in read_page(duty)


def test_a_page_that_sends_other_columns_changes_nothing_and_is_told(duty: Person) -> None:
    upload(duty.client)
    before = ReportList.objects.get().summary_sealed
    for sent in ([], ["story"], ["story"] * 9):
        page = press(duty.client, "columns", field=sent).content.decode()
        assert "không đủ cột của bảng" in page
    assert ReportList.objects.get().summary_sealed == before


def test_an_officer_holds_so_many_lists_at_once(
    duty: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_lists, "MAX_LISTS", 2)
    file_list(duty)  # filed, it lies no more
    upload(duty.client)
    upload(duty.client)
    answer = upload(duty.client)
    assert (answer.status_code, "đang giữ 2 danh sách" in answer.content.decode()) == (422, True)
    assert ReportList.objects.count() == 3
    assert upload(log_in(create_officer("truc.hai", "duty"))).status_code == 303


def test_a_long_list_is_filed_in_steps_of_which_an_interrupted_one_is_done_again(
    duty: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_lists, "STEP_ROWS", 2)
    rows = "".join(f"0550 000 {number}\n" for number in range(100, 105))
    upload(duty.client, f"Số gọi đến\n{rows}".encode())
    press(duty.client, "file")
    press(duty.client, "file")
    assert [item.priority for item in list_owed()] == [Priority.IDLE]
    file_steps(1)
    page = read_page(duty)
    assert "Đang nhập: 2 trên 5 dòng" in page
    assert '<progress class="gauge" aria-labelledby="filed" value="2" max="5">' in page
    with monkeypatch.context() as patched:  # the worker dies with the rows of the step filed
        patched.setattr(report_lists, "_store_step", lambda *_: 1 / 0)
        file_steps(1)
    assert (Report.objects.count(), ReportList.objects.get().done) == (4, 2)
    file_steps()
    assert Report.objects.count() == 5
    assert (ReportList.objects.get().is_done, ReportList.objects.get().again) == (True, 0)


def test_the_page_comes_anew_while_the_machine_files_until_somebody_says_no(duty: Person) -> None:
    upload(duty.client)
    address = reverse("admin:reports_report_list", args=[ReportList.objects.get().pk])
    assert "Refresh" not in duty.client.get(address)
    press(duty.client, "file")
    assert duty.client.get(address)["Refresh"] == "5"
    assert "Refresh" not in duty.client.get(address, {"yen": ""})
    file_steps()
    assert "Refresh" not in duty.client.get(address)


def test_what_nobody_will_go_on_with_is_told_and_goes_on_at_a_press(duty: Person) -> None:
    upload(duty.client)
    press(duty.client, "file")
    OutboxItem.objects.update(failed_at=Now(), attempts=MAX_ATTEMPTS)
    assert "Đang đứng yên: 0 trên 4 dòng" in read_page(duty)
    with CaptureQueriesContext(connection) as asked:
        press(duty.client, "resume")
    assert any("FOR UPDATE" in each["sql"] for each in asked)  # two presses at once are one
    press(duty.client, "resume")
    assert len(list_owed()) == 1
    file_steps()
    assert Report.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Chưa chọn tệp"),
        (b"x" * (report_lists.MAX_BYTES + 1), "nặng hơn 7 MB"),
        ("Nội dung\n".encode(), "không có dòng nào"),
        (make_workbook(ROWS, merge="B2:B3"), "B2:B3 đang gộp"),
        (("Nội dung\n" + "Gọi.\n" * (report_lists.MAX_ROWS + 1)).encode(), "dài hơn 5000 dòng"),
    ],
    ids=["nothing", "too heavy", "headings alone", "merged cells", "too long"],
)
def test_a_file_that_is_no_list_is_told_at_once(duty: Person, content: bytes, words: str) -> None:
    answer = upload(duty.client, content)
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert not ReportList.objects.exists()


def test_a_small_workbook_with_one_long_text_in_every_cell_is_refused_before_it_fills_the_memory(
    duty: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_lists, "MAX_CHARS", 100_000)
    file = io.BytesIO()
    write_xlsx(file, [HEADINGS, *[("1", "", "", "x" * 30_000, "", "")] * 10])  # one shared string
    answer = upload(duty.client, file.getvalue())
    assert (answer.status_code, "quá lớn" in answer.content.decode()) == (422, True)
    assert not ReportList.objects.exists()


def test_only_who_sent_a_list_sees_it(duty: Person) -> None:
    upload(duty.client)
    address = reverse("admin:reports_report_list", args=[ReportList.objects.get().pk])
    other = log_in(create_officer("truc.hai", "duty"))
    assert other.get(address).status_code == other.post(address, {"act": "file"}).status_code == 404
    assert "thang-11" not in other.get(LISTS).content.decode()


def test_who_lost_the_right_meanwhile_files_nothing_more(duty: Person) -> None:
    upload(duty.client)
    press(duty.client, "file")
    duty.revoke("file_report")
    file_steps(1)
    assert not Report.objects.exists()
    assert OutboxItem.objects.get().error == "NotAllowedError"


def test_a_list_that_no_key_opens_is_not_taken_for_filed(duty: Person) -> None:
    upload(duty.client)
    press(duty.client, "file")
    ReportList.objects.update(rows_sealed=b"under another key")
    file_steps(1)
    assert (OutboxItem.objects.get().error, ReportList.objects.get().done) == ("WrongKeysError", 0)


def test_no_word_of_a_list_lies_in_clear_and_none_is_left_when_it_is_filed(duty: Person) -> None:
    upload(duty.client, b"Ghi ch\xc3\xba\nmocke1x\n", "mocten1x.csv")
    for values in ReportList.objects.values_list():
        stored = [bytes(each) if isinstance(each, memoryview) else each for each in values]
        assert "mocke1x" in read_page(duty)
        assert "mocke1x" not in str(stored)
        assert "mocten1x" not in str(stored)
    press(duty.client, "file")
    file_steps()
    assert ReportList.objects.get().rows_sealed is None
    assert "mocke1x" not in read_page(duty)


def test_after_a_day_nothing_of_a_list_is_left_but_its_reports(duty: Person) -> None:
    file_list(duty)
    upload(duty.client)
    press(duty.client, "file")
    before = Now() - report_lists.KEPT - timedelta(minutes=1)
    ReportList.objects.update(uploaded_at=before, begun_at=before)
    purge.run_if_due()
    file_steps()  # what was owed to one that is gone is done
    assert (ReportList.objects.count(), Report.objects.count(), list_owed()) == (0, 2, [])


def test_a_list_that_was_begun_at_the_end_of_its_day_is_filed_all_the_same(duty: Person) -> None:
    upload(duty.client)
    upload(duty.client)
    ReportList.objects.update(uploaded_at=Now() - report_lists.KEPT - timedelta(minutes=1))
    press(duty.client, "file")
    purge.run_if_due()
    file_steps()
    assert (ReportList.objects.get().is_done, Report.objects.count()) == (True, 2)


def test_a_list_is_removed_before_it_is_filed_and_stays_while_it_is(duty: Person) -> None:
    upload(duty.client)
    press(duty.client, "file")
    press(duty.client, "remove")
    file_steps()
    assert Report.objects.count() == 2
    press(duty.client, "remove")
    assert not ReportList.objects.exists()


def test_another_site_uploads_nothing(duty: Person) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = duty.client.cookies
    assert upload(strict).status_code == 403
    assert not ReportList.objects.exists()
