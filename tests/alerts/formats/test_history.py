"""The public history of a warning: every word that was said, none that was not."""

import gzip
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.contrib.staticfiles import finders
from django.test import Client
from django.utils import timezone

from alerts import publishing
from alerts.models import Alert, CancelReason
from tests.support.alert_factories import (
    HOSTILE,
    cancelled,
    draft,
    issued,
    person,
    rewritten,
    submitted,
)

pytestmark = pytest.mark.django_db
PAGE = "/canh-bao/gia-dien-luc/"
PAST = f"{PAGE}lich-su/"


def text(client: Client, path: str = PAST) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_version_is_told_with_what_changed_and_where_to_read_it(client: Client) -> None:
    first = issued()
    second = rewritten(first, summary="Khác.", expires=timezone.now() + timedelta(days=2))
    last = cancelled(second, "Hết đợt.")
    words = text(client)
    assert "Đổi: tóm tắt, gửi đến ai, thời hạn." in words
    for revision in (first, second, last):
        assert f"/canh-bao/noi-dung/{revision.identifier}.json" in words
        assert f"/canh-bao/cap/{revision.identifier}.xml" in words
    kinds = ["Bản 3: hết hiệu lực", "Bản 2: cập nhật", "Bản 1: phát lần đầu"]
    assert [kind for kind in kinds if kind not in words] == []
    assert "Hết đợt." in words


def test_a_withdrawn_warning_shows_its_versions_and_none_of_their_words(client: Client) -> None:
    first = issued(title="Tiêu đề sai", summary="Điều sai.")
    second = rewritten(first, title="Tiêu đề khác")
    publishing.cancel(
        second.alert, by=person("approver"), reason="Nhầm.", ending=CancelReason.ERROR
    )
    words = text(client)
    assert "Bản 1: phát lần đầu" in words
    assert "rút lại" in words
    assert "Nhầm." in words
    for gone in ("Tiêu đề sai", "Điều sai.", "/noi-dung/", f"{first.identifier}.xml"):
        assert gone not in words


def test_what_was_not_said_has_no_history(client: Client) -> None:
    draft("soan")
    submitted("duyet")
    issued("hen", effective=timezone.now() + timedelta(days=1))
    for slug in ("soan", "duyet", "hen", "khong-co"):
        assert client.get(f"/canh-bao/{slug}/lich-su/").status_code == 404


def test_a_text_in_review_is_not_in_the_history(client: Client) -> None:
    issued()
    Alert.objects.update(title="Chưa duyệt", summary="Chưa duyệt")
    assert "Chưa duyệt" not in text(client)


def test_a_warning_that_ended_before_it_began_was_never_said(client: Client) -> None:
    cancel = cancelled(issued(effective=timezone.now() + timedelta(hours=1)))
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert client.get(PAST).status_code == 404
        assert client.get(f"/canh-bao/cap/{cancel.identifier}.xml").status_code == 404


def test_the_page_leads_to_the_versions_before_it(client: Client) -> None:
    first = issued()
    assert PAST not in text(client, PAGE)
    rewritten(first)
    assert f'href="{PAST}">xem các bản trước' in text(client, PAGE)


def test_the_history_is_kept_like_the_page_and_costs_one_question(
    client: Client, django_assert_num_queries: object
) -> None:
    first = issued()
    with django_assert_num_queries(1):  # type: ignore[operator]
        answer = client.get(PAST)
    assert "Set-Cookie" not in answer.headers
    assert "public, max-age=30" in answer.headers["Cache-Control"]
    known = {"if-none-match": answer.headers["ETag"]}
    assert client.get(PAST, headers=known).status_code == 304
    rewritten(first)
    assert client.get(PAST, headers=known).status_code == 200
    assert client.post(PAST).status_code == 405


def test_a_long_history_stays_light_and_hostile_text_stays_text(client: Client) -> None:
    revision = issued(title=HOSTILE)
    for number in range(9):
        revision = rewritten(revision, title=f"{HOSTILE} {number}")
    answer = client.get(PAST)
    assert b"<script" not in answer.content
    assert b"<b>]]" not in answer.content
    sheets = [Path(str(finders.find(f"css/{name}.css"))) for name in ("portal", "alert")]
    sent = [answer.content, *(sheet.read_bytes() for sheet in sheets)]
    assert sum(len(gzip.compress(part, 9)) for part in sent) <= 14_000
    assert answer.content.count(b'rel="stylesheet"') == len(sheets)
