"""Marks that a resident leaves, and the search for them in every place where bytes come to lie.

A mark is short and of chance, so that no compression hides it, and it is looked for as it stands,
as hexadecimal digits and inside base64.
"""

import os
import re
import secrets
import socket
import threading
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from string import ascii_lowercase
from urllib.request import Request

from tests.support.portal_process import Page, Visitor


def make_word() -> str:
    """Return a mark of letters alone: a page masks what could be somebody's number."""
    return "moc" + "".join(secrets.choice(ascii_lowercase) for _ in range(16))


def make_number(head: str, many: int) -> str:
    return head + "".join(secrets.choice("123456789") for _ in range(many))


def encode_mark(mark: str) -> set[bytes]:
    """Return a mark as it may be written down."""
    plain = mark.encode()
    hexed = plain.hex().encode()
    shifted = (b64encode(b"\0" * shift + plain + b"\0\0") for shift in range(3))
    inside = {text[4 if at else 0 : -4].strip(b"=") for at, text in enumerate(shifted)}
    return {plain, hexed, hexed.upper(), mark.encode("utf-16-le"), *inside}


def walk_files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield each folder and file with its content; whoever works there may take one away meanwhile."""
    for where, folders, files in os.walk(folder):
        yield from ((Path(where, name), b"") for name in folders)
        for path in (Path(where, name) for name in files):
            with suppress(FileNotFoundError):
                yield path, path.read_bytes() if path.is_file() and not path.is_symlink() else b""


LINKS = "//@href[not(starts-with(., 'tel:'))]|//@action|//@src"  # what is dialled is no address


class Search:
    """Where which of the marks stand, by their names."""

    def __init__(self, marks: dict[str, str]) -> None:
        self.names = {form: name for name, mark in marks.items() for form in encode_mark(mark)}
        self.pattern = re.compile(b"|".join(map(re.escape, self.names)))

    def find_marks(self, data: bytes) -> set[str]:
        return {self.names[form] for form in self.pattern.findall(data)}

    def search_folder(self, folder: Path) -> dict[str, set[str]]:
        """Return the files that hold a mark, each with which; their names are searched as well."""
        marks = {}
        for path, content in walk_files(folder):
            name = str(path.relative_to(folder))
            marks[name] = self.find_marks(content) | self.find_marks(name.encode())
        return {name: names for name, names in marks.items() if names}

    def search_pages(self, pages: Iterable[Page]) -> set[tuple[str, str]]:
        """Return addresses and headers with a mark, and bodies that hold one and may be stored."""
        places = set()
        for page in pages:
            texts = {"address": page.address, "headers": str(page.headers)}
            control = page.headers.get("Cache-Control", "")
            is_given_back = page.status >= 400 and control == "private, no-cache"  # ADR 0051
            if "no-store" not in control and not is_given_back:
                texts["a page that is stored"] = page.text
            texts["a link"] = " ".join(map(str, page.tree.xpath(LINKS)))
            for place, text in texts.items():
                places |= {(place, mark) for mark in self.find_marks(text.encode())}
        return places


class Browser(Visitor):
    """Remembers each page as a browser's history would."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        self.seen: list[Page] = []

    def _ask(self, request: Request) -> Page:
        page = super()._ask(request)
        self.seen.append(page)
        return page


@contextmanager
def monitor_valkey(address: Path) -> Iterator[bytearray]:
    """Yield every command that Valkey gets during the block."""
    heard, ended = bytearray(), threading.Event()
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(address))
        line.settimeout(0.2)
        line.sendall(b"MONITOR\r\n")

        def listen() -> None:
            while not ended.is_set():
                try:
                    heard.extend(line.recv(65536))
                except TimeoutError:
                    continue

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            yield heard
        finally:
            ended.set()
            listener.join()
