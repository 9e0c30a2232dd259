"""Pages and frames of a warning: text, headers, weight."""

import base64
import hashlib
import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError
from django.template import engines
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags
from lxml import html
from pytest_django import DjangoAssertNumQueries

from alerts.drafting import ensure_first_alert
from alerts.formats import frames
from alerts.formats.wording import first_sentence, remaining_sentences, split_hotlines
from alerts.models import AlertRevisionQuerySet
from tests.support.alert_factories import (
    HOSTILE,
    cancelled,
    draft,
    issued,
    office,
    person,
    rewritten,
    withdrawn,
)
from tests.support.warning_pages import find_missing, get_text, measure_weight

pytestmark = pytest.mark.django_db
PAGE = "/canh-bao/gia-dien-luc/"
PAGES = [PAGE, f"{PAGE}in/", f"{PAGE}nhung/", f"{PAGE}van-ban.txt", "/canh-bao/", "/nhung/"]
ENGLISH = [f"/en{PAGE}", f"/en{PAGE}van-ban.txt", "/en/canh-bao/"]
FRAMES = [f"{PAGE}nhung/", "/nhung/"]
HISTORY = f"{PAGE}lich-su/"
CACHED = [*PAGES, *ENGLISH, HISTORY, f"/en{HISTORY}"]
HTML = [path for path in (*PAGES, *ENGLISH) if not path.endswith(".txt")]


def parse_page(client: Client, path: str) -> html.HtmlElement:
    return html.document_fromstring(get_text(client, path))


def test_a_page_says_what_to_do_whom_to_ring_and_where_it_comes_from(client: Client) -> None:
    issued(document_number="140/CAT-PV01", document_office="Công an tỉnh Thanh Hóa")
    text = get_text(client, PAGE)
    words = ["Đang có hiệu lực", "Cúp máy.", "Dọa cắt điện", "“Cắt ngay.”", "140/CAT-PV01"]
    assert find_missing(words, text) == []
    assert re.search(r"TH-PV01-\d{4}-0001-1", text)
    advice = text.split('class="advice"')[1].split("</ul>")[0]
    links = ['href="tel:02373725725">02373.725.725</a>', 'href="tel:113">113</a>']
    assert find_missing(links, advice) == []


def test_the_page_for_paper_says_the_same_and_leads_nowhere(client: Client) -> None:
    issued()
    page, paper = get_text(client, PAGE), get_text(client, f"{PAGE}in/")
    for part in ('class="advice"', 'class="steps"'):
        assert page.split(part)[1].split("</section>")[0][:300] in paper
    assert f'href="{PAGE}in/"' in page
    assert 'class="back' not in paper
    sheet = html.document_fromstring(paper)
    assert sheet.xpath("//a[not(ancestor::main)]/@href") == ["#main"]
    assert sheet.xpath("//link[@rel='canonical']/@href") == [f"{settings.PORTAL_URL}{PAGE}"]


def test_the_message_is_shown_with_its_length_and_offered_to_send(client: Client) -> None:
    revision = issued()
    page = parse_page(client, PAGE)
    assert f"{len(revision.frozen_content.sms)}/160 ký tự" in page.text_content()
    body = "Gia%20dien%20luc%20day.%20Cup%20may.%20Theo%20Cong%20an%20tinh%20Thanh%20Hoa"
    assert page.xpath("//a[starts-with(@href, 'sms:')]/@href") == [f"sms:?body={body}"]


def test_an_update_shows_its_version(client: Client) -> None:
    rewritten(issued(), title="Tiêu đề mới")
    for path in PAGES:
        assert "bản 2" in get_text(client, path), path


@pytest.mark.parametrize("path", [*CACHED, "/", "/en/", "/co-quan/dien-luc/"])
def test_pages_are_cacheable_and_set_no_cookie(client: Client, path: str) -> None:
    issued(), office()
    headers = client.get(path).headers
    assert "Set-Cookie" not in headers
    assert "cookie" not in headers.get("Vary", "").lower()
    cache_control = "public, max-age=30, stale-while-revalidate=20, stale-if-error=86400"
    assert headers["Cache-Control"] == cache_control


@pytest.mark.parametrize("path", CACHED)
def test_a_page_takes_no_post(client: Client, path: str) -> None:
    issued()
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("path", HTML)
def test_no_form_no_style_attribute_and_nothing_from_elsewhere(client: Client, path: str) -> None:
    issued()
    page = parse_page(client, path)
    assert page.xpath("//form | //img | //iframe") == []
    scripts = page.xpath("//script[@type != 'application/ld+json']/@src")
    assert scripts in ([], ["/static/js/share.js"])
    assert page.xpath("//script[not(@type)] | //@style | //@*[starts-with(name(), 'on')]") == []
    outside = re.compile(rf"http(?!{settings.PORTAL_URL.removeprefix('http')})")
    links = page.xpath("//a/@href | //link/@href")
    assert [link for link in links if outside.match(link)] == []


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_without_its_database_stands_and_says_whom_to_ring(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def away(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(AlertRevisionQuerySet, "current", away)
    response = client.get(path)
    assert response.status_code == 503
    assert "frame-ancestors *" in response.headers["Content-Security-Policy"]
    words = ["Chưa tải được cảnh báo", "tel:02373725725"]
    assert find_missing(words, response.content.decode()) == []


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_opens_links_outside_and_keeps_its_own_sheet(client: Client, path: str) -> None:
    issued()
    response = client.get(path)
    frame = html.document_fromstring(response.content.decode())
    assert [base.items() for base in frame.iter("base")] == [[("target", "_blank")]]
    web = "//a[not(starts-with(@href, 'tel:'))]"
    assert frame.xpath(f"{web}/@rel") == ["noopener"] * len(frame.xpath(web))
    (sheet,) = frame.xpath("//style/text()")
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    sources = [f"style-src 'sha256-{digest}'", "default-src 'none'", "form-action 'none'"]
    assert find_missing(sources, response.headers["Content-Security-Policy"]) == []


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_names_source_time_and_number_and_greys_itself(client: Client, path: str) -> None:
    issued()
    words = ["Nguồn: Công an tỉnh Thanh Hóa", "Cập nhật ", "bản 1", "Kiểm tra nguồn"]
    words += ["02373.725.725", "Đã hơn 24 giờ chưa cập nhật", "Họ đang gọi tôi", "Báo cuộc gọi"]
    text = strip_tags(get_text(client, path))
    assert find_missing(words, text) == []
    assert len(re.findall(r"animation:\w+ 1s 86400s forwards", text)) == 2


def test_each_frame_says_113_and_the_bank_once_and_whom_to_ring(client: Client) -> None:
    texts = [frames.render_unavailable(), get_text(client, "/nhung/")]
    first = issued("mot", advice="Cúp máy.\nĐang bị ép thì gọi 113. Gọi ngay.\n" + frames.FIRST[1])
    texts.append(get_text(client, "/nhung/"))
    issued("hai")
    cancelled(first)
    issued("ba")
    texts += [get_text(client, path) for path in ("/canh-bao/mot/nhung/", "/nhung/")]
    for text in texts:
        main = strip_tags(text[text.index('<p class="ring">') : text.index("</main>")])
        assert [main.count(line) for line in frames.FIRST] == [1, 1]
        assert [strip_tags(text).count(line) for line in frames.FIRST] == [1, 1]
        assert "02373.725.725" in text


def test_the_newest_frame_holds_three_and_links_each(client: Client) -> None:
    slugs = ["mot", "hai", "ba", "bon"]
    for slug in slugs:
        issued(slug, short_title=slug)
    links = parse_page(client, "/nhung/").xpath("//a/@href")
    assert [slug for slug in slugs if f"/canh-bao/{slug}/" in links] == ["hai", "ba", "bon"]


def test_frames_and_pages_stay_light(client: Client) -> None:
    ensure_first_alert(person("editor"))
    issued()
    for path in FRAMES:
        assert measure_weight(client.get(path).content, sheets=False) <= 6_000
    assert measure_weight(client.get(PAGE).content) <= 14_000


def test_the_text_to_copy_is_plain_text_with_the_words_as_they_are(client: Client) -> None:
    issued(title=HOSTILE)
    response = client.get(f"{PAGE}van-ban.txt")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert HOSTILE in response.content.decode()


def test_the_page_costs_one_question_and_the_lists_two(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    issued()
    singles = (PAGE, HISTORY, f"{PAGE}nhung/", "/nhung/")
    for path, count in (*((path, 1) for path in singles), ("/canh-bao/", 2)):
        with django_assert_num_queries(count):
            client.get(path)


def test_home_shows_the_newest_warning_and_nothing_when_there_is_none() -> None:
    card = engines["public"].from_string("{% load alert_cards %}{% current_warning %}")
    draft("soan")
    assert card.render().strip() == ""
    issued()
    assert 'href="/canh-bao/gia-dien-luc/"' in card.render()


@pytest.mark.parametrize(
    ("line", "first", "rest"),
    [
        ("Cúp máy. Không cần cãi. Cứ cúp.", "Cúp máy.", "Không cần cãi. Cứ cúp."),
        ("Gọi 02373.725.725 ngay", "Gọi 02373.725.725 ngay", ""),
        ("Lỡ chuyển tiền? Gọi ngân hàng.", "Lỡ chuyển tiền?", "Gọi ngân hàng."),
        ("", "", ""),
    ],
)
def test_the_first_sentence_is_the_act(line: str, first: str, rest: str) -> None:
    assert (first_sentence(line), remaining_sentences(line)) == (first, rest)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Gọi 113.", ["113"]),
        ("02373.725.725 hoặc 02373 725 725", ["02373725725", "02373725725"]),
        ("Số 1134 và 0113, 113.5 triệu", []),
        ("", []),
    ],
)
def test_only_the_two_numbers_become_links(text: str, numbers: list[str]) -> None:
    segments = split_hotlines(text)
    assert [segment.tel for segment in segments if segment.tel] == numbers
    assert "".join(segment.text for segment in segments) == text


def test_a_document_without_a_date_leaves_no_comma(client: Client) -> None:
    issued(document_number="7/CB")
    assert "<small>Số 7/CB</small>" in get_text(client, "/nhung/")


# --- the history: every revision that took effect, and no other


def test_every_version_is_told_with_what_changed_and_where_to_read_it(client: Client) -> None:
    first = issued()
    assert HISTORY not in get_text(client, PAGE)
    second = rewritten(first, summary="Khác.", expires=timezone.now() + timedelta(days=2))
    assert f'href="{HISTORY}">xem các bản trước' in get_text(client, PAGE)
    cancel = cancelled(second)
    words = ["Đổi: tóm tắt, gửi đến ai, thời hạn."]
    for revision in (first, second, cancel):
        words.append(f"/canh-bao/noi-dung/{revision.identifier}.json")
        words.append(f"/canh-bao/cap/{revision.identifier}.xml")
    words += ["Bản 3: hết hiệu lực", "Bản 2: cập nhật", "Bản 1: phát lần đầu"]
    assert find_missing(words, get_text(client, HISTORY)) == []


def test_a_withdrawn_warning_shows_its_versions_and_none_of_their_words(client: Client) -> None:
    first = issued(title="Tiêu đề sai", summary="Điều sai.")
    withdrawn(rewritten(first, title="Tiêu đề khác"))
    text = get_text(client, HISTORY)
    assert find_missing(["Bản 1: phát lần đầu", "rút lại vì có chỗ chưa đúng"], text) == []
    hidden = ["Tiêu đề sai", "Điều sai.", "/noi-dung/", f"{first.identifier}.xml"]
    assert find_missing(hidden, text) == hidden


def test_a_long_history_stays_light(client: Client) -> None:
    revision = issued(title=HOSTILE)
    for number in range(9):
        revision = rewritten(revision, title=f"{HOSTILE} {number}")
    page = client.get(HISTORY).content
    assert measure_weight(page) <= 14_000
    assert page.count(b'rel="stylesheet"') == 1
