"""Warnings by mail: only to who has confirmed, and nothing stays of who left."""

import gzip
import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import mail
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from lxml import html
from pytest_django import Settings
from redis import Redis

from alerts.delivery import deliveries, signed_links, subscriptions
from alerts.models import Delivery, Subscriber
from core.keys import form_token, newest_key
from core.models import OutboxItem
from reports.models import Office
from reports.reference import gazetteer
from tests.support.alert_factories import cancelled, commune, issued, office, rewritten, subscriber
from tests.support.deliveries import NOWHERE, work
from tests.support.warning_pages import find_mailed_path, find_missing, get_text, post_text

pytestmark = pytest.mark.django_db
PAGE = "/dang-ky/"
ME = "dan@mau.example"


def subscribe(client: Client, address: str = ME, **fields: str) -> str:
    """Fill the form, send what it owes, and return the page."""
    text = post_text(client, PAGE, **{"address": address, "token": form_token()} | fields)
    items = OutboxItem.objects.filter(task=subscriptions.OPT_IN_TASK, done_at=None)
    subscriptions.process_items(list(items.values_list("pk", flat=True)))
    return text


def list_recipients() -> list[str]:
    """Return to whom a warning was sent."""
    work()
    return sorted(each.to[0] for each in mail.outbox if "/canh-bao/" in each.body)


def test_nobody_is_told_before_the_button_in_the_mail(client: Client) -> None:
    assert "Mở email để xác nhận" in subscribe(client)
    join = find_mailed_path("/dang-ky/xac-nhan/")
    assert "<button" in get_text(client, join)
    revision = issued()
    assert list_recipients() == []
    client.post(join)
    rewritten(revision)
    assert list_recipients() == [ME]


def test_the_address_is_sealed_and_found_by_a_keyed_hash(client: Client) -> None:
    subscribe(client)
    row = Subscriber.objects.get()
    assert b"mau" not in bytes(row.address_sealed) + bytes(row.address_index)
    assert len(bytes(row.address_index)) == 32


@pytest.mark.parametrize("again", ["DAN@mau.example", " dan@MAU.example ", "dan+tin@mau.example"])
def test_nobody_subscribes_twice(client: Client, again: str) -> None:
    subscribe(client)
    assert "Mở email để xác nhận" in subscribe(client, again)
    assert Subscriber.objects.count() == 1
    assert len(mail.outbox) == 1


def test_nobody_subscribes_to_what_the_desk_sorts_out(client: Client) -> None:
    page = client.get(PAGE).content.decode()
    shown = [
        kind in page for kind in ("police_case", "spam_submission", "unclear", "spam_marketing")
    ]
    assert shown == [True, False, False, False]


def test_two_with_like_digits_are_two(client: Client) -> None:
    subscribe(client, "a.19901234@mau.example")
    subscribe(client, "b.19901234@mau.example")
    assert Subscriber.objects.count() == 2


def test_dots_make_no_second_letter_box_where_they_do_not_count() -> None:
    addresses = ("a.b.c@gmail.com", "abc@googlemail.com", "a.b@mau.example", "ab@mau.example")
    indexes = [subscriptions.email_blind_index(each, newest_key()) for each in addresses]
    assert indexes[0] == indexes[1]
    assert indexes[2] != indexes[3]


def test_a_letter_box_is_not_filled(client: Client) -> None:
    for letters in (1, 2, 2):
        for _ in range(30):
            subscribe(client)
        assert len(mail.outbox) == letters
        Subscriber.objects.update(opt_in_requested_at=Now() - timedelta(minutes=16))


def test_one_visitor_asks_for_few(client: Client, enforced: Redis) -> None:
    texts = [subscribe(client, f"n{each}@mau.example") for each in range(25)]
    assert "quá nhiều người" in texts[-1]
    assert "n24@mau.example" in texts[-1]
    assert len(mail.outbox) == 20


def test_a_crowd_of_one_network_shuts_no_other_out(
    client: Client, enforced: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "CROWD", 2)
    subscribe(client, "a@mau.example"), subscribe(client, "b@mau.example")
    crowd = [Client(REMOTE_ADDR=f"192.0.2.{each}") for each in range(11)]
    texts = [subscribe(each, f"n{number}@mau.example") for number, each in enumerate(crowd)]
    assert ["quá nhiều người" in text for text in texts] == [False] * 10 + [True]
    assert "Mở email để xác nhận" in subscribe(Client(REMOTE_ADDR="198.51.100.7"))


def test_the_answer_does_not_tell_who_subscribes(client: Client) -> None:
    subscriber(ME)
    assert subscribe(client, ME) == subscribe(client, "khac@mau.example")


def test_a_stranger_changes_nothing_that_was_confirmed(client: Client) -> None:
    row = subscriber(ME, communes=["hac-thanh"])
    commune()
    subscribe(client, "dan+ke@mau.example", commune="")
    row.refresh_from_db()
    assert row.communes == ["hac-thanh"]
    assert mail.outbox[-1].to == [ME]
    client.post(find_mailed_path("/dang-ky/xac-nhan/"))
    row.refresh_from_db()
    assert row.communes == []


def test_one_click_in_the_mail_program_leaves_without_cookie_or_token() -> None:
    subscriber()
    issued()
    assert list_recipients() == [ME]
    headers = mail.outbox[-1].extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = headers["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1:8000")
    mailer = Client(enforce_csrf_checks=True, headers={"origin": "https://thu.example"})
    assert mailer.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not Subscriber.objects.exists()
    assert not Delivery.objects.exists()


def test_looking_at_the_way_out_does_not_leave(client: Client) -> None:
    path = signed_links.unsubscribe_url(subscriber()).removeprefix("http://127.0.0.1:8000")
    assert "<button" in get_text(client, path)
    assert Subscriber.objects.exists()
    client.post(path)
    assert "Đã bỏ" in client.post(path).content.decode()


def test_who_left_is_not_told_what_was_owed_already() -> None:
    row = subscriber()
    issued()
    row.delete()
    assert list_recipients() == []


def test_a_link_to_join_is_worth_nothing_after_leaving(client: Client) -> None:
    subscribe(client)
    join = find_mailed_path("/dang-ky/xac-nhan/")
    client.post(find_mailed_path("/dang-ky/bo/"))
    assert client.post(join).status_code == 404
    assert not Subscriber.objects.exists()


def test_what_nobody_confirms_is_removed(client: Client) -> None:
    subscribe(client)
    confirmed = subscriber("khac@mau.example")
    Subscriber.objects.update(opt_in_requested_at=Now() - timedelta(hours=49))
    subscriptions.purge()
    assert list(Subscriber.objects.all()) == [confirmed]


def test_a_link_to_join_ends_after_two_days(client: Client) -> None:
    subscribe(client)
    with time_machine.travel(timezone.now() + timedelta(hours=48, seconds=5)):
        assert client.post(find_mailed_path("/dang-ky/xac-nhan/")).status_code == 404
    assert Subscriber.objects.get().confirmed_at is None


@pytest.mark.parametrize("name", ["xac-nhan", "bo", "doi"])
def test_forged_links_do_nothing(client: Client, name: str) -> None:
    row = subscriber()
    for token in (f".{row.pk}.{'0' * 32}", str(row.pk), f"9999999999.{row.pk}....", "é"):
        assert client.post(f"/dang-ky/{name}/{token}/").status_code == 404
    assert Subscriber.objects.filter(pk=row.pk, communes=[]).exists()


def test_who_has_just_joined_may_choose_anew_without_waiting_for_a_warning(client: Client) -> None:
    subscribe(client)
    answer = client.post(find_mailed_path("/dang-ky/xac-nhan/"))
    assert "no-store" not in answer["Cache-Control"]  # the back button finds it
    page = html.document_fromstring(answer.content)
    (address,) = page.xpath("//main//a[contains(@href, '/dang-ky/doi/')]/@href")
    assert client.get(urlsplit(address).path).status_code == 200


def test_a_link_to_join_is_no_way_out(client: Client) -> None:
    subscribe(client)
    token = find_mailed_path("/dang-ky/xac-nhan/").removeprefix("/dang-ky/xac-nhan/")
    assert client.post(f"/dang-ky/bo/{token}").status_code == 404


@pytest.mark.parametrize(
    ("filters", "is_recipient"),
    [
        ({}, True),
        ({"communes": ["noi-khac", "hac-thanh"]}, True),
        ({"communes": ["noi-khac"]}, False),
        ({"scenarios": ["bank", "utility"]}, True),
        ({"scenarios": ["bank"]}, False),
        ({"offices": ["dien-luc", "ngan-hang"]}, True),
        ({"offices": ["ngan-hang"]}, False),
        ({"communes": ["hac-thanh"], "offices": ["ngan-hang"]}, False),
    ],
)
def test_each_is_told_what_they_asked_for(
    filters: dict[str, list[str]], is_recipient: bool
) -> None:
    subscriber(**filters)
    issued(scenario="utility", communes=[commune()], offices=[office()])
    assert list_recipients() == ([ME] if is_recipient else [])


def test_a_warning_for_the_whole_province_goes_to_every_commune() -> None:
    subscriber(communes=["noi-khac"])
    issued()
    assert list_recipients() == [ME]


def test_a_cancel_goes_to_those_who_were_told_and_to_nobody_else() -> None:
    subscriber()
    revision = issued()
    list_recipients()
    subscriber("moi@mau.example")
    mail.outbox.clear()
    cancelled(revision)
    assert list_recipients() == [ME]
    assert mail.outbox[0].subject.startswith("Hết hiệu lực:")


def test_the_mail_says_that_it_warns_and_helps_without_a_link() -> None:
    subscriber(ME)
    revision = issued()
    list_recipients()
    (letter,) = mail.outbox
    assert letter.subject == f"Cảnh báo: {revision.frozen_content.title}"
    told = (*revision.frozen_content.advice, "tự bấm 02373.725.725")
    assert all(line in letter.body.partition("http")[0] for line in told)


def test_one_letter_to_each_with_no_other_address() -> None:
    for each in range(3):
        subscriber(f"n{each}@mau.example")
    issued()
    list_recipients()
    assert {len(each.recipients()) for each in mail.outbox} == {1}
    assert not any(getattr(each, "alternatives", ()) for each in mail.outbox)


@pytest.mark.parametrize(
    "address",
    ["", "khong", "a@b", "a@mau.example\nBcc: b@mau.example", "a@mau.example,b@mau.example",
     "<script>@mau.example", "đan@mau.example", "a" * 250 + "@mau.example"],
)  # fmt: skip
def test_what_is_no_address_is_told_and_owes_nothing(client: Client, address: str) -> None:
    response = client.post(PAGE, {"address": address, "token": form_token()})
    assert response.status_code == 422
    assert "Còn 1 chỗ cần sửa" in response.content.decode()
    assert 'class="wrong"' in response.content.decode()
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    "typed", ["Phường Thử", "phuong thu", "Xã Bịa Lâm", "bia lam", "hac-thanh"]
)
def test_a_commune_is_chosen_by_its_present_or_a_former_name(client: Client, typed: str) -> None:
    commune(former_communes=["Xã Bịa Lâm"])
    gazetteer.clear_cache()
    subscribe(client, commune=typed)
    client.post(find_mailed_path("/dang-ky/xac-nhan/"))
    assert Subscriber.objects.get().communes == ["hac-thanh"]


def test_a_former_name_that_several_communes_share_is_asked_for(client: Client) -> None:
    for codename in ("xa-mot", "xa-hai"):
        commune(codename=codename, name=f"Xã {codename}", former_communes=["Xã Bịa Lâm"])
    gazetteer.clear_cache()
    page = subscribe(client, commune="Bịa Lâm")
    assert "Có mấy nơi tên này. Ghi một trong các tên: " in page
    assert "Xã xa-mot" in page
    assert not Subscriber.objects.exists()


def test_nobody_subscribes_to_callers_who_name_nobody(client: Client) -> None:
    Office.objects.create(codename="khac", name="Nơi khác, hoặc không nói rõ")
    assert "Nơi khác, hoặc không nói rõ" not in get_text(client, PAGE)


def test_a_choice_that_is_not_offered_is_refused(client: Client) -> None:
    assert "Chọn một dòng" in subscribe(client, office="' OR 1=1 --")
    assert "Chưa tìm thấy nơi này" in subscribe(client, commune="' OR 1=1 --")
    assert not mail.outbox


@pytest.mark.parametrize("token", ["", "f:xx:yy", "f" * 5000])
def test_a_form_that_is_not_fresh_is_given_back_with_its_words(client: Client, token: str) -> None:
    text = subscribe(client, token=token)
    assert "Bấm lại một lần nữa" in text
    assert ME in text
    [fresh] = re.findall(r'name="token" value="([^"]+)"', text)
    assert "Mở email để xác nhận" in subscribe(client, token=fresh)


def test_without_a_mail_server_no_address_is_taken(client: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = NOWHERE
    assert "chưa gửi được email" in get_text(client, PAGE)
    client.post(PAGE, {"address": ME, "token": form_token()})
    assert not Subscriber.objects.exists()


def test_pages_set_no_cookie_and_are_small(client: Client) -> None:
    for each in range(170):
        commune(f"{each}-xa-phuong-so", f"Xã Phường Dài Số {each}")
    response = client.get(PAGE)
    assert not response.cookies
    assert response["Cache-Control"] == "private, no-cache"
    assert len(gzip.compress(response.content)) < 8 * 1024


def test_many_are_owed_some_at_a_time_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "BATCH_SIZE", 4)
    for each in range(10):
        subscriber(f"n{each}@mau.example")
    issued()
    assert not Delivery.objects.exists()
    work(deliveries.ENQUEUE_SUBSCRIBERS_TASK)
    assert Delivery.objects.count() == 10
    assert OutboxItem.objects.filter(task=deliveries.DELIVER_TASK, priority=2).count() == 10
    assert OutboxItem.objects.filter(task=deliveries.ENQUEUE_SUBSCRIBERS_TASK).count() == 3


def test_the_page_speaks_english_and_names_places_in_vietnamese(client: Client) -> None:
    commune(), office()
    Office.objects.update(name_en="Power company")
    words = [">Power company</option>", '<datalist id="communes" lang="vi">', "Posing as"]
    assert find_missing(words, get_text(client, "/en/dang-ky/")) == []
    assert "This is not an email address." in post_text(client, "/en/dang-ky/", address="dan")


def test_the_mail_and_its_page_say_what_was_chosen(client: Client) -> None:
    commune()
    subscribe(client, commune="hac-thanh", scenario="police_case")
    page = get_text(client, find_mailed_path("/dang-ky/xac-nhan/"))
    for text in (mail.outbox[-1].body, page):
        assert re.search(r"Đã chọn:.{0,5}Phường Thử; Giả danh công an[^;]*; Mọi nơi", text)


def test_the_link_in_each_mail_changes_what_comes_without_leaving(client: Client) -> None:
    commune(), commune("noi-khac", "Xã Khác")
    row = subscriber(communes=["noi-khac"])
    issued()
    assert list_recipients() == [ME]
    path = find_mailed_path("/dang-ky/doi/")
    assert re.search(r'value="noi-khac"[^>]* checked', get_text(client, path))
    fields = {"communes": ["hac-thanh", "noi-khac"], "scenarios": ["police_case", "bank"]}
    text = client.post(path, fields).content.decode()
    assert find_missing(["Đã lưu.", "Phường Thử; Xã Khác"], text) == []
    row.refresh_from_db()
    assert (row.communes, row.scenarios, row.offices) == (*fields.values(), [])
    client.post(path, {})
    row.refresh_from_db()
    assert row.communes == []


def test_a_link_to_change_outlives_no_leaving_and_takes_nothing_that_is_not_offered(
    client: Client,
) -> None:
    row = subscriber()
    path = signed_links.change_url(row).removeprefix("http://127.0.0.1:8000")
    assert client.post(path, {"communes": ["' OR 1=1 --"]}).status_code == 422
    row.delete()
    assert client.get(path).status_code == 404


def test_what_is_kept_of_an_address_stands_on_the_page_of_personal_data(client: Client) -> None:
    assert "Bỏ nhận email là xóa ngay địa chỉ." in get_text(client, "/rieng-tu/")
    english = "If you unsubscribe, we delete your address at once."
    assert english in get_text(client, "/en/rieng-tu/")
