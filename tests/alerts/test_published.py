"""One door: what is not published is nobody's business, under any address."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from alerts.models import Alert, AlertRevision
from tests.support.alert_factories import cancelled, draft, issued, submitted, withdrawn
from tests.support.warning_pages import find_missing, get_text, post_text

pytestmark = pytest.mark.django_db
PAGES = ["/canh-bao/{}/", "/canh-bao/{}/in/", "/canh-bao/{}/nhung/", "/canh-bao/{}/van-ban.txt"]
MORE = [
    "/canh-bao/{}/lich-su/",
    "/en/canh-bao/{}/",
    "/en/canh-bao/{}/lich-su/",
    "/en/canh-bao/{}/van-ban.txt",
]
LISTS = ["/canh-bao/", "/nhung/"]


def slugs(revisions: Iterable[AlertRevision]) -> set[str]:
    return {revision.alert.slug for revision in revisions}


def test_a_warning_is_published_from_its_beginning_to_its_end_or_cancel() -> None:
    begin = timezone.now()
    cancelled(issued("huy"))
    issued("het", expires=begin + timedelta(hours=1))
    issued("hen", effective=begin + timedelta(hours=1))
    for minutes, in_force, ended in ((30, {"het"}, {"huy"}), (90, {"hen"}, {"huy", "het"})):
        with time_machine.travel(begin + timedelta(minutes=minutes)):
            assert slugs(AlertRevision.objects.in_force()) == in_force
            assert slugs(AlertRevision.objects.ended()) == ended


def test_the_newest_word_comes_first() -> None:
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        issued("cu")
    issued("moi")
    assert [revision.alert.slug for revision in AlertRevision.objects.in_force()] == ["moi", "cu"]


@pytest.mark.parametrize("page", [*PAGES, *MORE])
def test_a_draft_has_no_page_anywhere(client: Client, page: str) -> None:
    draft("soan")
    submitted("duyet")
    issued("hen", effective=timezone.now() + timedelta(days=1))
    for slug in ("soan", "duyet", "hen", "khong-co"):
        assert client.get(page.format(slug)).status_code == 404


@pytest.mark.parametrize("page", LISTS)
def test_a_draft_is_on_no_list(client: Client, page: str) -> None:
    titles = dict.fromkeys(("title", "short_title"), "Chưa ai được biết")
    draft("soan", **titles)
    submitted("duyet", **titles)
    assert "Chưa ai được biết" not in get_text(client, "/en/canh-bao/")
    text = get_text(client, page)
    assert "Chưa ai được biết" not in text
    assert "Hiện không có cảnh báo nào" in text


def test_public_pages_show_the_issued_text_while_a_new_one_is_written(client: Client) -> None:
    issued()
    Alert.objects.update(title="Chưa duyệt", short_title="Chưa duyệt", summary="Chưa duyệt")
    for page in [*LISTS, *(page.format("gia-dien-luc") for page in (*PAGES, MORE[0]))]:
        assert "Chưa duyệt" not in get_text(client, page)


@pytest.mark.parametrize("page", PAGES)
def test_a_warning_that_was_cancelled_or_has_expired_says_so(client: Client, page: str) -> None:
    cancelled(issued())
    issued("qua", expires=timezone.now() + timedelta(hours=1))
    text = get_text(client, page.format("gia-dien-luc"))
    assert "hết hiệu lực" in text
    assert "Đang có hiệu lực" not in text
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert "hết hiệu lực" in get_text(client, page.format("qua"))


@pytest.mark.parametrize("page", PAGES)
def test_a_withdrawn_warning_repeats_nothing_of_its_error(client: Client, page: str) -> None:
    withdrawn(issued(summary="Điều viết sai."))
    text = get_text(client, page.format("gia-dien-luc"))
    assert "được rút lại" in text
    assert "Điều viết sai." not in text


def test_nor_does_the_search_that_finds_it_by_its_title_alone(client: Client) -> None:
    withdrawn(issued(summary="Điều viết sai."))
    by_title = post_text(client, "/tim/", q="cắt điện")
    assert "Đã rút lại" in by_title
    assert "Điều viết sai." not in by_title
    assert "Giả điện lực" not in post_text(client, "/tim/", q="viết sai")


def test_ended_warnings_leave_the_frame_and_stay_on_the_list(client: Client) -> None:
    cancelled(issued())
    assert "Giả điện lực" not in get_text(client, "/nhung/")
    words = ["Đang có hiệu lực (0)", "Giả điện lực"]
    assert find_missing(words, get_text(client, "/canh-bao/")) == []
