"""What people read of a warning, and what travels with it."""

import gzip
import re
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import OperationalError
from django.http import HttpResponse
from django.template import engines
from django.test import Client
from django.utils.html import strip_tags

from alerts.drafting import ensure_first_alert
from alerts.embed import frames
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
)

pytestmark = pytest.mark.django_db
PAGE = "/canh-bao/gia-dien-luc/"
PAGES = [PAGE, f"{PAGE}in/", f"{PAGE}nhung/", f"{PAGE}van-ban.txt", "/canh-bao/", "/nhung/"]
ENGLISH = [f"/en{PAGE}", f"/en{PAGE}van-ban.txt", "/en/canh-bao/"]
FRAMES = [f"{PAGE}nhung/", "/nhung/"]
HTML = [path for path in (*PAGES, *ENGLISH) if not path.endswith(".txt")]


class Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def named(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in names]


def words(answer: HttpResponse) -> str:
    return answer.content.decode()


def weight(answer: HttpResponse) -> int:
    return len(gzip.compress(answer.content, 9))


def test_a_page_says_what_to_do_how_it_runs_and_where_it_comes_from(client: Client) -> None:
    issued(document_number="140/CAT-PV01", document_office="Công an tỉnh Thanh Hóa")
    text = words(client.get(PAGE))
    wanted = ["Đang có hiệu lực", "Cúp máy.", "Dọa cắt điện", "“Cắt ngay.”", "140/CAT-PV01"]
    assert [word for word in wanted if word not in text] == []
    assert re.search(r"TH-PV01-\d{4}-0001-1", text)


def test_the_page_for_paper_says_the_same_and_leads_nowhere(client: Client) -> None:
    issued()
    page, paper = (words(client.get(path)) for path in (PAGE, f"{PAGE}in/"))
    advice, steps = 'class="advice"', 'class="steps"'
    for part in (advice, steps):
        assert page.split(part)[1].split("</section>")[0][:300] in paper
    assert f'href="{PAGE}in/"' in page
    assert 'class="back' not in paper
    outside = paper.split("<body>")[1].split("<main")[0] + paper.split("</main>")[1]
    assert [a["href"] for a in Tags(outside).named("a")] == ["#main"]
    assert f'<link rel="canonical" href="{settings.PORTAL_URL}{PAGE}">' in paper


def test_the_two_numbers_in_the_advice_can_be_rung(client: Client) -> None:
    issued()
    advice = words(client.get(PAGE)).split('class="advice"')[1].split("</ul>")[0]
    assert 'href="tel:02373725725">02373.725.725</a>' in advice
    assert 'href="tel:113">113</a>' in advice


def test_the_message_is_shown_with_its_length_and_offered_to_send(client: Client) -> None:
    revision = issued()
    text = words(client.get(PAGE))
    assert f"{len(revision.frozen_content.sms)}/160 ký tự" in text
    link = next(a["href"] for a in Tags(text).named("a") if (a["href"] or "").startswith("sms:"))
    assert (
        link
        == "sms:?body=Gia%20dien%20luc%20day.%20Cup%20may.%20Theo%20Cong%20an%20tinh%20Thanh%20Hoa"
    )


def test_an_update_shows_its_version(client: Client) -> None:
    rewritten(issued(), title="Tiêu đề mới")
    for path in PAGES:
        assert "bản 2" in words(client.get(path)), path


@pytest.mark.parametrize("path", [*PAGES, *ENGLISH, "/", "/en/", "/co-quan/dien-luc/"])
def test_pages_are_cacheable_and_set_no_cookie(client: Client, path: str) -> None:
    issued(), office()
    headers = client.get(path).headers
    assert "Set-Cookie" not in headers
    assert "cookie" not in headers.get("Vary", "").lower()
    wanted = "public, max-age=30, stale-while-revalidate=20, stale-if-error=86400"
    assert headers["Cache-Control"] == wanted


@pytest.mark.parametrize("path", [*PAGES, *ENGLISH])
def test_a_known_page_is_not_sent_again_until_it_changes(client: Client, path: str) -> None:
    revision = issued()
    tag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")
    cancelled(revision)
    assert client.get(path, headers={"if-none-match": tag}).status_code == 200


@pytest.mark.parametrize("path", [*PAGES, *ENGLISH])
def test_pages_take_no_post_and_answer_head(client: Client, path: str) -> None:
    issued()
    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 200


@pytest.mark.parametrize("path", HTML)
def test_no_script_no_style_attribute_and_nothing_from_elsewhere(client: Client, path: str) -> None:
    issued()
    tags = Tags(words(client.get(path)))
    assert tags.named("form", "img", "iframe") == []
    assert {script.get("type") for script in tags.named("script")} <= {"application/ld+json"}
    assert not [tag for tag in tags.found if "style" in tag[1]]
    assert not [name for _, found in tags.found for name in found if name.startswith("on")]
    hrefs = [str(a["href"]) for a in tags.named("a", "link")]
    assert [
        a for a in hrefs if a.startswith("http") and not a.startswith(settings.PORTAL_URL)
    ] == []


@pytest.mark.parametrize("status", [200, 304])
@pytest.mark.parametrize("path", FRAMES)
def test_frames_may_stand_in_every_site(client: Client, path: str, status: int) -> None:
    issued()
    known = {"if-none-match": client.get(path).headers["ETag"]} if status == 304 else {}
    answer = client.get(path, headers=known)
    assert answer.status_code == status
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer.headers
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_without_its_database_stands_and_says_whom_to_ring(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def away(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(AlertRevisionQuerySet, "current", away)
    answer = client.get(path)
    assert answer.status_code == 503
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]
    assert "Chưa tải được cảnh báo" in answer.content.decode()
    assert "tel:02373725725" in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        PAGE,
        f"{PAGE}van-ban.txt",
        f"/en{PAGE}",
        "/canh-bao/",
        "/danh-cho-co-quan/",
        "/canh-bao/khong/",
    ],
)
def test_everything_else_is_framed_by_nobody(client: Client, path: str) -> None:
    issued()
    headers = client.get(path).headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_opens_links_outside_and_keeps_its_own_sheet(client: Client, path: str) -> None:
    import base64
    import hashlib

    issued()
    answer = client.get(path)
    tags = Tags(words(answer))
    assert tags.named("base") == [{"target": "_blank"}]
    web = [a for a in tags.named("a") if not (a["href"] or "").startswith("tel:")]
    assert all(a.get("rel") == "noopener" for a in web)
    sheet = words(answer).split("<style>")[1].split("</style>")[0]
    name = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    policy = answer.headers["Content-Security-Policy"]
    assert f"style-src 'sha256-{name}'" in policy
    assert "default-src 'none'" in policy
    assert "form-action 'none'" in policy


@pytest.mark.parametrize("path", FRAMES)
def test_a_frame_names_source_time_version_and_the_number_to_ring(
    client: Client, path: str
) -> None:
    issued()
    text = words(client.get(path))
    wanted = ["Nguồn: Công an tỉnh Thanh Hóa", "Cập nhật ", "bản 1", "Kiểm tra nguồn"]
    assert [word for word in [*wanted, "02373.725.725"] if word not in text] == []


def test_a_frame_of_an_ended_warning_still_says_whom_to_ring(client: Client) -> None:
    cancelled(issued())
    assert "02373.725.725" in words(client.get(f"{PAGE}nhung/"))


def frame_states(client: Client) -> list[str]:
    """Frames of none, one, an ended one, many, and of a portal without its database."""
    none = words(client.get("/nhung/"))
    first = issued("mot", advice="Cúp máy.\nĐang bị ép thì gọi 113. Gọi ngay.\n" + frames.FIRST[1])
    one = words(client.get("/nhung/"))
    issued("hai")
    cancelled(first)
    ended = words(client.get("/canh-bao/mot/nhung/"))
    issued("ba")
    return [none, one, ended, words(client.get("/nhung/")), frames.render_unavailable()]


def test_each_frame_says_113_and_the_bank_once_and_first(client: Client) -> None:
    for text in frame_states(client):
        main = strip_tags(text[text.index("<main>") : text.index('<p class="old">')])
        assert [main.count(line) for line in frames.FIRST] == [1, 1]
        assert [strip_tags(text).count(line) for line in frames.FIRST] == [1, 1]


def test_the_newest_frame_holds_three_and_links_each(client: Client) -> None:
    for slug in ("mot", "hai", "ba", "bon"):
        issued(slug, short_title=slug)
    links = [a["href"] for a in Tags(words(client.get("/nhung/"))).named("a")]
    assert [slug for slug in ("mot", "hai", "ba", "bon") if f"/canh-bao/{slug}/" in links] == [
        "hai",
        "ba",
        "bon",
    ]


def test_a_frame_greys_itself_after_a_day(client: Client) -> None:
    issued()
    text = words(client.get("/nhung/"))
    assert len(re.findall(r"animation:\w+ 1s 86400s forwards", text)) == 2
    assert "Đã hơn 24 giờ chưa cập nhật" in text


def test_frames_and_pages_stay_light(client: Client) -> None:
    ensure_first_alert(person("editor"))
    issued()
    sheets = 0
    for name in ("portal.css", "alert.css"):
        with open(str(finders.find(f"css/{name}")), "rb") as sheet:  # noqa: PTH123
            sheets += len(gzip.compress(sheet.read(), 9))
    assert max(weight(client.get(path)) for path in FRAMES) <= 6_000
    assert weight(client.get(PAGE)) + sheets <= 14_000


@pytest.mark.parametrize("path", PAGES)
def test_hostile_text_stays_text(client: Client, path: str) -> None:
    issued(
        title=HOSTILE,
        short_title="<b onclick=x>",
        summary=HOSTILE,
        advice=f"{HOSTILE}. {HOSTILE} 113",
        loudspeaker=HOSTILE,
        document_number="<i>1</i>",
        document_note=HOSTILE,
        document_recipients=HOSTILE,
    )
    answer = client.get(path)
    if path.endswith(".txt"):
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert HOSTILE in words(answer)
    else:
        tags = Tags(words(answer))
        assert [tag.get("type") for tag in tags.named("script", "i")] in (
            [],
            ["application/ld+json"],
        )
        assert not [b for b in tags.named("b") if "onclick" in b]


def test_the_page_costs_one_question_and_the_lists_two(
    client: Client, django_assert_num_queries: object
) -> None:
    issued()
    for path, count in ((PAGE, 1), (f"{PAGE}nhung/", 1), ("/nhung/", 1), ("/canh-bao/", 2)):
        with django_assert_num_queries(count):  # type: ignore[operator]
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
    found = split_hotlines(text)
    assert [piece.tel for piece in found if piece.tel] == numbers
    assert "".join(piece.text for piece in found) == text


@pytest.mark.parametrize("path", FRAMES)
def test_a_document_without_a_date_leaves_no_comma(client: Client, path: str) -> None:
    for slug in ("gia-dien-luc", "gia-ngan-hang"):
        issued(slug, document_number="7/CB")
    (line,) = set(re.findall(r"<small>(Số [^<]*)<", words(client.get(path))))
    assert line in {"Số 7/CB", "Số 7/CB, bản 1"}
