"""Quiz, told call, genuine or not, personal data: what they teach, and what they do not promise."""

import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from lxml import html
from pytest_django import Settings

from reports.models import PublicStatement
from reports.public import training_scenarios
from reports.public.training_scenarios import Answer
from reports.reference import confirmed_statements
from tests.support.resident_pages import words

QUIZ, CALL, GENUINE, DATA = (
    "/that-hay-gia/",
    "/that-hay-gia/mot-cuoc-goi/",
    "/cong-that/",
    "/rieng-tu/",
)

pytestmark = pytest.mark.django_db


def test_every_answer_of_the_quiz_is_right_somewhere() -> None:
    assert {situation.answer for situation in training_scenarios.SITUATIONS} == set(Answer)


def test_each_situation_has_one_right_answer_and_doubt_is_never_wrong() -> None:
    for situation in training_scenarios.SITUATIONS:
        replies = {choice.value: choice.reply for choice in situation.choices()}
        assert replies.pop(situation.answer) == "right"
        assert replies.pop("unsure", "wary") == "wary"
        assert set(replies.values()) == {"astray"}


def test_each_situation_stands_with_three_answers_and_its_sign(client: Client) -> None:
    tree = html.document_fromstring(client.get(QUIZ).content)
    asked = tree.xpath("//fieldset")
    assert len(asked) == len(training_scenarios.SITUATIONS)
    for fieldset, situation in zip(asked, training_scenarios.SITUATIONS, strict=True):
        assert fieldset.xpath(".//input/@value") == ["fake", "genuine", "unsure"]
        assert str(situation.sign) in fieldset.text_content()


def test_the_quiz_sends_nothing_and_counts_no_points(client: Client) -> None:
    tree = html.document_fromstring(client.get(QUIZ).content)
    assert not tree.xpath("//main//form | //main//button[not(ancestor::*[@hidden])]")
    assert client.post(QUIZ).status_code == 405


def test_the_call_goes_from_a_parcel_to_the_way_out(client: Client) -> None:
    page = words(client.get(CALL).content)
    stages = ["Bắt chuyện", "Chuyền máy", "Ra oai", "Dọa", "Tách bạn ra", "Đòi tiền", "Ép thêm"]
    places = [page.index(f"{stage}.") for stage in [*stages, "Lối ra"]]
    assert places == sorted(places)
    assert "Chuyện dựng lại" in page


@pytest.mark.parametrize("path", [QUIZ, CALL])
def test_a_lesson_names_no_number_that_somebody_may_own(client: Client, path: str) -> None:
    main = html.document_fromstring(client.get(path).content).xpath("//main")[0]
    said = main.text_content().replace("02373.725.725", "")
    assert set(re.findall(r"\d[\d .]{7,}\d", said)) <= {"0550 000 147"}


def test_the_portal_says_its_own_address(client: Client, settings: Settings) -> None:
    settings.PORTAL_URL = "https://baolua.example:8443"
    assert "baolua.example:8443" in words(client.get(GENUINE).content)


def test_no_period_is_named_before_it_is_confirmed(client: Client) -> None:
    call_command("setup_desk", verbosity=0)
    page = words(client.get(DATA).content)
    assert "Công an tỉnh đang định thời hạn." in page
    assert not re.search(r"\d+ (ngày|tháng)", page)


def test_a_confirmed_period_is_named_with_its_figure(client: Client) -> None:
    call_command("setup_desk", verbosity=0)
    PublicStatement.objects.filter(pk="keep_contact").update(
        is_public=True,
        confirmed_by=User.objects.create(username="lead"),
        confirmed_at=datetime(2026, 11, 24, tzinfo=UTC),
    )
    confirmed_statements.clear_cache()
    page = words(client.get(DATA).content)
    assert "Số của bạn: 90 ngày sau khi xử lý xong." in page
    assert "đang định thời hạn" not in page


def test_the_three_lines_about_personal_data_come_first(client: Client) -> None:
    page = words(client.get(DATA).content)
    places = [page.index(line) for line in ("Ai giữ", "Để làm gì", "Giữ bao lâu")]
    assert places == sorted(places)
    assert places[-1] < page.index("Trang nhận những gì")
