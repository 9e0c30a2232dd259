"""The resident's pages as a browser without script uses them."""

from typing import Any

from django.test import Client
from lxml import html

REPORT = "/bao-cao/"
RECEIPT = "/bao-cao/da-nhan/"


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


def code_of(page: bytes) -> str:
    """The receipt code that a page shows."""
    tree = html.document_fromstring(page)
    return "".join(tree.xpath("//ul[@class='code']//b/text()"))
