"""Sounds and further languages of a warning, from the officer's form to every door of the public."""

import hashlib
import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from alerts import publishing, sounds
from alerts.formats import cap, print_files
from alerts.models import Alert, AlertRevision, AlertTranslation, Sound
from alerts.models.content import SoundFile
from alerts.previews import list_differences
from alerts.static_pages.page_list import list_static_pages
from tests.support.alert_factories import IN_ENGLISH, approved, cancelled, draft, person, withdrawn
from tests.support.cap_documents import parse_valid, texts
from tests.support.officers import Person, log_in
from tests.support.recordings import id3_tag, recording, sound, translate
from tests.support.warning_pages import ADD, fill_form, find_missing, get_text, issue, page, press

pytestmark = pytest.mark.django_db
PAGE = "/canh-bao/gia-dien-luc/"
ROWS = {
    "translations-TOTAL_FORMS": 1,
    "translations-INITIAL_FORMS": 0,
    "translations-0-language": "hmn",
    "translations-0-reader": "Công an xã",
}


def upload(data: bytes, name: str = "doc.mp3") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "audio/mpeg")


def issued_with(*languages: str, **text: str) -> AlertRevision:
    alert = draft(**text)
    for language in languages:
        translate(alert, language)
    publishing.submit(alert, by=person("editor"))
    return approved(alert)


def door(revision: AlertRevision, language: str = "hmn") -> str:
    return reverse("alerts:sound", args=[revision.identifier, language])


# --- the editor's form


def test_an_editor_adds_a_recording_and_its_tags_are_gone(editor: Person) -> None:
    file = upload(id3_tag(b"Ten Nguoi Doc, 19.8 105.7") + recording(40))
    editor.client.post(ADD, fill_form(**ROWS | {"translations-0-file": file}))
    added = AlertTranslation.objects.get()
    assert added.sound is not None
    assert bytes(added.sound.data) == recording(40)
    assert (added.language, added.reader, added.sound.seconds) == ("hmn", "Công an xã", 40)
    shown = get_text(editor.client, page(added.alert))
    listen = reverse("admin:alerts_alert_sound", args=[added.sound.pk])
    assert f'<audio controls preload="none" src="{listen}">' in shown
    assert editor.client.get(listen).content == recording(40)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<!doctype html><script>alert(1)</script>", "không phải MP3"),
        (recording(5) + b"<script>alert(1)</script>", "có thứ khác lẫn"),
        (b"\0\0\0\x18ftypM4A " + b"\0" * 99, "là M4A, chưa phải MP3"),
        (recording(181), "Dài".lower() + " 181 giây"),
        (recording(0.4), "chưa đầy một giây"),
        (recording(5, kbps=24), "nặng 90 kB mỗi 30 giây"),
        (recording(200, kbps=64), "nặng hơn 1 MB"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why_and_costs_no_word(
    editor: Person, data: bytes, said: str
) -> None:
    fields = fill_form(**ROWS | {"translations-0-file": upload(data)})
    answer = editor.client.post(ADD, fields | {"summary": "Điều đã gõ"}).content.decode()
    assert find_missing([said, "Điều đã gõ", "Công an xã"], answer) == []
    assert not Alert.objects.exists()
    assert not Sound.objects.exists()


def test_a_recording_is_not_lost_while_another_field_is_wrong(editor: Person) -> None:
    wrong = fill_form(sms="Cúp máy", **ROWS | {"translations-0-file": upload(recording(5))})
    answer = editor.client.post(ADD, wrong).content.decode()
    kept = Sound.objects.get()
    assert f'name="translations-0-sound" value="{kept.pk}"' in answer
    editor.client.post(ADD, fill_form(**ROWS | {"translations-0-sound": kept.pk}))
    assert AlertTranslation.objects.get().sound == kept


def test_a_recording_is_dropped_where_that_is_ticked(editor: Person) -> None:
    row = translate(draft())
    fields = fill_form(**ROWS) | {
        "slug": "", "loaded_at": row.alert.changed_at.isoformat(),
        "steps-TOTAL_FORMS": 0, "translations-INITIAL_FORMS": 1, "translations-0-id": row.pk,
        "translations-0-alert": row.alert.pk, "translations-0-sound": row.sound_id,
        "translations-0-drop_sound": "on",
    }  # fmt: skip
    editor.client.post(page(row.alert), fields)
    row.refresh_from_db()
    assert row.sound is None


def test_words_of_a_translation_are_whole_and_each_language_stands_once(editor: Person) -> None:
    for wrong, said in (
        ({"translations-0-title": "Chỉ tiêu đề"}, "cần đủ tiêu đề, tóm tắt và việc phải làm"),
        ({"translations-0-language": "vi", "translations-0-loudspeaker": "Bà con"}, "các ô phía trên"),
        ({"translations-TOTAL_FORMS": 2, "translations-1-language": "hmn", "translations-1-reader": "a"}, "language"),
    ):  # fmt: skip
        assert editor.client.post(ADD, fill_form(**ROWS | wrong)).status_code == 200, said
    assert not Alert.objects.exists()


def test_a_form_from_another_site_is_refused_with_its_file(editor: Person) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = log_in(editor.user).cookies
    file = {"translations-0-file": upload(recording(5))}
    assert strict.post(ADD, fill_form(**ROWS | file)).status_code == 403
    assert strict.post(page(draft()), fill_form(**ROWS | file)).status_code == 403
    assert not Sound.objects.exists()


def test_what_is_not_issued_is_heard_by_officers_of_warnings_alone(
    client: Client, duty: Person, approver: Person
) -> None:
    listen = reverse("admin:alerts_alert_sound", args=[sound().pk])
    assert [client.get(listen).status_code, duty.client.get(listen).status_code] == [302, 403]
    assert approver.client.get(listen)["Content-Type"] == "audio/mpeg"


# --- four eyes


def test_who_approves_hears_reads_and_issues_it(editor: Person, approver: Person) -> None:
    alert = draft(author=editor.user)
    row = translate(alert)
    press(editor, alert, "submit")
    review = get_text(approver.client, page(alert))
    words = ["<audio controls", "Lời hmn", "Công an xã", "Tiếng Mông"]
    assert find_missing(words, review) == []
    preview = reverse("admin:alerts_alert_preview_page", args=[alert.pk])
    listen = reverse("admin:alerts_alert_sound", args=[row.sound_id])
    assert f'src="{listen}"' in get_text(approver.client, preview)
    assert "Đang có hiệu lực, bản 1" in issue(approver, alert)


def test_a_recording_that_was_changed_meanwhile_is_not_issued(approver: Person) -> None:
    alert = draft()
    translate(alert)
    publishing.submit(alert, by=person("editor"))
    read = publishing.draft_etag(alert)
    AlertTranslation.objects.update(sound=sound(b"khac"))
    answer = press(approver, alert, "issue", draft_etag=read, has_read="yes")
    assert "Nội dung đã đổi" in answer
    assert not AlertRevision.objects.exists()


def test_a_language_without_words_and_sound_or_without_a_name_is_not_submitted() -> None:
    alert = draft()
    AlertTranslation.objects.create(alert=alert, language="tai")
    missing = " ".join(publishing.missing_fields(alert))
    assert "Tiếng Thái: chưa có lời" in missing
    assert "Tiếng Thái: chưa ghi người dịch" in missing


def test_the_difference_names_a_new_recording(editor: Person) -> None:
    revision = issued_with("hmn")
    assert publishing.is_unchanged(revision.alert)
    new = sound(b"khac")
    AlertTranslation.objects.update(sound=new)
    [difference] = list_differences(revision.alert)
    assert difference.label == "bản đọc, bản các thứ tiếng"
    assert new.pk[:12] in "".join(part.text for part in difference.new)
    assert "Tiếng Mông:" in "".join(part.text for part in difference.new)


# --- what was issued


def test_the_bytes_of_a_revision_never_change() -> None:
    revision = issued_with("hmn")
    content = json.loads(json.dumps(revision.content["translations"]))
    first = bytes(Sound.objects.get().data)
    assert content[0]["sound"]["sha256"] == hashlib.sha256(first).hexdigest()
    for act in (
        "UPDATE alerts_sound SET data = 'x'",
        "UPDATE alerts_sound SET seconds = 2",
        "DELETE FROM alerts_alerttranslation; DELETE FROM alerts_sound",
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            connection.cursor().execute(act)
    second = sound(b"khac")
    AlertTranslation.objects.update(sound=second)
    publishing.submit(revision.alert, by=person("editor"))
    updated = publishing.update(revision.alert, by=person("approver"))
    client = Client()
    assert client.get(door(revision)).content == first
    assert client.get(door(updated)).content == bytes(second.data)


def test_a_sound_under_a_wrong_name_or_of_no_row_is_refused_by_the_database(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = {"sha1": "0" * 40, "seconds": 1, "size": 1, "data": b"x"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Sound.objects.create(sha256="0" * 64, **values)
    alert = draft()
    translate(alert)
    publishing.submit(alert, by=person("editor"))
    monkeypatch.setattr(Sound, "as_file", lambda row: SoundFile("0" * 64, row.sha1, 1, 1))
    with pytest.raises(IntegrityError, match="not kept"):
        approved(alert)


def test_recordings_that_nobody_took_go_after_a_week_and_issued_ones_stay() -> None:
    kept = issued_with("hmn").sounds
    AlertTranslation.objects.all().delete()
    unused, fresh = sound(b"bo"), sound(b"moi")
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL session_replication_role = replica"
        )  # the clock has no other hand
        cursor.execute(
            "UPDATE alerts_sound SET added_at = now() - interval '8 days' WHERE sha256 <> %s",
            [fresh.pk],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    sounds.purge_unused()
    assert set(Sound.objects.values_list("pk", flat=True)) == {*kept, fresh.pk}
    assert unused.pk not in kept


# --- the doors


def test_the_page_plays_without_script_and_weighs_nothing_before(client: Client) -> None:
    revision = issued_with("vi", "tai", "hmn")
    response = client.get(PAGE)
    text = response.content.decode()
    assert text.count('<audio controls preload="none"') == 3
    assert f'src="{door(revision)}"' in text
    assert find_missing(["Tiếng Thái", 'lang="hmn"', "Lời hmn", "Công an xã"], text) == []
    assert "media-src 'self'" in response["Content-Security-Policy"]
    assert find_missing(["TIẾNG MÔNG", "Lời hmn"], get_text(client, f"{PAGE}van-ban.txt")) == []
    assert "Hmong" in get_text(client, f"/en{PAGE}")


def test_a_recording_is_given_to_every_site_and_kept_as_a_file(client: Client) -> None:
    revision = issued_with("hmn")
    response = client.get(door(revision), headers={"Accept-Encoding": "gzip"})
    assert response.content == bytes(Sound.objects.get().data)
    assert response["Content-Type"] == "audio/mpeg"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Access-Control-Allow-Origin"] == "*"
    kept = [each.path for each in list_static_pages(timezone.now())]
    assert door(revision) in kept
    for language in ("tai", "vi", "../x"):
        assert client.get(door(revision).replace("hmn", language)).status_code == 404


def test_feeds_carry_the_recordings(client: Client) -> None:
    revision = issued_with("vi", "hmn")
    vietnamese, hmong = (f"http://127.0.0.1:8000{door(revision, each)}" for each in ("vi", "hmn"))
    rss = etree.fromstring(client.get("/canh-bao/rss.xml").content)
    [enclosure] = rss.findall("channel/item/enclosure")
    size = str(Sound.objects.get(pk=revision.content["translations"][0]["sound"]["sha256"]).size)
    assert dict(enclosure.attrib) == {"url": vietnamese, "type": "audio/mpeg", "length": size}
    atom = etree.fromstring(client.get("/canh-bao/atom.xml").content)
    links = atom.findall('.//{*}link[@rel="enclosure"]')
    assert [(each.get("href"), each.get("hreflang")) for each in links] == [
        (vietnamese, "vi"), (hmong, "hmn"),
    ]  # fmt: skip
    [item] = client.get("/canh-bao/feed.json").json()["items"]
    assert [each["url"] for each in item["attachments"]] == [vietnamese, hmong]


def test_cap_has_a_block_for_each_language_and_a_resource_for_each_sound() -> None:
    alert = draft(**IN_ENGLISH)
    for language in ("vi", "en", "hmn"):
        translate(alert, language)
    translate(alert, "mtq", title="", summary="", advice="")
    publishing.submit(alert, by=person("editor"))
    root = parse_valid(cap.render_cap_message(approved(alert)))
    assert texts(root, "info/language") == ["vi-VN", "en", "hmn"]
    blocks = root.findall("{*}info")
    named = [
        [each.text for each in block.findall("{*}resource/{*}resourceDesc")] for block in blocks
    ]
    assert named == [
        ["Bản đọc: Tiếng Việt", "Bản đọc: Tiếng Mường"], ["Bản đọc: Tiếng Anh"], ["Bản đọc: Tiếng Mông"],
    ]  # fmt: skip
    data = bytes(Sound.objects.get(translations__language="hmn").data)
    digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    assert texts(root, "resource/digest")[-1] == digest
    assert texts(root, "resource/size")[-1] == str(len(data))
    assert set(texts(root, "resource/mimeType")) == {"audio/mpeg"}


def test_the_pack_carries_texts_and_recordings_with_their_sums() -> None:
    revision = issued_with("vi", "hmn")
    archive = zipfile.ZipFile(io.BytesIO(print_files.pack(revision)))
    inside = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    for line in inside["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(inside[name]).hexdigest() == digest
    assert "doc-tieng-viet.mp3" in inside
    assert find_missing(["Lời hmn", "Tóm tắt."], inside["chu-tieng-mong.txt"].decode()) == []
    assert "doc-tieng-mong.mp3" in inside["doc-truoc.txt"].decode()


def test_a_warning_that_is_over_falls_silent_and_a_withdrawn_one_is_gone(client: Client) -> None:
    revision = issued_with("vi", "hmn")
    over = cancelled(revision)
    assert "<audio" not in get_text(client, PAGE)
    assert "enclosure" not in get_text(client, "/canh-bao/rss.xml")
    assert texts(parse_valid(cap.render_cap_message(over)), "resource") == []
    assert client.get(door(revision)).status_code == 200  # the message of then refers to it
    again = issued_with("hmn", slug="lan-hai")
    withdrawn(again)
    assert client.get(door(again)).status_code == 410
    assert client.get(door(withdrawn_revision(again))).status_code == 410
    kept = [each.path for each in list_static_pages(timezone.now())]
    assert door(revision) in kept
    assert door(again) not in kept


def withdrawn_revision(revision: AlertRevision) -> AlertRevision:
    return AlertRevision.objects.get(alert=revision.alert, msg_type="Cancel")


def test_what_waits_for_its_hour_is_not_heard_before(client: Client) -> None:
    later = timezone.now() + timedelta(hours=2)
    assert client.get(door(issued_with("hmn", effective=later))).status_code == 404
