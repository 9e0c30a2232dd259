"""The desk's pages as an officer's browser uses them."""

from typing import Any

from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from reports.models import Case, Report
from tests.support.officers import Person
from tests.support.report_factories import WORDS

QUEUE = "/admin/reports/report/"
STORY = "Sáng nay có người xưng là phó giám đốc sở gọi, dặn không được nói với ai, đòi chuyển tiền."


def page_of(report: Report, name: str = "change") -> str:
    """Return the address of a report's page, or of one of its buttons."""
    return f"{QUEUE}{report.pk}/{name}/"


def tree(response: Any) -> html.HtmlElement:
    return html.document_fromstring(response.content.decode())


def open_page(client: Client, report: Report) -> html.HtmlElement:
    response = client.get(page_of(report))
    assert response.status_code == 200
    return tree(response)


def words(response: Any) -> str:
    """Return what a person reads, with single spaces."""
    return " ".join(" ".join(tree(response).itertext()).split())


def press(client: Client, report: Report, verb: str, **typed: Any) -> HttpResponse:
    """Press a button of a page that shows the case as it stands now."""
    data = {"version": Case.objects.get(report=report).version, **WORDS[verb], **typed}
    return client.post(page_of(report, verb), data)  # type: ignore[return-value]


def save_facts(person: Person, report: Report, **typed: Any) -> HttpResponse:
    """Save the form as the page shows it, with what was typed and ticked."""
    data: dict[str, Any] = {}
    for name, value in facts_form(person, report).form_values():
        data.setdefault(name, []).append(value)
    return person.client.post(page_of(report, "facts"), data | typed)  # type: ignore[return-value]


def facts_form(person: Person, report: Report) -> html.FormElement:
    return open_page(person.client, report).get_element_by_id("facts")


def rows_of(person: Person, report: Report) -> dict[str, str]:
    """What the machine read, by the names of the rows."""
    rows = open_page(person.client, report).find_class("reading")
    return {
        row.find("dt").text_content(): " ".join(row.find("dd").text_content().split())
        for row in rows
    }


def list_reports(client: Client, query: str = "", **parameters: str) -> list[Report]:
    """Return the reports of the queue's page, in their order."""
    response = client.get(f"{QUEUE}{query}", parameters or None)
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def statements(client: Client, address: str, **query: str) -> list[str]:
    """Return the statements of a page; a test's savepoint is a request's BEGIN and COMMIT."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address, query or None).status_code == 200
    every = [each["sql"] for each in queries.captured_queries]
    return [sql for sql in every if "SAVEPOINT" not in sql]


def banner(client: Client, address: str = "/admin/") -> str:
    """What the banner says; empty without one."""
    boxes = tree(client.get(address)).find_class("alarms")
    return " ".join(" ".join(box.text_content() for box in boxes).split())
