"""Programs that read the outlets as theirs would: they keep what they have read, and ask for the changes since."""

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import vobject
from django.http import HttpResponse
from pymisp import MISPEvent

from reports.models import SubjectKind
from reports.views.taxii import COLLECTIONS, MEDIA_TYPE
from tests.support.api_program import Program

LISTS = "/api/v1/findings/"
ROOT = "/taxii2/findings/"
MISP = f"{LISTS}misp/"


def get(program: Program, address: str, **headers: str) -> HttpResponse:
    """The answer to the program with its key."""
    asked = {"Authorization": f"Bearer {program.key}"} | headers
    return program.web.get(address, headers=asked)


def parse_csv(answer: HttpResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def parse_contacts(answer: HttpResponse) -> list[Any]:
    assert answer.status_code == 200, answer.content
    return list(vobject.readComponents(answer.content.decode()))


def collection_of(kind: SubjectKind) -> str:
    [found] = [key for key, each in COLLECTIONS.items() if each.kind == kind]
    return f"{ROOT}collections/{found}/"


@dataclass
class Reader(ABC):
    """`known`: what is in force, by its id in the outlet, as the reader knows it after the last poll."""

    program: Program
    known: dict[str, str] = field(default_factory=dict)
    since: str = ""

    @abstractmethod
    def poll(self) -> None: ...

    def learn(self, ident: str, value: str, changed_at: str) -> None:
        """Keep a value; an empty one is taken off."""
        self.known.pop(ident, None)
        if value:
            self.known[ident] = value
        self.since = max(self.since, changed_at)


class CsvReader(Reader):
    def poll(self) -> None:
        query = f"?since={self.since}" if self.since else ""
        for row in parse_csv(get(self.program, f"{LISTS}list.csv{query}")):
            self.learn(row["id"], row["value"], row["changed_at"])


class ContactReader(Reader):
    def poll(self) -> None:
        query = f"?since={datetime.fromisoformat(self.since).isoformat()}" if self.since else ""
        for card in parse_contacts(get(self.program, f"{LISTS}numbers.vcf{query}")):
            value = card.tel.value if hasattr(card, "tel") else ""
            self.learn(card.uid.value, value, card.rev.value)


class WholeReader(Reader):
    """Begins anew at each poll."""

    def poll(self) -> None:
        self.known.clear()
        self.since = ""
        super().poll()


class WholeCsvReader(WholeReader, CsvReader): ...


class WholeContactReader(WholeReader, ContactReader): ...


class TaxiiReader(Reader):
    def poll(self) -> None:
        query = f"?added_after={self.since}" if self.since else ""
        answer = get(
            self.program, f"{collection_of(SubjectKind.NUMBER)}objects/{query}", Accept=MEDIA_TYPE
        )
        assert answer.status_code == 200, answer.content
        for each in json.loads(answer.content).get("objects", ()):
            value = "" if each.get("revoked") else each["pattern"]
            self.learn(each["id"], value, answer.headers["X-TAXII-Date-Added-Last"])


class MispReader(Reader):
    def poll(self) -> None:
        for event in self._load_changed_events():
            for attribute in event.attributes:
                value = "" if attribute.deleted else attribute.value
                self.learn(attribute.uuid, value, str(int(event.timestamp.timestamp())))

    def _load_changed_events(self) -> Iterator[MISPEvent]:
        manifest = json.loads(get(self.program, f"{MISP}manifest.json").content)
        for ident, described in manifest.items():
            if described["timestamp"] > self.since:
                event = MISPEvent()
                event.load(get(self.program, f"{MISP}{ident}.json").content.decode())
                yield event


READERS = (WholeCsvReader, CsvReader, WholeContactReader, ContactReader, TaxiiReader, MispReader)
READ_LISTS = {
    "list.csv",
    "numbers.vcf",
}  # of the registry; a list that nobody reads here is a fault
