"""CAP documents, checked against their schema."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import xmlschema
from hypothesis import strategies as st
from lxml import etree

from alerts.models import AlertRevision
from tests.support.alert_factories import HOSTILE

SCHEMA = Path(__file__).parents[1] / "data" / "xsd" / "cap-1.2.xsd"

NAMES = {"cap": "urn:oasis:names:tc:emergency:cap:1.2"}

BY_LXML = etree.XMLSchema(etree.parse(str(SCHEMA)))

BY_XMLSCHEMA = xmlschema.XMLSchema(str(SCHEMA))


def parse_valid(message: bytes) -> etree._Element:
    """Return the message as a tree; both programs find it valid."""
    root = etree.fromstring(message)
    BY_LXML.assertValid(root)
    BY_XMLSCHEMA.validate(message.decode())
    return root


def texts(root: etree._Element, path: str) -> list[str]:
    """Return the texts of all elements on a path of local names."""
    steps = "/".join(f"cap:{step}" for step in path.split("/"))
    return [element.text or "" for element in root.findall(f".//{steps}", NAMES)]


TEMPLATE: dict[str, Any] = {
    "slug": "x", "title": "x", "short_title": "x", "summary": "x", "advice": [], "steps": [],
    "sms": "", "sms_share": "", "loudspeaker": "", "audience": "", "scenario": "",
    "urgency": "Expected", "severity": "Moderate", "certainty": "Observed",
    "response_type": ["Avoid"], "reviewed_on": None,
    "document": {
        "number": "", "dated": None, "office": "", "subject": "", "recipients": [], "note": "",
    },
    "message": {
        "identifier": "TH-PV01-2026-0001-1", "sender": "portal.example",
        "sent": "2026-11-24T08:00:00+07:00", "msg_type": "Alert", "version": 1, "references": [],
        "effective": "2026-11-24T08:00:00+07:00", "expires": None,
        "web": "https://portal.example/canh-bao/x/", "ending": "",
    },
}  # fmt: skip

ODD = [HOSTILE, "\x00\x0b\ufffe", "\u202eđảo", "a\u200bb", "😀" * 20, "]]>", "&amp;"]

WORDS = st.one_of(st.sampled_from(ODD), st.text(min_size=1, max_size=160))


def changed(revision: AlertRevision, values: Mapping[str, Any]) -> AlertRevision:
    """Return the revision with other words, as raw JSON could hold them."""
    revision.content = revision.content | dict(values)
    revision.__dict__.pop("frozen_content", None)
    return revision


def of_words(*names: str) -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries(dict.fromkeys(names, WORDS))


SOUND = {"sha256": "ab" * 32, "sha1": "ab" * 20, "size": 60_000, "seconds": 30}


@st.composite
def hostile(draw: st.DrawFn) -> AlertRevision:
    """Draw a revision of any words, in force, cancelled or withdrawn."""
    english = draw(of_words("title", "summary"))
    ending = draw(st.sampled_from(["", "over", "error"]))
    kind = "Cancel" if ending else "Alert"
    message = TEMPLATE["message"] | {"msg_type": kind, "ending": ending}
    values = draw(of_words("title", "short_title", "summary", "sms_share", "scenario")) | {
        "advice": draw(st.lists(WORDS, min_size=1, max_size=3)),
        "steps": [draw(of_words("title", "text", "quote"))],
        "document": TEMPLATE["document"] | draw(of_words("number", "subject", "note")),
        "english": english | {"advice": [draw(WORDS)]},
        "translations": [
            draw(of_words("title", "summary", "loudspeaker", "reader"))
            | {"language": "hmn", "advice": [draw(WORDS)], "sound": SOUND}
        ],
        "communes": [{"codename": "x", "code": "12345", "name": draw(WORDS)}],
        "message": message,
    }
    sent = datetime.fromisoformat(message["sent"])
    bare = AlertRevision(
        identifier=message["identifier"], version=1, msg_type=kind, sent=sent, effective=sent,
        content=dict(TEMPLATE), content_hash="ab" * 32,
    )  # fmt: skip
    return changed(bare, values)
