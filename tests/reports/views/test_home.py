"""Home, on-the-call, the frame around every page: light, closed, and the same everywhere."""

import re

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from lxml import html

from alerts.models import AlertRevision
from tests.support.resident_pages import RECEIPT, REPORT, words

NOW = "/dang-bi-goi/"
TEACHING = ["/that-hay-gia/", "/that-hay-gia/mot-cuoc-goi/", "/cong-that/", "/rieng-tu/"]
PAGES = [
    "/",
    NOW,
    REPORT,
    RECEIPT,
    "/theo-doi/",
    "/khong-co-trang-nay/",
    "/thong-ke/",
    "/tim/",
    *TEACHING,
]

pytestmark = pytest.mark.django_db


def parts_of(page: bytes) -> list[str]:
    """All that a browser loads with a page."""
    tree = html.document_fromstring(page)
    return tree.xpath("//link[@rel='stylesheet' or @rel='icon']/@href | //script/@src | //img/@src")


def weight(client: Client, path: str) -> int:
    """Bytes of a body over the wire."""
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    return len(answer.getvalue())


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_light_with_everything_it_loads(client: Client, path: str) -> None:
    call_command("setup_desk")
    parts = parts_of(client.get(path).content)
    assert len(parts) + 1 <= 3
    assert sum(weight(client, part) for part in [path, *parts]) <= 15_000


def test_the_style_sheet_is_light(client: Client) -> None:
    assert weight(client, "/static/css/portal.css") <= 8_000


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_no_script_and_nothing_from_elsewhere(client: Client, path: str) -> None:
    page = client.get(path).content
    tree = html.document_fromstring(page)
    assert not tree.xpath("//script[not(@src)] | //@style | //img | //iframe")
    assert not tree.xpath("//style") or path == NOW
    assert not [a for a in tree.xpath("//@href | //@src | //@action") if "//" in a]
    assert not re.search(rb"\son[a-z]+=", page)


@pytest.mark.parametrize("path", PAGES)
def test_help_and_promise_are_on_every_page(client: Client, path: str) -> None:
    tree = html.document_fromstring(client.get(path).content)
    assert tree.xpath("//header//*[@class='help']/a/@href") == ["tel:113", "tel:02373725725"]
    promise = "Không cán bộ nào của trang này gọi điện đòi tiền, hỏi mã OTP hay bảo cài ứng dụng."
    assert promise in tree.xpath("//footer")[0].text_content()


@pytest.mark.parametrize("path", PAGES)
def test_the_bones_of_a_page(client: Client, path: str) -> None:
    tree = html.document_fromstring(client.get(path).content)
    assert tree.get("lang") == "vi"
    assert len(tree.xpath("//h1")) == 1
    assert tree.xpath("//a[@class='skip']/@href") == ["#main"]
    assert len(tree.xpath("//main[@id='main']")) == 1


@pytest.mark.parametrize("path", PAGES)
def test_no_link_leads_nowhere(client: Client, path: str) -> None:
    tree = html.document_fromstring(client.get(path).content)
    links = {a.split("?")[0] for a in tree.xpath("//a/@href") if a.startswith("/")}
    assert all(client.get(link).status_code == 200 for link in links)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_sets_no_cookie_and_lets_nothing_in(client: Client, path: str) -> None:
    answer = client.get(path)
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")
    assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_home_opens_its_doors(client: Client) -> None:
    tree = html.document_fromstring(client.get("/").content)
    doors = ["/dang-bi-goi/", "/bao-cao/", "/kiem-tra/"]
    assert tree.xpath("//a[contains(@class,'door')]/@href") == doors


def test_home_without_a_database_still_opens_its_doors(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OperationalError

    monkeypatch.setattr(AlertRevision.objects, "in_force", broken)
    answer = client.get("/")
    assert answer.status_code == 200
    assert "Họ đang gọi tôi" in words(answer.content)


def test_on_the_call_the_first_words_are_to_hang_up(client: Client) -> None:
    page = words(client.get("/dang-bi-goi/").content)
    assert page.index("Cúp máy ngay. Bấm nút đỏ.") < page.index("Họ có làm một trong năm việc")


def test_the_five_questions_travel_to_the_report_by_get(client: Client) -> None:
    form = html.document_fromstring(client.get("/dang-bi-goi/").content).forms[0]
    assert (form.method, form.action) == ("GET", "/bao-cao/")
    assert set(form.inputs.keys()) == {"threat", "isolation", "money", "secrets", "software"}


def test_no_page_says_that_something_is_safe(client: Client) -> None:
    for path in PAGES:
        said = words(client.get(path).content).replace("“tài khoản an toàn”", "")
        assert "an toàn" not in said
