"""Agencies at the desk, and the link by which they confirm that a revision is in use."""

import re
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from alerts.delivery import deliveries, signed_links
from alerts.formats import frames
from alerts.models import Delivery, PartnerAgency, PartnerReceipt
from alerts.static_pages import generator
from core import encryption, keys
from core.audit import events
from core.keys import newest_key
from core.models import OutboxItem, PartnerChannel
from core.webhooks import attempt_label
from tests.support.alert_factories import HOSTILE, issued, partner, rewritten
from tests.support.data_files import read_cases
from tests.support.deliveries import NOWHERE, work
from tests.support.officers import Person
from tests.support.warning_pages import find_mailed_path, get_text

pytestmark = pytest.mark.django_db
ADD = "/admin/alerts/partneragency/add/"


def fill_form(**fields: str) -> dict[str, str]:
    return {
        "name": "Sở Mẫu",
        "kind": "department",
        "contact": "Chị Mẫu, 0550 000 123",
        "webhook": "https://so.example/nhan",
        "mail": "so@mau.example",
        "origins": "https://so.example/\nhttps://tin.so.example:8443/a",
        "is_active": "on",
        "disabled_reason": "",
    } | fields


def partner_url(row: PartnerAgency, action: str = "change") -> str:
    return reverse(f"admin:alerts_partneragency_{action}", args=[row.pk])


def find_secret(response: HttpResponse) -> str:
    match = re.search(r'<code class="once">([\w-]{43})</code>', response.content.decode())
    assert match
    return match[1]


def test_an_agency_is_kept_sealed_and_its_key_is_shown_once(editor: Person) -> None:
    response = editor.client.post(ADD, fill_form())
    row = PartnerAgency.objects.get()
    assert find_secret(response) == encryption.decrypt_field(row, "secret")
    assert "no-store" in response["Cache-Control"]
    assert row.origins == ["https://so.example", "https://tin.so.example:8443"]
    sealed = b"".join(map(bytes, (row.webhook_sealed, row.mail_sealed, row.secret_sealed)))
    plain = ("so.example", "so@mau.example", find_secret(response))
    assert [word for word in plain if word.encode() in sealed] == []
    page = get_text(editor.client, partner_url(row))
    assert "https://so.example/nhan" in page
    assert find_secret(response) not in page


def test_the_record_names_what_changed_and_no_address(editor: Person) -> None:
    editor.client.post(ADD, fill_form())
    row = PartnerAgency.objects.get()
    moved = fill_form(webhook="https://moi.example/nhan", origins="\r\n".join(row.origins))
    editor.client.post(partner_url(row), moved)
    newest = events.events_for("partner", row.pk)[0]
    assert (newest.kind, newest.actor) == ("partner_changed", editor.user)
    assert newest.detail == {"fields": ["webhook"]}


def test_an_origin_that_may_frame_owes_new_files(editor: Person, settings: Settings) -> None:
    editor.client.post(ADD, fill_form())
    assert not OutboxItem.objects.filter(task=generator.WRITE_TASK).exists()
    settings.FRAME_ANCESTORS = ("partners",)
    editor.client.post(ADD, fill_form(name="Sở Khác"))
    assert OutboxItem.objects.filter(task=generator.WRITE_TASK).count() == 1


def test_an_origin_for_which_the_header_has_no_room_is_told(
    editor: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FRAME_ANCESTORS = ("partners",)
    monkeypatch.setattr(frames, "MAX_ANCESTORS_LENGTH", 30)
    text = editor.client.post(ADD, fill_form()).content.decode()
    assert "đã đầy: https://tin.so.example:8443." in text
    assert not PartnerAgency.objects.exists()


def test_another_key_ends_the_old_one(approver: Person) -> None:
    row = partner(webhook="https://so.example/")
    before = encryption.decrypt_field(row, "secret")
    response = approver.client.post(partner_url(row, "renew"))
    row.refresh_from_db()
    assert find_secret(response) == encryption.decrypt_field(row, "secret") != before
    assert events.events_for("partner", row.pk)[0].kind == "partner_secret_created"


@pytest.mark.parametrize(("fields", "sentence"), read_cases("partners.json", "unusable"))
def test_what_cannot_be_used_is_told_and_nothing_is_lost(
    editor: Person, fields: dict[str, str], sentence: str
) -> None:
    text = editor.client.post(ADD, fill_form(**fields)).content.decode()
    assert sentence in text
    assert "Chị Mẫu, 0550 000 123" in text
    assert not PartnerAgency.objects.exists()


def test_a_stopped_way_is_shown_and_opened_again(editor: Person) -> None:
    row = partner()
    PartnerAgency.objects.update(stopped_channels=[PartnerChannel.MAIL])
    assert "kênh đã tự ngừng" in get_text(editor.client, "/admin/")
    editor.client.post(partner_url(row, "reopen"))
    row.refresh_from_db()
    assert row.has_channel(PartnerChannel.MAIL)
    assert events.events_for("partner", row.pk)[0].detail == {"channels": ["mail"]}


def test_what_did_not_arrive_stands_on_the_start_page_with_a_button_to_send_again(
    editor: Person, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MAX_TRIES", 1)
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, NOWHERE
    partner(HOSTILE)
    revision = issued()
    work()
    start = get_text(editor.client, "/admin/")
    assert "1 lượt gửi cảnh báo không đến cơ quan" in start
    assert "<script>alert" not in start
    page = get_text(editor.client, f"/admin/alerts/alert/{revision.alert_id}/change/")
    assert "cổng chưa có máy chủ thư" in page
    settings.EMAIL_BACKEND = backend
    row = Delivery.objects.get()
    resend = reverse("admin:alerts_delivery_resend", args=[row.pk])
    assert resend in page
    editor.client.post(resend)
    assert "đang gửi" in editor.client.post(resend, follow=True).content.decode()
    work()
    row.refresh_from_db()
    assert (row.state, len(mail.outbox)) == (Delivery.State.DONE, 1)
    kinds = [each.kind for each in events.events_for("alert", revision.alert_id)]
    assert kinds.count("delivery_resent") == 1
    assert "không đến cơ quan" not in get_text(editor.client, "/admin/")


# --- "Đã triển khai"


def find_link() -> str:
    work()
    return find_mailed_path("/da-trien-khai/")


@pytest.fixture
def address() -> str:
    """Return the link of a mail to an agency about a warning in force."""
    partner()
    issued()
    return find_link()


def test_looking_writes_nothing_and_one_press_confirms_once(client: Client, address: str) -> None:
    assert "<button" in get_text(client, address)
    assert not PartnerReceipt.objects.exists()
    assert "Đã ghi nhận" in client.post(address).content.decode()
    first = PartnerReceipt.objects.get().confirmed_at
    assert "<button" not in client.post(address).content.decode()
    assert PartnerReceipt.objects.get().confirmed_at == first
    revision = Delivery.objects.get().revision
    kinds = [each.kind for each in events.events_for("alert", revision.alert_id)]
    assert kinds.count("alert_deployed") == 1


def test_each_version_is_confirmed_by_itself(client: Client, editor: Person) -> None:
    partner()
    first = issued()
    address = find_link()
    client.post(address)
    rewritten(first)
    assert "Đã có bản mới hơn" in get_text(client, address)
    page = get_text(editor.client, f"/admin/alerts/alert/{first.alert_id}/change/")
    update = page.index("bản 2 (Cập nhật): chưa xác nhận")
    assert update < page.index("bản 1 (Phát): <b>đã triển khai")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
        lambda token: re.sub(r"\.\d+\.", ".999999.", token, count=1),
        lambda token: str(int(token.split(".")[0]) + 9) + token[token.index(".") :],
        lambda token: token.rpartition(".")[0],
        lambda _: "...",
        lambda _: "é.é",
    ],
)
def test_a_link_that_was_changed_opens_nothing(
    client: Client, address: str, spoil: Callable[[str], str]
) -> None:
    token = address.rstrip("/").rpartition("/")[2]
    response = client.post(reverse("alerts:partner_confirmation", args=[spoil(token)]))
    assert response.status_code == 404
    assert not PartnerReceipt.objects.exists()


def test_a_link_of_another_kind_opens_nothing(client: Client) -> None:
    row, revision = partner(), issued()
    parts = [str(int(time.time()) + 99), str(row.pk), revision.identifier]
    token = keys.sign_token(signed_links.JOIN, *parts)
    assert client.get(reverse("alerts:partner_confirmation", args=[token])).status_code == 404


def test_a_link_ends_after_its_days(client: Client, address: str) -> None:
    late = timezone.now() + signed_links.DEPLOYED_VALIDITY + timedelta(seconds=1)
    with time_machine.travel(late):
        assert client.post(address).status_code == 404


def test_a_link_under_an_older_key_opens(client: Client, address: str, settings: Settings) -> None:
    old, new = newest_key(), Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = (new, *settings.FIELD_ENCRYPTION_KEYS)
    assert newest_key() != old
    assert client.get(address).status_code == 200


def test_an_agency_that_was_switched_off_confirms_nothing(client: Client, address: str) -> None:
    PartnerAgency.objects.update(is_active=False)
    assert client.post(address).status_code == 404


def test_the_page_sets_no_cookie_and_is_kept_by_nobody(client: Client) -> None:
    partner("Sở " + HOSTILE)
    issued()
    response = client.get(find_link())
    assert not response.cookies
    assert "no-store" in response["Cache-Control"]
    assert "<script>alert" not in response.content.decode()


def test_a_mail_that_a_server_took_is_not_called_received() -> None:
    assert attempt_label("ok", 200) == "đã nhận"
    assert "chưa biết cơ quan đã đọc" in attempt_label("ok")
