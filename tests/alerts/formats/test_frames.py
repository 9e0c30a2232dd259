"""Frames by commune, by office and live: what each holds and what it may do."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags
from pytest_django import Settings

from alerts.models import PartnerAgency
from tests.support.alert_factories import cancelled, commune, issued, office, partner, withdrawn
from tests.support.warning_pages import find_missing, get_text

pytestmark = pytest.mark.django_db


def test_a_commune_reads_its_own_warnings_and_those_for_all() -> None:
    here, there = commune("xa-nay"), commune("xa-kia")
    titles = ["cho-xa-nay", "cho-ca-tinh", "cho-xa-kia"]
    for title, communes in zip(titles, ([here], [], [there]), strict=True):
        issued(title, communes=communes, short_title=title)
    assert find_missing(titles, get_text(Client(), f"/nhung/xa/{here.pk}/")) == ["cho-xa-kia"]


def test_an_office_shows_who_poses_as_it_and_what_names_no_office(client: Client) -> None:
    issued("gia-danh", offices=[office()], short_title="gia-danh")
    issued("chuyen-khac", offices=[office("noi-khac")], short_title="chuyen-khac")
    issued("ca-tinh", short_title="ca-tinh")
    text = get_text(client, f"/nhung/co-quan/{office().pk}/")
    assert find_missing(["gia-danh", "ca-tinh", "chuyen-khac"], text) == ["chuyen-khac"]


@pytest.mark.parametrize("path", ["/nhung/xa/khong-co/", "/nhung/co-quan/khong-co/"])
def test_an_unknown_place_or_office_has_no_frame(client: Client, path: str) -> None:
    for address in (path, path.replace("/nhung/", "/nhung/song/")):
        answer = client.get(address)
        assert answer.status_code == 404
        assert "frame-ancestors *" in answer["Content-Security-Policy"]
        assert "02373.725.725" in answer.content.decode()


def test_a_place_without_warnings_says_so_and_whom_to_ring(client: Client) -> None:
    text = get_text(client, f"/nhung/xa/{commune().pk}/")
    assert find_missing(["Hiện không có cảnh báo nào", "tel:02373725725"], text) == []


@pytest.mark.parametrize("path", ["/nhung/", "/nhung/song/", "/nhung/xa/hac-thanh/"])
def test_a_general_frame_tells_for_a_week_what_was_withdrawn_and_none_of_its_words(
    client: Client, path: str
) -> None:
    commune()
    revision = withdrawn(issued(short_title="Điều viết sai"))
    text = get_text(client, path)
    assert find_missing(["Đã rút lại", revision.identifier, "/canh-bao/gia-dien-luc/"], text) == []
    assert "Điều viết sai" not in text
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert revision.identifier not in get_text(client, path)


def test_a_frame_without_a_warning_says_when_it_was_written(client: Client) -> None:
    with time_machine.travel("2026-12-01T01:05:00Z"):
        text = strip_tags(get_text(client, f"/nhung/xa/{commune().pk}/"))
    assert "Cập nhật 08:05, 01/12/2026" in text


@pytest.mark.parametrize("path", ["/nhung/", "/canh-bao/gia-dien-luc/nhung/"])
def test_a_frame_without_script_reads_itself_anew_each_five_minutes(
    client: Client, path: str
) -> None:
    issued()
    refresh = '<meta http-equiv="refresh" content="300">'
    assert refresh in get_text(client, path)
    assert refresh not in get_text(client, "/nhung/song/")


def list_live_frames() -> list[str]:
    return [
        "/nhung/song/",
        "/nhung/song/canh-bao/gia-dien-luc/",
        f"/nhung/song/xa/{commune().pk}/",
        f"/nhung/song/co-quan/{office().pk}/",
    ]


def test_a_live_frame_alone_runs_a_script_and_asks_our_own_server(client: Client) -> None:
    issued()
    for path in list_live_frames():
        response = client.get(path)
        policy = response.headers["Content-Security-Policy"]
        assert "script-src 'self'; connect-src 'self'" in policy, path
        assert b"js/frame" in response.content
        assert "Set-Cookie" not in response.headers
    assert "<script" not in get_text(client, "/nhung/")
    assert "script-src" not in get_policy(client)


def test_frames_stand_only_where_the_setting_lets_them(client: Client, settings: Settings) -> None:
    sentence = "chỉ hiện trên trang của cơ quan đã đăng ký"
    assert sentence not in get_text(client, "/danh-cho-co-quan/")
    issued()
    settings.FRAME_ANCESTORS = ("https://xa.example.vn", "https://so.example.vn:8443")
    for path in ["/nhung/", "/canh-bao/gia-dien-luc/nhung/", *list_live_frames()]:
        names = "'self' https://xa.example.vn https://so.example.vn:8443"
        assert list_framers(client, path) == names
    assert sentence in get_text(client, "/danh-cho-co-quan/")


def test_frames_stand_where_agencies_have_registered(client: Client, settings: Settings) -> None:
    settings.FRAME_ANCESTORS = ("partners", "https://tinh.example.vn")
    partner()
    assert list_framers(client) == "'self' https://tinh.example.vn"
    PartnerAgency.objects.update(origins=["https://xa.example.vn", "https://a.vn; script-src *"])
    assert list_framers(client) == "'self' https://tinh.example.vn https://xa.example.vn"
    PartnerAgency.objects.update(is_active=False)
    assert list_framers(client) == "'self' https://tinh.example.vn"


def get_policy(client: Client, path: str = "/nhung/") -> str:
    return str(client.get(path).headers["Content-Security-Policy"])


def list_framers(client: Client, path: str = "/nhung/") -> str:
    """Return who may frame it: the sources of that one directive."""
    parts = (part.strip() for part in get_policy(client, path).split(";"))
    (names,) = (part.removeprefix("frame-ancestors ") for part in parts if "ancestors" in part)
    return names


def test_a_list_of_agencies_without_end_fits_a_header(client: Client, settings: Settings) -> None:
    settings.FRAME_ANCESTORS = ("partners",)
    origins = [f"https://xa-{each}.thanhhoa.example" for each in range(900)]
    partner(origins=origins)
    assert "https://xa-165.thanhhoa.example" in get_policy(client)
    assert len(get_policy(client)) < 8000


@pytest.mark.parametrize("name", ["*", "https:", "https://a.vn/b", "https://a.vn; script-src *"])
def test_what_is_no_origin_opens_nothing(client: Client, settings: Settings, name: str) -> None:
    settings.FRAME_ANCESTORS = (name,)
    assert list_framers(client) == "'self'"


def test_a_frame_says_until_when_it_holds(client: Client) -> None:
    until = timezone.now() + timedelta(days=3)
    issued(expires=until)
    issued("mai-mai")
    words = [f"Hiệu lực đến {timezone.localtime(until):%H:%M, %d/%m/%Y}"]
    words.append("Hiệu lực đến khi có thông báo mới")
    assert find_missing(words, get_text(client, "/nhung/")) == []


def test_a_cancel_leaves_the_live_frame_of_its_warning_marked(client: Client) -> None:
    cancelled(issued())
    text = get_text(client, "/nhung/song/canh-bao/gia-dien-luc/")
    assert find_missing(["đã hết hiệu lực", "js/frame"], text) == []


def test_the_line_of_script_names_this_portal_alone(client: Client) -> None:
    response = client.get("/nhung.js")
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    text = response.content.decode().replace("\\u002D", "-")
    assert find_missing(['const portal = "http://127.0.0.1:8000"', "event.origin !=="], text) == []
