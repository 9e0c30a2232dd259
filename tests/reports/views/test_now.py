"""The page for people who are on the call: one request, and it stands when all else is away."""

import base64
import hashlib
import re

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from lxml import html

from reports.models import BankHotline, PublicStatement
from reports.reference import confirmed_statements
from tests.support.resident_pages import words

NOW = "/dang-bi-goi/"
BOTH = [NOW, "/en/dang-bi-goi/"]
UNCONFIRMED = ["no_fine", "never_by_phone", "summons", "not_blamed"]

pytestmark = pytest.mark.django_db


def policy_of(client: Client, path: str) -> dict[str, str]:
    """The directives of the page's own policy."""
    text = client.get(path).headers["Content-Security-Policy"]
    return dict(part.split(" ", 1) for part in text.split("; "))


def confirm(codename: str) -> str:
    """Have an officer confirm a sentence; the sentence."""
    officer, _ = User.objects.get_or_create(username="lead")
    public = {"is_public": True, "confirmed_by": officer, "confirmed_at": timezone.now()}
    PublicStatement.objects.filter(pk=codename).update(**public)
    confirmed_statements.clear_cache()
    return PublicStatement.objects.get(pk=codename).text


@pytest.mark.parametrize("path", BOTH)
def test_it_is_one_request_under_ten_kilobytes(client: Client, path: str) -> None:
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.getvalue()) < 10_000
    tree = html.document_fromstring(client.get(path).content)
    assert not tree.xpath("//script | //img | //iframe | //object | //link[@rel='stylesheet']")
    assert tree.xpath("//link[@rel='icon']/@href") == ["data:,"]
    assert "url(" not in "".join(tree.xpath("//style/text()"))


@pytest.mark.parametrize("path", BOTH)
def test_its_policy_names_its_own_style_and_lets_nothing_else_in(client: Client, path: str) -> None:
    style = re.search(rb"<style>(.*?)</style>", client.get(path).content, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1]).digest()).decode()
    policy = policy_of(client, path)
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == f"'sha256-{digest}'"
    assert policy["form-action"] == "'self'"
    assert not {"script-src", "connect-src"} & policy.keys()


def test_it_stands_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr("django.db.backends.base.base.BaseDatabaseWrapper.cursor", away)
    answer = client.get(NOW)
    assert answer.status_code == 200
    assert "Cúp máy ngay. Bấm nút đỏ." in words(answer.content)


@pytest.mark.parametrize("codename", UNCONFIRMED)
def test_a_sentence_waits_until_it_is_confirmed(client: Client, codename: str) -> None:
    call_command("setup_desk", verbosity=0)
    sentence = PublicStatement.objects.get(pk=codename).text
    assert sentence not in words(client.get(NOW).content)
    assert confirm(codename) in words(client.get(NOW).content)


def test_a_confirmed_sentence_is_said_in_english_on_the_english_page(client: Client) -> None:
    call_command("setup_desk", verbosity=0)
    confirm("no_fine")
    assert "Nobody is fined for hanging up." in words(client.get("/en/dang-bi-goi/").content)


def test_without_verified_numbers_the_back_of_the_card_has_the_banks(client: Client) -> None:
    tree = html.document_fromstring(client.get(NOW).content)
    assert not tree.xpath("//details")
    assert set(tree.xpath("//main//a[starts-with(@href,'tel:')]/@href")) == {
        "tel:113",
        "tel:02373725725",
    }
    assert "Số ở mặt sau thẻ hoặc trên sổ." in tree.text_content()


def test_a_verified_number_of_a_bank_is_there_to_ring(client: Client) -> None:
    day = timezone.localdate().replace(2026, 11, 24)
    BankHotline.objects.create(name="Mẫu", number="0550 000 199", source="thẻ", verified_on=day)
    tree = html.document_fromstring(client.get(NOW).content)
    assert tree.xpath("//details//a/@href") == ["tel:0550000199"]
    assert "đối chiếu 24/11/2026" in words(client.get(NOW).content)


def test_hanging_up_stands_before_every_question(client: Client) -> None:
    page = words(client.get(NOW).content)
    assert page.index("Cúp máy ngay. Bấm nút đỏ.") < page.index("Họ có làm một trong năm việc")


def test_the_five_questions_travel_to_the_report_by_get(client: Client) -> None:
    form = html.document_fromstring(client.get("/en/dang-bi-goi/").content).forms[0]
    assert (form.method, form.action) == ("GET", "/en/bao-cao/")
    assert set(form.inputs.keys()) == {"threat", "isolation", "money", "secrets", "software"}
