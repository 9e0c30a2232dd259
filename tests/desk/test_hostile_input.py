"""Forged addresses and posts at the desk: told or not found, never an error of ours."""

import csv
import io
from itertools import chain

import pytest
from django.contrib.auth.models import User

from core import spreadsheets
from core.models import AuditEvent
from desk.models import SavedSearch
from desk.reports import saved_searches
from reports.models import CalendarException, NumberFinding
from reports.numbers import findings
from tests.support import report_factories
from tests.support.officers import Person, create_officer, log_in

pytestmark = pytest.mark.django_db

NO_KEYS = ["x", "\0", "9" * 40, ""]


@pytest.mark.parametrize(
    "page",
    [
        "auth/user/a%00b/change",
        "reports/numberfinding/a%00b/change",
        "core/proposal/a%00b/change",
        "reports/campaign/code/%00",
    ],
)
def test_an_address_with_nul_is_a_page_that_there_is_not(lead: Person, page: str) -> None:
    assert lead.client.get(f"/admin/{page}/").status_code in {302, 404}


def test_no_page_completes_typed_letters_to_names(lead: Person) -> None:
    field = {"app_label": "core", "model_name": "auditevent", "field_name": "actor"}
    assert lead.client.get("/admin/autocomplete/", {"term": "l"} | field).status_code == 403


@pytest.mark.parametrize("typed", NO_KEYS)
@pytest.mark.parametrize("action", ["close_many", "assign_many", "reprocess_selected"])
def test_a_ticked_row_that_is_none_is_left_out(lead: Person, action: str, typed: str) -> None:
    report = report_factories.case("Họ xưng công an.").report
    chosen = {"action": action, "_selected_action": [typed, str(report.pk)]}
    answer = lead.client.post("/admin/reports/report/", chosen)
    assert answer.status_code in {200, 302}
    assert action == "reprocess_selected" or report.public_number in answer.content.decode()


@pytest.mark.parametrize("typed", NO_KEYS)
def test_rows_with_numbers_for_keys_are_read_alike(lead: Person, typed: str) -> None:
    chosen = {"action": "delete_selected", "_selected_action": typed}
    answer = lead.client.post("/admin/reports/calendarexception/", chosen)
    assert answer.status_code in {200, 302, 403}
    assert not CalendarException.objects.exists()


def test_a_reason_with_nul_closes_an_account_without_it(lead: Person) -> None:
    other = create_officer("khac", "duty")
    address = f"/admin/auth/user/{other.pk}/close/"
    assert lead.client.post(address, {"reason": "nghỉ\0việc"}).status_code == 303
    assert not User.objects.get(pk=other.pk).is_active
    assert AuditEvent.objects.get(kind="account_closed").detail["reason"] == "nghỉviệc"


@pytest.mark.parametrize("page", ["", "looks/"])
@pytest.mark.parametrize("asked", ["until=31/12/9999", "since=01/01/0001"])
def test_a_day_beyond_the_calendar_is_told(lead: Person, page: str, asked: str) -> None:
    answer = lead.client.get(f"/admin/core/auditevent/{page}?{asked}")
    assert answer.status_code == 200
    assert "Chưa đọc được ngày" in answer.content.decode()


@pytest.mark.parametrize("asked", ["title=Gọi+ngay", "effective=x", "expires=x&summary=Gọi+ngay"])
def test_no_link_puts_words_into_a_new_warning(editor: Person, asked: str) -> None:
    answer = editor.client.get(f"/admin/alerts/alert/add/?{asked}")
    assert answer.status_code == 200
    assert "Gọi ngay" not in answer.content.decode()


def test_a_reason_with_nul_takes_a_finding_back(lead: Person) -> None:
    proposal = findings.validate_finding("0550 000 123", "confirmed", "nhiều tin", by=lead.user)
    row = findings.store_proposal(proposal)
    address = f"/admin/reports/numberfinding/{row.pk}/withdraw/"
    assert lead.client.post(address, {"reason": "nhầm\0"}).status_code == 303
    assert NumberFinding.objects.get().withdrawn_by == lead.user
    assert lead.client.post(address, {"reason": "\0"}).status_code == 303


def test_who_works_at_a_unit_is_not_shown_what_others_share(lead: Person) -> None:
    here, there = report_factories.unit(), report_factories.unit("Công an xã Kiên Thọ")
    reader, near, far = (
        report_factories.create_unit_officer(unit, name)
        for name, unit in (("doc", here), ("gan", here), ("xa", there))
    )
    for owner in (lead.user, near, far):
        SavedSearch.objects.create(owner=owner, name=owner.username, query="q=a", is_shared=True)
    page = log_in(reader).get("/admin/").content.decode()
    assert [name in page for name in (">gan<", ">xa<", ">lead<")] == [True, False, False]
    assert saved_searches.visible_searches(lead.user).count() == 3


@pytest.mark.parametrize("start", ["=1", "@x", '"=1', " -1", "\n+1", "＝1"])
@pytest.mark.parametrize("cut", [";", "\n", "\t", "\r"])
def test_a_spreadsheet_that_cuts_at_other_characters_runs_nothing(cut: str, start: str) -> None:
    file = io.BytesIO()
    spreadsheets.write_csv(file, [["26-0000", f"lời kể{cut}{start};hết", "x"]])
    text = file.getvalue().decode("utf-8-sig")
    for delimiter in ";\t":
        cells = chain.from_iterable(csv.reader(io.StringIO(text), delimiter=delimiter))
        assert not [cell for cell in cells if spreadsheets.is_formula(cell.strip('"'))]
