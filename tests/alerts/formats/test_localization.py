"""English pages of warnings: English words where somebody wrote them, else the Vietnamese ones and a
sentence that says so.
"""

import json
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.template import engines
from django.test import Client
from django.utils import timezone, translation
from lxml import html

from alerts import publishing
from alerts.drafting import FIRST_SLUG, ensure_first_alert
from alerts.formats import cap
from tests.support.alert_factories import (
    IN_ENGLISH,
    approved,
    cancelled,
    issued,
    person,
    rewritten,
    subscriber,
    withdrawn,
)
from tests.support.deliveries import work
from tests.support.language import vietnamese_words
from tests.support.warning_pages import find_missing, get_text, measure_weight, post_text

pytestmark = pytest.mark.django_db
LIST, PAGE = "/en/canh-bao/", "/en/canh-bao/gia-dien-luc/"
PAGES = [LIST, PAGE, f"{PAGE}lich-su/"]
ONLY = "This warning is only in Vietnamese so far."


def test_a_page_says_in_english_what_to_do_until_when_and_under_which_code(client: Client) -> None:
    with time_machine.travel("2026-11-20T10:00:00+07:00", tick=False):
        revision = issued(expires=timezone.now() + timedelta(days=2), **IN_ENGLISH)
        page = get_text(client, PAGE)
    words = ["In force", "Callers posing as the power company", "They threaten", "<b>Hang up."]
    words += ["In force until", "10:00, 22/11/2026", "version 1", revision.identifier]
    words.append('href="tel:02373725725">02373.725.725</a> to ask')
    assert find_missing([*words, ONLY], page) == [ONLY]
    (steps,) = html.document_fromstring(page).xpath("//ol[@class='steps']")
    assert steps.get("lang") == "vi"
    assert steps.getprevious().text_content() == "This part is only in Vietnamese so far."


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("words", [IN_ENGLISH, {}], ids=["english", "vietnamese"])
def test_what_is_vietnamese_on_an_english_page_says_so(
    client: Client, path: str, words: dict[str, str]
) -> None:
    more = {"document_number": "7/CĐ", "document_subject": "Về việc lừa đảo", "audience": "Mọi nhà"}
    cancelled(issued("da-het", **words))
    rewritten(issued(document_note="Ghi chú.", **more, **words))
    for each in (path, path.replace("gia-dien-luc", "da-het")):
        assert vietnamese_words(client.get(each).content) == []


def test_a_warning_without_english_says_so_and_what_to_do_all_the_same(client: Client) -> None:
    issued()
    assert ONLY in get_text(client, LIST)
    words = [f"{ONLY}</b> If you get a call like this, hang up.", '<ul class="advice" lang="vi">']
    words.append('<h1 lang="vi">Giả điện lực, dọa cắt điện</h1>')
    assert find_missing(words, get_text(client, PAGE)) == []


def test_an_end_and_a_withdrawal_are_told_in_english(client: Client) -> None:
    cancelled(issued(**IN_ENGLISH))
    withdrawn(issued("nham", **IN_ENGLISH))
    assert "This warning is no longer in force.</b> It ended on" in get_text(client, PAGE)
    page, hidden = get_text(client, "/en/canh-bao/nham/"), ["Hang up", "They threaten"]
    assert find_missing(["This warning was withdrawn</b>", *hidden], page) == hidden
    assert find_missing(["Ended on", "Withdrawn on"], get_text(client, LIST)) == []


def test_what_has_expired_is_not_in_force_in_english_either(client: Client) -> None:
    now = timezone.now()
    issued(expires=now + timedelta(minutes=1), **IN_ENGLISH)
    with time_machine.travel(now + timedelta(minutes=2)):
        for path in (PAGE, LIST):
            assert "Ended on" in get_text(client, path), path
        assert "No longer in force. Ended on" in get_text(client, f"{PAGE}van-ban.txt")
        assert "There are no warnings right now." in get_text(client, LIST)


def test_the_history_is_told_in_english(client: Client) -> None:
    first = issued(**IN_ENGLISH)
    second = rewritten(first, summary_en="They want money.")
    words = ["Version 2: updated", "Version 1: first issued", "Changed: English version, who"]
    assert find_missing([*words, second.identifier], get_text(client, f"{PAGE}lich-su/")) == []
    assert f'href="{PAGE}lich-su/">see earlier versions' in get_text(client, PAGE)


def test_the_text_to_copy_says_it_in_english(client: Client) -> None:
    issued(**IN_ENGLISH)
    words = ["WHAT TO DO\n- Hang up. You owe no answer.\n", "In force.", "version 1", PAGE]
    assert find_missing(words, get_text(client, f"{PAGE}van-ban.txt")) == []
    issued("hai", title="“Giả” & <thật>")
    words = [f"\n{ONLY}\nIf you get a call like this, hang up.", "\n\n“Giả” & <thật>\n"]
    assert find_missing(words, get_text(client, "/en/canh-bao/hai/van-ban.txt")) == []


@pytest.mark.parametrize("path", PAGES)
def test_each_page_leads_to_the_same_in_the_other_language(client: Client, path: str) -> None:
    rewritten(issued(**IN_ENGLISH))
    other = path.removeprefix("/en")
    for here, there, code in ((path, other, "vi"), (other, path, "en")):
        page = html.document_fromstring(client.get(here).content)
        (named,) = page.xpath(f"//link[@rel='alternate'][@hreflang='{code}']/@href")
        (link,) = page.xpath("//a[@class='language-link']")
        assert named.endswith(f"//127.0.0.1:8000{there}")
        assert (link.get("href"), link.get("hreflang")) == (there, code)


def test_english_words_that_are_the_vietnamese_ones_are_none(client: Client) -> None:
    same = "Giả điện lực, dọa cắt điện"
    subscriber()
    issued(**IN_ENGLISH | {"title_en": same})
    assert ONLY in get_text(client, PAGE)
    work()
    assert "In English" not in mail.outbox[-1].body
    issued("hai", **IN_ENGLISH)
    work()
    assert "In English: Callers posing" in mail.outbox[-1].body


def test_an_english_page_with_all_it_loads_stays_light(client: Client) -> None:
    alert = ensure_first_alert(person("editor"))
    publishing.submit(alert, by=person("editor"))
    approved(alert)
    page = client.get(f"/en/canh-bao/{FIRST_SLUG}/").content
    assert measure_weight(page) <= 14_000
    assert page.count(b'rel="stylesheet"') + page.count(b"js/") == 2


def test_programs_are_told_the_language_and_the_address_of_the_page(client: Client) -> None:
    revision = issued(**IN_ENGLISH)
    page = html.document_fromstring(client.get(PAGE).content)
    announcement = json.loads(page.xpath("//script[@type='application/ld+json']")[0].text)
    address = announcement["url"]
    assert (announcement["inLanguage"], announcement["name"]) == ("en", IN_ENGLISH["title_en"])
    assert address == revision.frozen_content.message.web_in_english
    assert address.endswith(PAGE)
    assert page.xpath("//meta[@property='og:url']/@content") == [address]
    assert page.xpath("//link[@type='application/json+oembed']") == []
    assert f"<web>{address}</web>".encode() in cap.render_cap_message(revision)


def test_the_card_and_the_search_of_english_pages_speak_english(client: Client) -> None:
    card = engines["public"].from_string("{% load alert_cards %}{% current_warning %}")
    issued(**IN_ENGLISH)
    with translation.override("en"):
        text = card.render()
    link = f'<a href="{PAGE}">Callers posing as the power company</a>'
    assert find_missing([link, ONLY], text) == [ONLY]
    page = post_text(client, "/en/tim/", q="posing as the power company")
    assert f'<a href="{PAGE}"><b>Callers posing as the power company</b></a>' in page
