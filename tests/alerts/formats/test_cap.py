"""CAP 1.2: valid by the standard's own schema, as two programs check it, whatever is written."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from lxml import etree

from alerts.formats import cap
from alerts.models import AlertRevision
from alerts.models.content import EnglishContent, ImpersonatedOffice, Place
from tests.support.alert_factories import (
    IN_ENGLISH,
    cancelled,
    commune,
    issued,
    rewritten,
    withdrawn,
)
from tests.support.cap_documents import TEMPLATE, changed, hostile, parse_valid, texts

pytestmark = pytest.mark.django_db


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


def test_a_warning_that_is_over_says_that_all_is_clear() -> None:
    root = render(cancelled(issued()))
    assert texts(root, "msgType") == ["Cancel"]
    assert texts(root, "note") == ["Cảnh báo này đã hết hiệu lực."]
    assert texts(root, "responseType") == ["AllClear"]
    assert texts(root, "headline")[0].startswith("Hết hiệu lực: ")


def test_a_withdrawn_warning_is_not_told_again() -> None:
    revision = withdrawn(issued(summary="Điều sai.", **IN_ENGLISH))
    text = cap.render_cap_message(revision).decode()
    root = parse_valid(text.encode())
    assert "Điều sai." not in text
    assert "They threaten" not in text
    assert texts(root, "responseType") == ["None", "None"]


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
