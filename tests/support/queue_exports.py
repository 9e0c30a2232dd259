"""Exports of the queue, fetched and parsed."""

import csv
import io
import zipfile
from typing import Any
from xml.etree import ElementTree as ET

from tests.support.desk_pages import QUEUE
from tests.support.officers import PASSWORD, Person

PAGE = f"{QUEUE}export/"

TAG = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def as_csv(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def as_xlsx(content: bytes) -> list[list[str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314
    return [["".join(cell.itertext()) for cell in row] for row in sheet.iter(f"{TAG}row")]


def exported(person: Person, query: str = "?viec=all", **given: Any) -> list[list[str]]:
    """The rows of an export, its header first."""
    given = {"format": "csv", "confirm_proof": PASSWORD} | given
    answer = person.client.post(PAGE + query, given)
    assert answer.status_code == 200
    content = b"".join(answer.streaming_content)  # type: ignore[arg-type]
    return as_xlsx(content) if given["format"] == "xlsx" else as_csv(content)
