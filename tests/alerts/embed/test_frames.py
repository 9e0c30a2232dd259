"""Frames by place, by office and live: what each holds and what it may do."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from alerts import publishing
from alerts.models import AlertRevision, PartnerAgency
from reports.models import Commune
from tests.support.alert_factories import (
    cancelled,
    commune,
    issued,
    office,
    partner,
    person,
    submitted,
)

pytestmark = pytest.mark.django_db


def for_place(slug: str, place: Commune) -> AlertRevision:
    alert = submitted(slug, short_title=slug)
    alert.communes.add(place)
    return publishing.issue(alert, by=person("approver"))


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_a_commune_reads_its_own_warnings_and_those_for_all() -> None:
    here, there = commune("xa-nay"), commune("xa-kia")
    for_place("cho-xa-nay", here)
    for_place("cho-xa-kia", there)
    issued("cho-ca-tinh", short_title="cho-ca-tinh")
    words = text(Client(), f"/nhung/xa/{here.pk}/")
    assert ["cho-xa-nay" in words, "cho-ca-tinh" in words, "cho-xa-kia" in words] == [
        True,
        True,
        False,
    ]


def test_an_office_shows_who_poses_as_it(client: Client) -> None:
    alert = submitted("gia-danh", short_title="gia-danh")
    alert.offices.add(office())
    publishing.issue(alert, by=person("approver"))
    issued("chuyen-khac", short_title="chuyen-khac")
    words = text(client, f"/nhung/co-quan/{office().pk}/")
    assert "gia-danh" in words
    assert "chuyen-khac" not in words


@pytest.mark.parametrize("path", ["/nhung/xa/khong-co/", "/nhung/co-quan/khong-co/"])
def test_an_unknown_place_or_office_has_no_frame(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.get(path.replace("/nhung/", "/nhung/song/")).status_code == 404


def test_a_place_without_warnings_says_so_and_whom_to_ring(client: Client) -> None:
    words = text(client, f"/nhung/xa/{commune().pk}/")
    assert "Hiện không có cảnh báo nào" in words
    assert "tel:02373725725" in words


def live_frames() -> list[str]:
    return [
        "/nhung/song/",
        "/nhung/song/canh-bao/gia-dien-luc/",
        f"/nhung/song/xa/{commune().pk}/",
        f"/nhung/song/co-quan/{office().pk}/",
    ]


def test_a_live_frame_runs_our_own_script_and_asks_our_own_server(client: Client) -> None:
    issued()
    for path in live_frames():
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "script-src 'self'; connect-src 'self'" in policy, path
        assert "frame-ancestors *" in policy
        assert b"js/frame" in answer.content
        assert "Set-Cookie" not in answer.headers


def test_frames_stand_only_where_the_setting_lets_them(client: Client, settings: Settings) -> None:
    issued()
    settings.FRAME_ANCESTORS = ("https://xa.example.vn", "https://so.example.vn:8443")
    for path in ["/nhung/", "/canh-bao/gia-dien-luc/nhung/", *live_frames()]:
        names = "'self' https://xa.example.vn https://so.example.vn:8443"
        assert framers_of(client, path) == names


def test_frames_stand_where_active_agencies_have_registered(
    client: Client, settings: Settings
) -> None:
    settings.FRAME_ANCESTORS = ("partners", "https://tinh.example.vn")
    agency = partner()
    assert framers_of(client) == "'self' https://tinh.example.vn"
    PartnerAgency.objects.update(origins=["https://xa.example.vn", "https://a.vn; script-src *"])
    assert framers_of(client) == "'self' https://tinh.example.vn https://xa.example.vn"
    PartnerAgency.objects.filter(pk=agency.pk).update(is_active=False)
    assert framers_of(client) == "'self' https://tinh.example.vn"


def policy_of(client: Client, path: str = "/nhung/") -> str:
    return str(client.get(path).headers["Content-Security-Policy"])


def framers_of(client: Client, path: str = "/nhung/") -> str:
    """Who may frame it: the names of that one directive."""
    parts = (part.strip() for part in policy_of(client, path).split(";"))
    (names,) = (part.removeprefix("frame-ancestors ") for part in parts if "ancestors" in part)
    return names


def test_a_list_of_agencies_without_end_fits_a_header(client: Client, settings: Settings) -> None:
    settings.FRAME_ANCESTORS = ("partners",)
    partner()
    PartnerAgency.objects.update(origins=[f"https://xa-{n}.thanhhoa.example" for n in range(900)])
    assert "https://xa-165.thanhhoa.example" in policy_of(client)
    assert len(policy_of(client)) < 8000


@pytest.mark.parametrize("name", ["*", "https:", "https://a.vn/b", "https://a.vn; script-src *"])
def test_a_name_that_is_no_origin_opens_nothing(
    client: Client, settings: Settings, name: str
) -> None:
    settings.FRAME_ANCESTORS = (name,)
    assert framers_of(client) == "'self'"


def test_agencies_read_that_frames_are_for_those_on_the_list(
    client: Client, settings: Settings
) -> None:
    told = "chỉ hiện trên trang của cơ quan đã đăng ký"
    assert told not in text(client, "/danh-cho-co-quan/")
    settings.FRAME_ANCESTORS = ("https://xa.example.vn",)
    assert told in text(client, "/danh-cho-co-quan/")


def test_a_plain_frame_runs_nothing(client: Client) -> None:
    issued()
    answer = client.get("/nhung/")
    assert b"<script" not in answer.content
    assert "script-src" not in answer.headers["Content-Security-Policy"]


def test_a_frame_says_until_when_it_holds(client: Client) -> None:
    until = timezone.now() + timedelta(days=3)
    issued(expires=until)
    assert f"Hiệu lực đến {timezone.localtime(until):%H:%M, %d/%m/%Y}" in text(client, "/nhung/")
    issued("mai-mai")
    assert "Hiệu lực đến khi có thông báo mới" in text(client, "/nhung/")


def test_a_cancel_leaves_the_live_frame_of_its_warning_marked(client: Client) -> None:
    cancelled(issued())
    words = text(client, "/nhung/song/canh-bao/gia-dien-luc/")
    assert "đã hết hiệu lực" in words
    assert "js/frame" in words


def test_the_line_of_script_names_this_portal_alone(client: Client) -> None:
    answer = client.get("/nhung.js")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    words = answer.content.decode()
    assert 'const portal = "http://127.0.0.1:8000"' in words.replace("\\u002D", "-")
    assert "event.origin !==" in words
