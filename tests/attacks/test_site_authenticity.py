"""How the portal shows that it is itself: its page, its security.txt, and the names that look like its own."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from pytest_django import Settings

from core.audit import events
from reports.models import LookalikeDomain
from reports.public import link_hosts
from tests.support.officers import Person
from tests.support.resident_pages import words

pytestmark = pytest.mark.django_db
HOST = "canhbao.congan.example"
LIST = "/admin/reports/lookalikedomain/"


def test_security_txt_says_whom_to_tell_and_is_never_stale(client: Client) -> None:
    lines = client.get("/.well-known/security.txt").content.decode().splitlines()
    fields = dict(line.split(": ", 1) for line in lines)
    expires = parse_datetime(fields["Expires"])
    assert expires
    assert timedelta(days=90) < expires - timezone.now() < timedelta(days=365)
    assert fields["Contact"] == "tel:+842373725725"
    path, _, part = fields["Policy"].partition(":8000")[2].partition("#")
    assert f'id="{part}"' in client.get(path).content.decode()


@pytest.mark.parametrize(("path", "phrase", "host"), [("/cong-that/", "câu hẹn", "Tự gõ địa chỉ"),
                                                      ("/en/cong-that/", "phrase", "Type the address")])  # fmt: skip
def test_the_page_says_how_an_officer_proves_to_be_one(
    client: Client, path: str, phrase: str, host: str
) -> None:
    page = words(client.get(path).content)
    assert phrase in page
    assert host in page
    assert "02373.725.725" in page


def test_the_names_that_a_thief_would_take_are_on_the_list() -> None:
    lookalikes = link_hosts.generate_lookalikes(HOST)
    for name in ("canhbao.vn", "canhbao.com", "canhbao-congan-example.top", "cahnbao.vn", "canh-bao.com",
                 "c4nhbao.vn", "canhbao-pv01.vn", "thanhhoa-canhbao.com", "canhdao.congan.example"):  # fmt: skip
        assert name in lookalikes
    assert HOST not in lookalikes
    assert len(lookalikes) == len(set(lookalikes)) <= link_hosts.MAX_LOOKALIKES


@pytest.mark.parametrize(
    "name", ["a.vn", "-x-.example", "a" * 63 + ".vn", "xn--bo-cng-9ta.vn", "1.2.3"]
)
def test_of_any_name_the_list_holds_names_alone(name: str) -> None:
    assert all(map(link_hosts._is_valid, link_hosts.generate_lookalikes(name)))


def test_the_list_is_filled_once_and_keeps_what_officers_wrote(settings: Settings) -> None:
    settings.PORTAL_URL = f"https://{HOST}"
    call_command("setup_desk", verbosity=0)
    LookalikeDomain.objects.filter(name="canhbao.vn").update(verdict="false", note="đã báo")
    assert link_hosts.sync_lookalikes() == 0
    assert LookalikeDomain.objects.get(name="canhbao.vn").verdict == "false"


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:8000"])
def test_a_first_look_has_no_look_alikes(settings: Settings, url: str) -> None:
    settings.PORTAL_URL = url
    assert link_hosts.sync_lookalikes() == 0


def test_an_officer_says_what_a_name_is_and_it_is_on_record(lead: Person) -> None:
    row = LookalikeDomain.objects.create(name="canhbao.vn")
    address = f"{LIST}{row.pk}/change/"
    assert "Ghi thấy gì" in lead.client.post(address, {"verdict": "false"}).content.decode()
    answer = lead.client.post(address, {"verdict": "false", "note": "Xin mã OTP, đã báo VNNIC"})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert (row.verdict, row.reviewed_by) == ("false", lead.user)
    event = events.events_for("lookalike", row.pk).get()
    assert event.detail == {"name": "canhbao.vn", "verdict": "false"}


@pytest.mark.parametrize(("typed", "domain"), [("https://GIA.example/x?y", "gia.example"),
                                             ("cảnhbáo.vn", "cảnhbáo.vn".encode("idna").decode())])  # fmt: skip
def test_a_name_that_somebody_met_is_added_as_the_browser_sends_it(
    lead: Person, typed: str, domain: str
) -> None:
    lead.client.post(f"{LIST}add/", {"name": typed, "verdict": "false", "note": "người dân báo"})
    assert [row.name for row in LookalikeDomain.objects.all()] == [domain]


@pytest.mark.parametrize("typed", ["", "x", "a b.vn", "<script>.vn", "..", "a" * 300])
def test_what_is_no_name_is_told(lead: Person, typed: str) -> None:
    answer = lead.client.post(f"{LIST}add/", {"name": typed, "verdict": "unseen", "note": ""})
    assert answer.status_code == 200
    assert not LookalikeDomain.objects.exists()


def test_the_start_page_tells_of_false_ones_first(lead: Person, editor: Person) -> None:
    LookalikeDomain.objects.create(name="canhbao.vn", verdict="false")
    LookalikeDomain.objects.create(name="canhbao.top")
    page = words(lead.client.get("/admin/").content.decode())
    unseen = "1 tên miền giống tên của trang, chưa xem"
    assert page.index("1 trang giả đã thấy") < page.index(unseen)
    assert "trang giả đã thấy" not in editor.client.get("/admin/").content.decode()
