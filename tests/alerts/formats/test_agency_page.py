"""The page for agencies: a line to paste, the feeds, a check of codes, the keys."""

import base64
import re
import shlex
from html import unescape

import pytest
from django.test import Client
from lxml import html
from pytest_django import Settings

from alerts.formats.cap_signer import generate_key
from alerts.formats.frames import TITLE, EmbedOptions, EmbedScope, script_snippet
from reports.models import Report
from reports.reference import gazetteer
from tests.support.alert_factories import (
    HOSTILE,
    cancelled,
    commune,
    draft,
    issued,
    office,
    rewritten,
    withdrawn,
)
from tests.support.api_program import REPORTS, register
from tests.support.warning_pages import find_missing, get_text, post_text

pytestmark = pytest.mark.django_db
PAGE = "/danh-cho-co-quan/"
PORTAL = "http://127.0.0.1:8000"


def test_who_chooses_nothing_gets_the_newest_warnings(client: Client) -> None:
    lines = [f'<iframe src="{PORTAL}/nhung/" title=']
    lines.append(' frameborder="0" loading="lazy" style="max-width:100%;border:0"></iframe>')
    lines.append(f'<script src="{PORTAL}/nhung.js"></script><noscript>')
    assert find_missing(lines, unescape(get_text(client, PAGE))) == []


@pytest.mark.parametrize(
    ("chosen", "frame", "data"),
    [
        (
            {"show": "canh-bao:gia-dien-luc"},
            "/canh-bao/gia-dien-luc/nhung/",
            'data-canh-bao="gia-dien-luc"',
        ),
        ({"commune": "Phường Thử"}, "/nhung/xa/hac-thanh/", 'data-xa="hac-thanh"'),
        ({"commune": "xã Bịa Lâm"}, "/nhung/xa/hac-thanh/", 'data-xa="hac-thanh"'),
        ({"show": "co-quan:dien-luc"}, "/nhung/co-quan/dien-luc/", 'data-co-quan="dien-luc"'),
    ],
)
def test_a_choice_gives_its_two_lines_and_a_frame_to_look_at(
    client: Client, chosen: dict[str, str], frame: str, data: str
) -> None:
    issued()
    commune(former_communes=["Xã Bịa Lâm"]), office()
    gazetteer.clear_cache()
    lines = [f'<iframe src="{PORTAL}{frame}" title=', f'<iframe class="framed" src="{frame}"']
    lines.append(f"{data}></script>")
    assert find_missing(lines, post_text(client, PAGE, size="300x250", **chosen)) == []
    assert client.get(frame).status_code == 200


@pytest.mark.parametrize(
    ("choice", "page"),
    [
        (EmbedOptions(), "/canh-bao/"),
        (EmbedOptions(EmbedScope.COMMUNE, "hac-thanh"), "/canh-bao/"),
        (EmbedOptions(EmbedScope.WARNING, "gia-dien-luc"), "/canh-bao/gia-dien-luc/"),
    ],
)
def test_the_line_of_script_leaves_a_link_where_no_script_runs(
    choice: EmbedOptions, page: str
) -> None:
    line = script_snippet(choice, PORTAL)
    assert line.endswith(f'<noscript><a href="{PORTAL}{page}">{TITLE}</a></noscript>')
    assert "\n" not in line


@pytest.mark.parametrize("fields", [{"show": HOSTILE}, {"show": "xa:khong-co"}, {"size": "9x9"}])
def test_a_choice_that_is_none_is_told_and_the_page_stays(
    client: Client, fields: dict[str, str]
) -> None:
    response = client.post(PAGE, fields)
    assert response.status_code == 422
    assert "trong danh sách" in response.content.decode()
    assert b"<script>alert" not in response.content


def test_a_genuine_code_is_told_with_whether_it_stands_or_what_is_newer(client: Client) -> None:
    revision = issued(title="Giả điện lực")
    text = post_text(client, PAGE, code=f" {revision.identifier.lower()} ")
    words = [f"Mã {revision.identifier} là của Công an tỉnh", "đang có hiệu lực"]
    assert find_missing(words, text) == []
    words = ["Đã có bản mới hơn", rewritten(revision).identifier]
    assert find_missing(words, post_text(client, PAGE, code=revision.identifier)) == []


def test_a_code_of_an_ended_or_withdrawn_warning_says_to_take_it_down(client: Client) -> None:
    over, wrong = issued("mot"), issued("hai")
    cancelled(over), withdrawn(wrong)
    assert "đã hết hiệu lực" in post_text(client, PAGE, code=over.identifier)
    assert "đã được rút lại" in post_text(client, PAGE, code=wrong.identifier)


def test_a_code_that_is_not_ours_is_told_and_whom_to_ring(client: Client) -> None:
    draft()
    text = post_text(client, PAGE, code="TH-PV01-2026-9999-1")
    assert find_missing(["Không có cảnh báo nào mang mã", "02373.725.725"], text) == []
    assert "chưa đúng dạng" not in text


@pytest.mark.parametrize("apart", [" ", "–", "-"])
def test_a_code_is_found_however_its_groups_are_set_apart(client: Client, apart: str) -> None:
    identifier = issued().identifier
    for code in (identifier, identifier.rpartition("-")[0]):
        assert "là của Công an tỉnh" in post_text(client, PAGE, code=code.replace("-", apart))


@pytest.mark.parametrize("code", ["th pv01 2026 1 1", "xyz", "TH-PV01-2026", HOSTILE[:60]])
def test_a_code_of_another_shape_is_told_what_shape_codes_have(client: Client, code: str) -> None:
    text = post_text(client, PAGE, code=code)
    words = ["chưa đúng dạng mã cảnh báo", "Mã có dạng TH-PV01-2026-0001-1"]
    assert find_missing(words, text) == []
    assert "Không có cảnh báo nào mang mã" not in text


@pytest.mark.parametrize("code", ["", "X" * 5000, "\x00"])
def test_what_is_no_code_gets_a_clear_sentence(client: Client, code: str) -> None:
    response = client.post(PAGE, {"code": code})
    assert response.status_code == 422
    assert 'class="wrong"' in response.content.decode()


def test_all_keys_that_have_signed_are_listed(client: Client, settings: Settings) -> None:
    assert "chưa ký cảnh báo nào" in get_text(client, PAGE)
    settings.SIGNING_KEY = base64.b64encode(bytes(32)).decode()
    settings.CAP_KEY = generate_key("portal.example")
    issued()
    assert get_text(client, PAGE).count('href="/canh-bao/khoa/') == 2


def test_the_code_is_asked_for_where_people_doubt_the_site(client: Client) -> None:
    for path in ("/cong-that/", "/en/cong-that/"):
        words = ['action="/danh-cho-co-quan/#genuine"', 'name="code"']
        assert find_missing(words, get_text(client, path)) == []


def test_the_page_leads_to_what_is_printed_read_aloud_and_sent(client: Client) -> None:
    assert 'id="print"' not in get_text(client, PAGE)
    issued()
    words = [
        f'href="/canh-bao/gia-dien-luc/{name}"'
        for name in ("to-dan.pdf", "tai-lieu.zip", "#offices")
    ]
    words += ["WordPress", 'data-copy="#iframe-line"', 'data-copy="#script-line"']
    assert find_missing(words, get_text(client, PAGE)) == []


def test_feeds_are_named_whole_and_how_often_reading_helps(client: Client) -> None:
    names = ("rss.xml", "atom.xml", "feed.json", "cap.xml")
    words = [f"{PORTAL}/canh-bao/{name}" for name in names]
    words.append("Vài phút đọc lại một lần là đủ.")
    words.append("Đọc dày hơn 30 giây một lần cũng không có gì mới.")
    assert find_missing(words, get_text(client, PAGE)) == []


def test_each_door_says_what_it_is_for_its_address_its_key_and_an_example(client: Client) -> None:
    page = html.fromstring(get_text(client, PAGE))
    doors = page.findall(".//dl")
    assert len(doors) == 9
    for door in doors:
        assert [each.text for each in door.findall("dt")] == [
            "Để làm gì", "Địa chỉ", "Khóa", "Ví dụ",
        ]  # fmt: skip


def test_the_list_of_contents_leads_to_every_section(client: Client) -> None:
    issued()
    page = html.fromstring(get_text(client, PAGE))
    linked = [link.get("href") for link in page.findall(".//nav[@aria-label='Trong trang này']//a")]
    assert linked == [f"#{each.get('id')}" for each in page.findall(".//main//h2")]


def test_the_commands_that_read_are_answered_as_they_stand(
    client: Client, settings: Settings
) -> None:
    settings.SIGNING_KEY = base64.b64encode(bytes(32)).decode()
    key = register().key
    texts = [each.text_content() for each in html.fromstring(get_text(client, PAGE)).iter("dd")]
    commands = [shlex.split(text) for text in texts if text.startswith("curl ")]
    assert len(commands) == 5
    for command in commands:
        *options, address = command[1:]
        headers = dict(each.split(": ", 1) for each in options if each != "-H")
        headers = {name: value.replace("$KEY", key) for name, value in headers.items()}
        answer = client.get(address.removeprefix(PORTAL), headers=headers)
        assert (answer.status_code, address) == (200, address)


def test_the_command_that_sends_a_report_is_taken_as_it_stands(client: Client) -> None:
    program = register()
    command = unescape(get_text(client, PAGE)).partition("KEY=key_…")[2].partition("</pre>")[0]
    headers = dict(re.findall(r'-H "([^:]+): ([^"]+)"', command))
    body = command.partition("-d '")[2].partition("'")[0].encode()
    key = {"Authorization": headers["Authorization"].replace("$KEY", program.key)}
    content_type = headers.pop("Content-Type")
    answer = program.ask("post", REPORTS, body, content_type=content_type, headers=headers | key)
    assert answer.status_code == 201
    assert Report.objects.get().money_lost_raw == "20 triệu"
