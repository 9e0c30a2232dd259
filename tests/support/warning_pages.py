"""Pages of warnings as a visitor gets them, and what they weigh."""

import gzip
import re
from html import unescape
from pathlib import Path

from django.contrib.staticfiles import finders
from django.core import mail
from django.test import Client


def get_text(client: Client, path: str) -> str:
    """Return the text of a page that is there."""
    response = client.get(path)
    assert response.status_code == 200, path
    return response.content.decode()


def post_text(client: Client, path: str, **fields: str) -> str:
    """Return what a person reads of the response to a form, whatever its status."""
    return unescape(client.post(path, fields).content.decode())


def find_mailed_path(below: str) -> str:
    """Return where the newest mail leads below this path."""
    match = re.search(rf"http\S+?({below}\S+)", mail.outbox[-1].body)
    assert match
    return match[1]


def find_missing(words: list[str], text: str) -> list[str]:
    return [word for word in words if word not in text]


def measure_weight(page: bytes, *, sheets: bool = True) -> int:
    """Return the compressed bytes of a page of a warning, with its style sheets."""
    names = ("portal",) if sheets else ()
    files = [Path(str(finders.find(f"css/{name}.css"))).read_bytes() for name in names]
    return sum(len(gzip.compress(part, 9)) for part in (page, *files))
