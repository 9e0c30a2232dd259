"""CAP 1.2: valid by the standard's own schema, as two programs check it, whatever is written."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from alerts.formats import cap
from alerts.models import AlertRevision
from alerts.models.content import EnglishContent, ImpersonatedOffice, Place
from tests.support.alert_factories import (
    HOSTILE,
    IN_ENGLISH,
    cancelled,
    commune,
    issued,
    rewritten,
    withdrawn,
)

pytestmark = pytest.mark.django_db
SCHEMA = Path(__file__).parents[2] / "data" / "xsd" / "cap-1.2.xsd"
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


def render(revision: AlertRevision) -> etree._Element:
    return parse_valid(cap.render_cap_message(revision))


def test_a_warning_says_who_sent_what_when_and_for_whom() -> None:
    revision = issued(scenario="power_cut")
    root = render(revision)
    assert texts(root, "identifier") == [revision.identifier]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+07:00", texts(root, "sent")[0])
    assert texts(root, "info/category") == ["Security"]
    assert texts(root, "eventCode/value") == ["OET-050", "power_cut"]
    assert texts(root, "info/contact") == ["02373725725"]
    assert texts(root, "geocode/value") == ["38"]


def test_a_portal_without_https_sends_tests_only() -> None:
    revision = issued()
    assert texts(render(revision), "status") == ["Test"]
    message = revision.content["message"] | {"web": "https://portal.example/canh-bao/x/"}
    assert texts(render(changed(revision, {"message": message})), "status") == ["Actual"]


def test_the_province_is_a_closed_shape_and_a_commune_its_code() -> None:
    whole = render(issued())
    points = texts(whole, "polygon")[0].split()
    assert (points[0], len(points)) == (points[-1], 103)
    place = commune()
    one = render(issued("mot-xa", communes=[place]))
    assert texts(one, "polygon") == []
    assert texts(one, "geocode/value") == ["38", place.code]
    assert texts(one, "areaDesc") == [f"{place.name}, Tỉnh Thanh Hóa"]


def test_each_language_has_its_block_and_none_repeats_another() -> None:
    both = render(issued(expires=timezone.now() + timedelta(days=2), **IN_ENGLISH))
    assert len(texts(both, "info/expires")) == 2
    assert texts(both, "info/language") == ["vi-VN", "en"]
    assert texts(both, "info/headline")[1] == IN_ENGLISH["title_en"]
    alone = {"title": "Same", "summary": "The same.", "title_en": "Same", "summary_en": "The same."}
    repeated = render(issued("same", **IN_ENGLISH | alone))
    assert texts(repeated, "info/language") == ["vi-VN"]


def test_an_update_names_all_that_was_said_before() -> None:
    first = issued()
    second = rewritten(first)
    third = render(rewritten(second))
    assert texts(third, "msgType") == ["Update"]
    named = [reference.split(",")[1] for reference in texts(third, "references")[0].split()]
    assert named == [first.identifier, second.identifier]


def test_a_warning_that_is_over_says_that_all_is_clear_and_why() -> None:
    root = render(cancelled(issued(), reason="Hết đợt."))
    assert texts(root, "msgType") == ["Cancel"]
    assert texts(root, "note") == ["Hết đợt."]
    assert texts(root, "responseType") == ["AllClear"]
    assert texts(root, "headline")[0].startswith("Hết hiệu lực: ")


def test_a_withdrawn_warning_is_not_told_again() -> None:
    revision = withdrawn(issued(summary="Điều sai.", **IN_ENGLISH))
    text = cap.render_cap_message(revision).decode()
    root = parse_valid(text.encode())
    assert "Điều sai." not in text
    assert "They threaten" not in text
    assert texts(root, "responseType") == ["None", "None"]


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
        "web": "https://portal.example/canh-bao/x/", "ending": "", "reason": "",
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


@st.composite
def hostile(draw: st.DrawFn) -> AlertRevision:
    """Draw a revision of any words, in force, cancelled or withdrawn."""
    english, reason = draw(of_words("title", "summary")), draw(WORDS)
    ending = draw(st.sampled_from(["", "over", "error"]))
    kind = "Cancel" if ending else "Alert"
    message = TEMPLATE["message"] | {"msg_type": kind, "ending": ending, "reason": reason}
    values = draw(of_words("title", "short_title", "summary", "sms_share", "scenario")) | {
        "advice": draw(st.lists(WORDS, min_size=1, max_size=3)),
        "steps": [draw(of_words("title", "text", "quote"))],
        "document": TEMPLATE["document"] | draw(of_words("number", "subject", "note")),
        "english": english | {"advice": [draw(WORDS)]},
        "communes": [{"codename": "x", "code": "12345", "name": draw(WORDS)}],
        "message": message,
    }
    sent = datetime.fromisoformat(message["sent"])
    bare = AlertRevision(
        identifier=message["identifier"], version=1, msg_type=kind, sent=sent, effective=sent,
        content=dict(TEMPLATE), content_hash="ab" * 32,
    )  # fmt: skip
    return changed(bare, values)


@settings(max_examples=300, deadline=None)
@given(hostile())
def test_three_hundred_hostile_warnings_are_valid_messages(revision: AlertRevision) -> None:
    assert len(texts(render(revision), "info/headline")[0]) <= 140


def test_messages_from_before_languages_places_and_offices_are_still_read() -> None:
    revision = AlertRevision(content=dict(TEMPLATE))
    content = revision.frozen_content
    assert (content.communes, content.offices) == ((), ())
    assert content.english == EnglishContent()
    render(revision)
    place = {"codename": "hac-thanh", "code": "14758", "name": "Phường Hạc Thành"}
    office = {"codename": "evn", "name": "Điện lực"}
    content = changed(revision, {"communes": [place], "offices": [office]}).frozen_content
    assert content.communes == (Place(**place),)
    assert content.offices == (ImpersonatedOffice(**office),)


def test_the_index_leads_to_each_message_that_stands(client: Client) -> None:
    over = cancelled(issued("mot"))
    stands = issued("hai")
    feed = etree.fromstring(client.get("/canh-bao/cap.xml").content)
    atom = {"atom": "http://www.w3.org/2005/Atom"}
    links = [str(link.get("href")) for link in feed.findall("atom:entry/atom:link", atom)]
    paths = [link.partition("8000")[2] for link in links]
    assert paths == [f"/canh-bao/cap/{each.identifier}.xml" for each in (stands, over)]
    for path in paths:
        parse_valid(client.get(path).content)


def test_old_messages_stay_at_their_address_and_future_ones_are_not_told(client: Client) -> None:
    first = issued()
    rewritten(first)
    later = issued("sau", effective=timezone.now() + timedelta(hours=2))
    names = (first.identifier, later.identifier, "TH-PV01-2020-0001-1")
    statuses = [client.get(f"/canh-bao/cap/{name}.xml").status_code for name in names]
    assert statuses == [200, 404, 404]
