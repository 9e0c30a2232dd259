"""The public history of a warning: every revision that took effect, and no other."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from alerts.models import Alert
from tests.support.alert_factories import (
    HOSTILE,
    cancelled,
    issued,
    rewritten,
    withdrawn,
)
from tests.support.warning_pages import find_missing, get_text, measure_weight

pytestmark = pytest.mark.django_db
PAGE = "/canh-bao/gia-dien-luc/"
HISTORY = f"{PAGE}lich-su/"


def test_every_version_is_told_with_what_changed_and_where_to_read_it(client: Client) -> None:
    first = issued()
    second = rewritten(first, summary="Khác.", expires=timezone.now() + timedelta(days=2))
    cancel = cancelled(second, "Hết đợt.")
    words = ["Đổi: tóm tắt, gửi đến ai, thời hạn.", "Hết đợt."]
    for revision in (first, second, cancel):
        words.append(f"/canh-bao/noi-dung/{revision.identifier}.json")
        words.append(f"/canh-bao/cap/{revision.identifier}.xml")
    words += ["Bản 3: hết hiệu lực", "Bản 2: cập nhật", "Bản 1: phát lần đầu"]
    assert find_missing(words, get_text(client, HISTORY)) == []


def test_a_withdrawn_warning_shows_its_versions_and_none_of_their_words(client: Client) -> None:
    first = issued(title="Tiêu đề sai", summary="Điều sai.")
    withdrawn(rewritten(first, title="Tiêu đề khác"))
    text = get_text(client, HISTORY)
    assert find_missing(["Bản 1: phát lần đầu", "rút lại", "Nhầm."], text) == []
    hidden = ["Tiêu đề sai", "Điều sai.", "/noi-dung/", f"{first.identifier}.xml"]
    assert find_missing(hidden, text) == hidden


def test_a_text_in_review_is_not_in_the_history(client: Client) -> None:
    issued()
    Alert.objects.update(title="Chưa duyệt", summary="Chưa duyệt")
    assert "Chưa duyệt" not in get_text(client, HISTORY)


def test_a_warning_that_ended_before_it_began_was_never_said(client: Client) -> None:
    cancel = cancelled(issued(effective=timezone.now() + timedelta(hours=1)))
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert client.get(HISTORY).status_code == 404
        assert client.get(f"/canh-bao/cap/{cancel.identifier}.xml").status_code == 404


def test_the_page_leads_to_the_versions_before_it(client: Client) -> None:
    first = issued()
    assert HISTORY not in get_text(client, PAGE)
    rewritten(first)
    assert f'href="{HISTORY}">xem các bản trước' in get_text(client, PAGE)


def test_a_long_history_stays_light_and_hostile_text_stays_text(client: Client) -> None:
    revision = issued(title=HOSTILE)
    for number in range(9):
        revision = rewritten(revision, title=f"{HOSTILE} {number}")
    page = client.get(HISTORY).content
    assert b"<script" not in page
    assert b"<b>]]" not in page
    assert measure_weight(page) <= 14_000
    assert page.count(b'rel="stylesheet"') == 2
