"""The leaders' page: each figure counted a second time in plain SQL, and each as long as its list."""

import io
import re
from datetime import date, timedelta
from math import cos, radians
from typing import Any
from urllib.parse import unquote

import docx
import pytest
from django.utils import timezone
from lxml import html
from pypdf import PdfReader

from core.models import AuditEvent
from core.province import province
from desk.leaders import commune_map, sheet
from reports.models import Campaign, DailyCount
from reports.monitoring import daily_counts
from reports.reference import gazetteer
from tests.support import alert_factories, busy_week, report_factories
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
    context = response.context
    return len(context["lines"]) if "lines" in context else int(context["cl"].result_count)


def counted_by(figure: sheet.Figure) -> int:
    """What a figure counts: of a sum, the reports named beside it."""
    of_sum = re.search(r"([0-9.]+) tin$", figure.label)
    return int(of_sum[1]) if figure.is_money and of_sum else figure.now


@pytest.mark.usefixtures("campaign")
def test_each_figure_is_what_was_laid_down_and_what_a_plain_query_counts() -> None:
    now, _ = load().figures
    assert {name: now[name] for name in busy_week.EXPECTED} == busy_week.EXPECTED
    plain = {name: busy_week.count_plainly(name) for name in busy_week.PLAIN}
    assert plain == busy_week.EXPECTED


@pytest.mark.usefixtures("campaign")
def test_kinds_and_communes_are_those_that_were_laid_down() -> None:
    found, of_one = load(), load(kind="bank")
    kinds = {figure.label: figure.now for figure, _ in found.list_kinds()}
    assert kinds == busy_week.KINDS
    assert {key: each.now for key, each in found.communes.items() if each.now} == busy_week.HOMES
    homes = {key: each.now for key, each in of_one.communes.items() if each.now}
    assert homes == {busy_week.THERE: 1}


def test_each_figure_is_as_long_as_the_list_that_it_opens(lead: Person, campaign: Campaign) -> None:
    found = load()
    figures = [each for _, group in found.list_groups() for each in group]
    lists = {each.label: each for each in (*figures, *found.list_decisions())}
    spreading = lists.pop("đợt từ 3 tin, nhiều hơn kỳ trước")
    assert {name: counted_by(each) for name, each in lists.items()} == {
        name: list_length(lead, each.url) for name, each in lists.items()
    }
    assert (spreading.now, [each.label for each in found.spreading]) == (1, [str(campaign)])
    assert spreading.change == ""  # the period before has no such count
    assert found.agencies == "Báo Mẫu, Sở Mẫu"
    deployed = words(lead.client.get(lists["Cơ quan xác nhận đã triển khai"].url))
    assert all(agency in deployed for agency in ("Báo Mẫu", "Sở Mẫu"))


@pytest.mark.usefixtures("campaign")
def test_each_cell_is_as_long_as_the_list_that_it_opens(lead: Person) -> None:
    found = load()
    cells = [cell for kind, weeks in found.list_kinds() for cell in (kind, *weeks)]
    cells = [cell for cell in (*cells, *found.communes.values()) if cell.now]
    assert {cell.url: cell.now for cell in cells} == {
        cell.url: list_length(lead, cell.url) for cell in cells
    }


def test_the_communes_that_rose_most_come_first() -> None:
    first = busy_week.last_week().first
    homes = {"home:a": 9, "home:b": 4, "home:c": 1}, {"home:a": 8, "home:c": 2}
    for day, figures in zip((first, first - timedelta(days=1)), homes, strict=True):
        DailyCount.objects.create(day=day, received=9, figures=figures)
    for codename in "abc":
        alert_factories.commune(codename, f"Xã {codename.upper()}")
    gazetteer.clear_cache()
    assert [(each.label, each.rise) for each in load().list_risers()] == [("Xã B", 4), ("Xã A", 1)]


def test_a_week_that_lasts_is_compared_with_as_many_days() -> None:
    today = timezone.localdate()
    found = sheet.load_sheet(today, is_month=False)
    assert found.period.last == today
    assert len(found.period.list_days()) == len(found.before.list_days())
    month = sheet.load_sheet(today, is_month=True)
    assert (month.period.first.day, month.before.first.day) == (1, 1)


def test_the_last_column_of_a_finished_month_is_its_whole_week() -> None:
    for day in ("2026-10-31", "2026-11-01"):  # a Saturday, and the Sunday of that week
        DailyCount.objects.create(day=day, received=1, figures={"counted": 1, "kind:bank": 1})
    ((kind, weeks),) = sheet.load_sheet(date(2026, 10, 15), is_month=True).list_kinds()
    assert (kind.now, weeks[-1].now) == (1, 2)
    assert "2026-10-26..2026-11-01" in unquote(weeks[-1].url)


@pytest.mark.usefixtures("campaign")
def test_a_lead_reads_the_week_follows_a_figure_and_takes_the_paper(lead: Person) -> None:
    start = tree(lead.client.get("/admin/"))
    (link,) = start.xpath("//a[starts-with(normalize-space(), 'Số liệu cho lãnh đạo')]/@href")
    page = tree(lead.client.get(link))
    (received,) = page.xpath("//ul[@class='five']//p[contains(., 'tin đã nhận')]/a")
    assert received.text_content() == "14"
    assert list_length(lead, received.get("href")) == 14
    for kind, read in (("pdf", read_pdf), ("docx", read_docx)):
        paper = lead.client.post(PAPER, {kind: "", "day": str(busy_week.last_week().first)})
        text = " ".join(read(paper.content).split())
        assert "tin đã nhận: 14; kỳ trước 1, tăng 13" in text
        assert "trong đó đã có người xác nhận, 2 tin: 60 đồng" in text
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
    shapes = commune_map.load_map(province.folder).shapes
    assert len({shape.path for shape in shapes.values()}) == len(shapes) == 166
    page = html.tostring(tree(lead.client.get(PAGE)), encoding="unicode")
    assert "Bảng số theo xã, phường" in page


def test_boundaries_are_drawn_where_the_province_has_them() -> None:
    """North above, a kilometre as long either way, a hole and an island with their commune."""
    island, hole = [(107.0, 19.0), (107.0, 19.1), (107.1, 19.1), (107.0, 19.0)], [(106.4, 19.4)] * 4
    south = [(106.0, 19.0), (107.0, 19.0), (107.0, 20.0), (106.0, 20.0), (106.0, 19.0)]
    north = [(106.0, 20.0), (106.5, 20.0), (106.5, 21.0), (106.0, 20.0)]
    drawn = commune_map.draw_boundaries({"xa_nam": [south, hole, island], "xa_bac": [north]})
    assert (drawn.width, drawn.height) == (1000, round(2 * 1000 / (1.1 * cos(radians(20)))))
    assert drawn.shapes["xa_nam"].path.count("Z") == 2
    assert drawn.shapes["xa_bac"].y < drawn.height / 2 < drawn.shapes["xa_nam"].y
