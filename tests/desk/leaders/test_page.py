"""The leaders' page: each figure counted a second time in plain SQL, and each as long as its list."""

import io
import re
from datetime import timedelta
from typing import Any

import docx
import pytest
from django.utils import timezone
from lxml import html
from pypdf import PdfReader

from core.models import AuditEvent
from desk.leaders import sheet, tiles
from reports.models import Campaign, DailyCount
from reports.monitoring import daily_counts
from tests.support import busy_week, report_factories
from tests.support.desk_pages import statements, tree, words
from tests.support.officers import Person, log_in

pytestmark = pytest.mark.django_db
PAGE, PAPER = "/admin/leaders/", "/admin/leaders/paper/"


@pytest.fixture
def campaign(lead: Person) -> Campaign:
    """The one that spreads, of a week that is counted."""
    spreading = busy_week.fill(lead.user)
    daily_counts.update_daily_counts()
    return spreading


def load(**options: Any) -> sheet.Sheet:
    return sheet.load_sheet(busy_week.last_week().first, is_month=False, **options)


def list_length(person: Person, address: str) -> int:
    """The rows of a list, asked for as its link is."""
    response = person.client.get(address)
    assert response.status_code == 200, address
    return int(response.context["cl"].result_count)


def counted_by(figure: sheet.Figure) -> int:
    """What a figure counts: of a sum, the reports named beside it."""
    of_sum = re.search(r"([0-9.]+) tin$", figure.label)
    return int((of_sum[1] if of_sum else figure.value).replace(".", ""))


@pytest.mark.usefixtures("campaign")
def test_each_figure_is_what_a_plain_query_counts_and_what_was_laid_down() -> None:
    totals = load().now.totals
    assert {name: totals[name] for name in busy_week.EXPECTED} == busy_week.EXPECTED
    plain = {name: busy_week.count_plainly(name) for name in busy_week.PLAIN}
    assert plain == busy_week.EXPECTED


@pytest.mark.usefixtures("campaign")
def test_kinds_and_communes_are_those_that_were_laid_down() -> None:
    figures = load().now
    assert (+figures.kinds, +figures.homes) == (busy_week.KINDS, busy_week.HOMES)
    of_one = load(kind="bank").now
    assert +of_one.homes == {busy_week.THERE: 1}


def test_each_figure_is_as_long_as_the_list_that_it_opens(lead: Person, campaign: Campaign) -> None:
    found = load()
    figures = [each for _, group in found.list_groups() for each in group]
    figures = [*figures, *found.list_numbers()]
    agencies = next(each for each in figures if "cơ quan" in each.label)
    counted = [each for each in figures if each != agencies]
    shown = {each.label: counted_by(each) for each in counted}
    assert shown == {each.label: list_length(lead, each.url) for each in counted}
    assert agencies.change in words(lead.client.get(agencies.url))
    assert found.campaigns == [campaign]


@pytest.mark.usefixtures("campaign")
def test_each_cell_is_as_long_as_the_list_that_it_opens(lead: Person) -> None:
    found = load()
    cells = [cell for kind, weeks in found.list_kinds() for cell in (kind, *weeks) if cell.count]
    cells += [cell for cell in found.list_communes().values() if cell.count]
    assert {cell.url: cell.count for cell in cells} == {
        cell.url: list_length(lead, cell.url) for cell in cells
    }
    assert sum(cell.count for cell in cells if cell.name == "Máy chưa đọc") == 1


def test_the_communes_that_rose_most_come_first() -> None:
    week = busy_week.last_week()
    for day, homes in (
        (week.first, {"a": 9, "b": 4, "c": 1}),
        (week.first - timedelta(days=1), {"a": 8, "c": 2}),
    ):
        DailyCount.objects.create(day=day, received=9, figures={"homes": homes})
    for codename in "abc":
        report_factories.unit()
        busy_week.alert_factories.commune(codename, f"Xã {codename.upper()}")
    assert [(cell.name, cell.rise) for cell in load().list_risers()] == [("Xã B", 4), ("Xã A", 1)]


def test_a_week_that_lasts_is_compared_with_as_many_days() -> None:
    today = timezone.localdate()
    found = sheet.load_sheet(today, is_month=False)
    assert found.period.last == today
    assert len(found.period.list_days()) == len(found.before.list_days())
    month = sheet.load_sheet(today, is_month=True)
    assert (month.period.first.day, month.before.first.day) == (1, 1)


@pytest.mark.usefixtures("campaign")
def test_a_lead_reads_the_week_follows_a_figure_and_takes_the_paper(lead: Person) -> None:
    start = tree(lead.client.get("/admin/"))
    (link,) = start.xpath("//a[starts-with(normalize-space(), 'Số liệu cho lãnh đạo')]/@href")
    page = tree(lead.client.get(link))
    (received,) = page.xpath("//ul[@class='five']//p[contains(., 'tin đã nhận')]/a")
    assert received.text_content() == "14"
    assert list_length(lead, received.get("href")) == 14
    assert "Máy đọc 130 đồng" not in words(lead.client.get(link))
    for kind, read in (("pdf", read_pdf), ("docx", read_docx)):
        paper = lead.client.post(PAPER, {kind: "", "day": str(busy_week.last_week().first)})
        text = " ".join(read(paper.content).split())
        assert "14 tin đã nhận" in text
        assert "60 đồng trong đó đã có người xác nhận" in text
    events = AuditEvent.objects.filter(kind="figures_exported", actor=lead.user)
    assert [each.detail["format"] for each in events.order_by("id")] == ["pdf", "docx"]


def read_pdf(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def read_docx(content: bytes) -> str:
    return "\n".join(each.text for each in docx.Document(io.BytesIO(content)).paragraphs)


def test_a_wrong_day_gets_a_sentence_and_last_week(lead: Person) -> None:
    for day in ("hôm qua", "1999-01-01", "9999-12-31", ""):
        answer = lead.client.get(PAGE, {"day": day, "unit": "x", "kind": "không có"})
        assert answer.status_code == 200
        assert busy_week.last_week().label in words(answer)
        assert tree(answer).xpath("//ul[contains(@class, 'errorlist')]/li")
    assert lead.client.post(PAPER, {"day": "\0"}).status_code == 200


def test_a_unit_and_who_lost_the_right_see_nothing(lead: Person, duty: Person) -> None:
    member = log_in(report_factories.create_unit_officer(report_factories.unit(), role="lead"))
    assert member.get(PAGE).status_code == 403
    assert duty.client.get(PAGE).status_code == 200
    duty.revoke("view_dailycount")
    assert duty.client.get(PAGE).status_code == 403
    assert "Số liệu cho lãnh đạo" not in duty.read_page("/admin/")


@pytest.mark.usefixtures("campaign")
def test_the_page_asks_few_statements(lead: Person) -> None:
    lead.client.get(PAGE)
    assert len(statements(lead.client, PAGE)) <= 12
    assert len(statements(lead.client, PAGE, unit="month", kind="bank")) <= 12


@pytest.mark.usefixtures("campaign")
def test_every_commune_of_the_province_has_a_tile_of_its_own(lead: Person) -> None:
    places = tiles.load_places()
    assert len(set(places.values())) == len(places) == 166
    page = html.tostring(tree(lead.client.get(PAGE)), encoding="unicode")
    assert "Bảng số theo xã, phường" in page
