"""Agencies at the desk, and the link by which they say that a version is in use."""

import re
import time

import pytest
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from alerts.delivery import partners, service, signed_links
from alerts.embed import frames
from alerts.models import Channel, Delivery, PartnerAgency, PartnerReceipt
from alerts.static_pages import generator
from core import encryption
from core.audit import events
from core.keys import newest_key
from core.models import OutboxItem
from tests.alerts.delivery.test_service import NOWHERE, work
from tests.support.alert_factories import HOSTILE, issued, partner, rewritten
from tests.support.officers import Person

pytestmark = pytest.mark.django_db
ADD = "/admin/alerts/partneragency/add/"


def typed(**fields: str) -> dict[str, str]:
    usual = {
        "name": "Sở Mẫu",
        "kind": "department",
        "contact": "Chị Mẫu, 0550 000 123",
        "webhook": "https://so.example/nhan",
        "mail": "so@mau.example",
        "origins": "https://so.example/\nhttps://tin.so.example:8443/a",
        "is_active": "on",
        "disabled_reason": "",
    }
    return usual | fields


def change(row: PartnerAgency) -> str:
    return reverse("admin:alerts_partneragency_change", args=[row.pk])


def secret_in(answer: HttpResponse) -> str:
    found = re.search(r'<code class="once">([\w-]{43})</code>', answer.content.decode())
    assert found
    return found[1]


def test_an_agency_is_kept_sealed_and_its_key_is_shown_once(editor: Person) -> None:
    answer = editor.client.post(ADD, typed())
    row = PartnerAgency.objects.get()
    assert secret_in(answer) == encryption.decrypt_field(row, "secret")
    assert "no-store" in answer["Cache-Control"]
    assert row.origins == ["https://so.example", "https://tin.so.example:8443"]
    assert b"so.example" not in bytes(row.webhook_sealed or b"")
    page = editor.client.get(change(row)).content.decode()
    assert "https://so.example/nhan" in page
    assert secret_in(answer) not in page


def test_the_record_names_what_changed_and_no_address(editor: Person) -> None:
    editor.client.post(ADD, typed())
    row = PartnerAgency.objects.get()
    moved = typed(webhook="https://moi.example/nhan", origins="\r\n".join(row.origins))
    editor.client.post(change(row), moved)
    newest = events.events_for("partner", row.pk)[0]
    assert (newest.kind, newest.actor, newest.detail) == (
        "partner_changed", editor.user, {"fields": ["webhook"]},
    )  # fmt: skip


def test_an_origin_that_decides_who_may_frame_owes_new_files(
    editor: Person, settings: Settings
) -> None:
    editor.client.post(ADD, typed())
    assert not OutboxItem.objects.filter(task=generator.TASK).exists()
    settings.FRAME_ANCESTORS = ("partners",)
    editor.client.post(ADD, typed(name="Sở Khác"))
    assert OutboxItem.objects.filter(task=generator.TASK).count() == 1


def test_an_origin_for_which_the_header_has_no_room_is_told(
    editor: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FRAME_ANCESTORS = ("partners",)
    monkeypatch.setattr(frames, "MAX_ANCESTORS_LENGTH", 30)
    text = editor.client.post(ADD, typed()).content.decode()
    assert "đã đầy: https://tin.so.example:8443." in text
    assert not PartnerAgency.objects.exists()


def test_another_key_ends_the_old_one(approver: Person) -> None:
    row = partner(webhook="https://so.example/")
    before = encryption.decrypt_field(row, "secret")
    answer = approver.client.post(reverse("admin:alerts_partneragency_renew", args=[row.pk]))
    row.refresh_from_db()
    assert secret_in(answer) == encryption.decrypt_field(row, "secret") != before
    assert events.events_for("partner", row.pk)[0].kind == "partner_key_made"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"webhook": "http://so.example/"}, "https://"),
        ({"webhook": "https://127.0.0.1/"}, "không ghi số IP"),
        ({"webhook": "https://2130706433/"}, "không ghi số IP"),
        ({"webhook": "https://a b"}, "không đọc được"),
        ({"webhook": "", "mail": ""}, "ít nhất một nơi nhận"),
        ({"mail": "khong phai thu"}, "mail"),
        ({"origins": "javascript:alert(1)"}, "https://"),
        ({"origins": "https://so.example;script-src"}, "tên miền"),
        ({"is_active": ""}, "lý do ngừng"),
    ],
)
def test_what_cannot_be_used_is_told_and_nothing_is_lost(
    editor: Person, fields: dict[str, str], sentence: str
) -> None:
    text = editor.client.post(ADD, typed(**fields)).content.decode()
    assert sentence in text
    assert "Chị Mẫu, 0550 000 123" in text
    assert not PartnerAgency.objects.exists()


def test_those_who_do_not_keep_agencies_are_refused_on_record(duty: Person) -> None:
    row = partner(webhook="https://so.example/")
    for name in ("renew", "reopen"):
        address = reverse(f"admin:alerts_partneragency_{name}", args=[row.pk])
        assert duty.client.post(address).status_code == 403
    assert [each.kind for each in events.events_for("partneragency", row.pk)] == [
        "refused",
        "refused",
    ]


def test_a_stopped_way_is_shown_and_opened_again(editor: Person) -> None:
    row = partner()
    PartnerAgency.objects.update(stopped_channels=[Channel.MAIL])
    assert "kênh đã tự ngừng" in editor.client.get("/admin/").content.decode()
    editor.client.post(reverse("admin:alerts_partneragency_reopen", args=[row.pk]))
    row.refresh_from_db()
    assert row.has_channel(Channel.MAIL)
    assert events.events_for("partner", row.pk)[0].detail == {"channels": ["mail"]}


def test_what_did_not_arrive_stands_on_the_start_page_with_a_button_to_send_again(
    editor: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_TRIES", 1)
    here, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, NOWHERE
    partner(HOSTILE)
    revision = issued()
    work()
    start = editor.client.get("/admin/").content.decode()
    assert "1 lượt gửi cảnh báo không đến cơ quan" in start
    assert "<script>alert" not in start
    page = editor.client.get(f"/admin/alerts/alert/{revision.alert_id}/change/").content.decode()
    assert "cổng chưa có máy chủ thư" in page
    settings.EMAIL_BACKEND = here
    row = Delivery.objects.get()
    assert reverse("admin:alerts_delivery_resend", args=[row.pk]) in page
    editor.client.post(reverse("admin:alerts_delivery_resend", args=[row.pk]))
    work()
    row.refresh_from_db()
    assert row.state == Delivery.State.DONE
    assert "không đến cơ quan" not in editor.client.get("/admin/").content.decode()


def test_sending_again_what_is_on_its_way_says_so(editor: Person) -> None:
    partner()
    issued()
    address = reverse("admin:alerts_delivery_resend", args=[Delivery.objects.get().pk])
    assert "đang gửi" in editor.client.post(address, follow=True).content.decode()


# --- "Đã triển khai"


def link() -> str:
    """The link of the newest mail."""
    work()
    found = re.search(r"http\S+(/da-trien-khai/\S+)", mail.outbox[-1].body)
    assert found
    return found[1]


def test_looking_confirms_nothing_and_one_press_does(client: Client) -> None:
    partner()
    revision = issued()
    address = link()
    page = client.get(address)
    assert "<button" in page.content.decode()
    assert PartnerReceipt.objects.get().confirmed_at is None
    assert "Đã ghi nhận" in client.post(address).content.decode()
    assert PartnerReceipt.objects.get().confirmed_at
    assert events.events_for("alert", revision.alert_id)[0].kind == "alert_deployed"


def test_pressed_again_it_says_when_and_counts_once(client: Client) -> None:
    partner()
    revision = issued()
    address = link()
    client.post(address)
    first = PartnerReceipt.objects.get().confirmed_at
    again = client.post(address).content.decode()
    assert "<button" not in again
    assert PartnerReceipt.objects.get().confirmed_at == first
    kinds = [each.kind for each in events.events_for("alert", revision.alert_id)]
    assert kinds.count("alert_deployed") == 1


def test_each_version_is_confirmed_by_itself(client: Client, editor: Person) -> None:
    partner()
    first = issued()
    address = link()
    client.post(address)
    second = rewritten(first)
    assert "Đã có bản mới hơn" in client.get(address).content.decode()
    page = editor.client.get(f"/admin/alerts/alert/{first.alert_id}/change/").content.decode()
    assert page.index("bản 2 (Cập nhật): chưa mở xem") < page.index(
        "bản 1 (Phát): <b>đã triển khai"
    )
    client.get(link())
    assert partners.delivery_statuses(second.alert)[0].reading is not None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
        lambda token: re.sub(r"\.\d+\.", ".999999.", token, count=1),
        lambda token: str(int(token.split(".")[0]) + 9) + token[token.index(".") :],
        lambda token: token.rpartition(".")[0],
        lambda _: "x",
        lambda _: "...",
        lambda _: "é.é",
    ],
)
def test_a_link_that_was_changed_opens_nothing(client: Client, spoil: object) -> None:
    partner()
    issued()
    token = link().rstrip("/").rpartition("/")[2]
    assert callable(spoil)
    answer = client.post(reverse("alerts:partner_confirmation", args=[spoil(token)]))
    assert answer.status_code == 404
    assert not PartnerReceipt.objects.exists()


def test_a_link_of_another_kind_opens_nothing(client: Client) -> None:
    row, revision = partner(), issued()
    parts = [str(int(time.time()) + 99), str(row.pk), revision.identifier]
    token = signed_links.sign_token(signed_links.JOIN, *parts)
    assert client.get(reverse("alerts:partner_confirmation", args=[token])).status_code == 404


def test_a_link_ends_after_its_days(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    partner()
    issued()
    address = link()
    late = time.time() + signed_links.DEPLOYED_VALIDITY.total_seconds() + 1
    monkeypatch.setattr(signed_links.time, "time", lambda: late)
    assert client.post(address).status_code == 404


def test_a_link_signed_under_an_older_key_still_opens(client: Client, settings: Settings) -> None:
    from cryptography.fernet import Fernet

    partner()
    issued()
    address, old = link(), newest_key()
    settings.FIELD_ENCRYPTION_KEYS = (
        Fernet.generate_key().decode(),
        *settings.FIELD_ENCRYPTION_KEYS,
    )
    assert newest_key() != old
    assert client.get(address).status_code == 200


def test_an_agency_that_was_switched_off_confirms_nothing(client: Client) -> None:
    partner()
    issued()
    address = link()
    PartnerAgency.objects.update(is_active=False)
    assert client.post(address).status_code == 404


def test_the_page_sets_no_cookie_and_is_kept_by_nobody(client: Client) -> None:
    partner("Sở " + HOSTILE)
    issued()
    answer = client.get(link())
    assert not answer.cookies
    assert "no-store" in answer["Cache-Control"]
    assert "<script>alert" not in answer.content.decode()
