"""The resident's pages as a browser without script uses them."""

from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from lxml import html

from reports.models import Report
from reports.submission import intake
from reports.submission.intake import ReportSubmission

REPORT = "/bao-cao/"
RECEIPT = "/bao-cao/da-nhan/"
TRACK = "/theo-doi/"
FOREIGN_ORIGIN = {"Origin": "https://ke-gian.example"}


@dataclass(frozen=True)
class Resident:
    """A person in front of a browser who has sent a report and holds its code."""

    client: Client
    report: Report
    code: str

    def post(self, path: str, headers: dict[str, str] | None = None, **fields: Any) -> Any:
        """Send a form of the page about the report."""
        typed = {"code": self.code, "submission_key": "a-key-of-this-page", **fields}
        return self.client.post(path, typed, headers=headers)

    def read_status(self) -> str:
        """Return the words of the page about the report."""
        answer = self.client.post(TRACK, {"code": self.code})
        assert answer.status_code == 200
        return words(answer.content)


def create_resident(client: Client, **typed: Any) -> Resident:
    accepted = intake.submit_report(ReportSubmission(**typed), "a-key-of-the-browser")
    return Resident(client, accepted.report, str(accepted.code))


def hidden(client: Client) -> dict[str, str]:
    """The hidden fields of a fresh report page."""
    return hidden_of(client.get(REPORT).content)


def hidden_of(page: bytes) -> dict[str, str]:
    tree = html.document_fromstring(page)
    return {field.name: field.value for field in tree.xpath("//input[@type='hidden']")}


def send(client: Client, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    """Open the page, fill it in, press the button."""
    return client.post(REPORT, {**hidden(client), **fields}, headers=headers)


def value(page: bytes, name: str) -> Any:
    """What stands in a text field of the page."""
    field = html.document_fromstring(page).xpath(f"//*[@name='{name}']")[0]
    return (field.value or "").removeprefix("\n")  # as HTML says of the first line of a textarea


def checked(page: bytes, name: str) -> list[str]:
    boxes = html.document_fromstring(page).xpath(f"//input[@name='{name}']")
    return [box.get("value") for box in boxes if box.checked]


def words(page: bytes) -> str:
    """What a person reads, with single spaces."""
    return " ".join(html.document_fromstring(page).text_content().split())


def read_receipt(client: Client, **fields: Any) -> bytes:
    """Send a report that says this, and return its receipt."""
    send(client, **{"story": "Họ xưng công an, bảo tôi chuyển tiền.", **fields})
    return bytes(client.get(RECEIPT).content)


def code_of(page: bytes) -> str:
    """The receipt code that a page shows."""
    tree = html.document_fromstring(page)
    return "".join(tree.xpath("//ul[@class='code']//b/text()"))


def form_with(code: str, *pictures: bytes) -> tuple[bytes, dict[str, str]]:
    """The body that a browser makes of the form for files, and its headers."""
    chosen = [SimpleUploadedFile("a.jpg", picture) for picture in pictures]
    return encode_multipart(BOUNDARY, {"code": code, "files": chosen}), {
        "Content_Type": MULTIPART_CONTENT
    }
