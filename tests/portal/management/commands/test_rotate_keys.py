"""After a change of FIELD_ENCRYPTION_KEYS everything is sealed anew, and the old key may go."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from core import database, encryption
from core.keys import newest_key
from core.models import OutboxItem
from ops import key_rotation
from portal.management.commands import rotate_keys
from reports.attachments import sanitized_copies, storage
from reports.attachments.stream_encryption import DecryptionError
from reports.cases import legal_holds
from reports.facts import contact_index
from reports.models import EvidenceFile, FileCheck, Followup, Message, Report
from reports.numbers import disputes, report_counts
from reports.numbers.disputes import DisputeSubmission
from reports.submission import receipt_codes
from reports.tracking import code_recovery, followups
from tests.support import report_factories
from tests.support.alert_factories import partner, subscriber
from tests.support.evidence_files import opened, path_of, post
from tests.support.images import jpeg
from tests.support.number_factories import file_report, move_report
from tests.support.officers import Person

pytestmark = pytest.mark.django_db
STORY = "Họ xưng công an phường, bắt tôi chuyển tiền."
CONTACT, PHRASE = "0550 000 111", "bến Sung, 47"
RESEALING = "SET LOCAL reports.resealing = 'on'"


@pytest.fixture(autouse=True)
def _room(settings: Settings, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FILES_DIR = tmp_path / "files"
    monkeypatch.setattr(storage, "RESERVED_BYTES", -storage.MAX_BYTES)


def submit_report(**typed: Any) -> Report:
    return report_factories.report(STORY, contact=CONTACT, phrase=PHRASE, **typed)


def new_key(settings: Settings) -> str:
    """Put a new key first; return the id of the one before."""
    old, fresh = newest_key().id, Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = (fresh, *settings.FIELD_ENCRYPTION_KEYS)
    return old


def rotate(*options: str) -> str:
    out = StringIO()
    call_command("rotate_keys", *options, stdout=out)
    return out.getvalue()


def replace_key(settings: Settings) -> str:
    """Rotate to a new key, and remove the old one; return what the command printed."""
    new_key(settings)
    output = rotate()
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    return output


def code_of(report: Report) -> str:
    with_receipt = Report.objects.select_related("receipt").get(pk=report.pk)
    return receipt_codes.recover_code(with_receipt) or ""


def with_file(client: Client, report: Report) -> EvidenceFile:
    """A picture that was sent, and drawn anew by the worker."""
    post(client, code_of(report), ("a.jpg", jpeg()))
    file = EvidenceFile.objects.get()
    owed = OutboxItem.objects.filter(key=str(file.pk))
    sanitized_copies.process_items(list(owed.values_list("pk", flat=True)))
    return file


def test_every_sealed_field_of_every_model_is_brought_over() -> None:
    sealed = {
        model
        for model in apps.get_models()
        if any(field.name.endswith(key_rotation.SEALED) for field in model._meta.concrete_fields)
    }
    assert sealed == {kind.model for kind in rotate_keys.KINDS if hasattr(kind, "model")}


def test_a_report_opens_when_the_old_key_is_gone(settings: Settings, duty: Person) -> None:
    report = submit_report()
    report_factories.add_followup(report, story="Họ gọi lại.", contact="0550 000 112")
    followups.submit_reply(report, "Tôi nhớ thêm.", "key-of-a-page-2")
    code = code_of(report)
    assert "No text, file or code of a report needs an older key." in replace_key(settings)
    again = receipt_codes.report_for_code(code)
    assert again == report
    texts = [encryption.decrypt_field(again, each) for each in ("story", "contact", "phrase")]
    assert texts == [STORY, CONTACT, PHRASE]
    assert bytes(again.contact_index or b"") == contact_index.blind_index("+84550000111")
    assert encryption.decrypt_field(Followup.objects.get(), "story") == "Họ gọi lại."
    assert encryption.decrypt_field(Message.objects.get(), "text") == "Tôi nhớ thêm."


def test_files_and_their_copies_open_when_the_old_key_is_gone(
    client: Client, settings: Settings
) -> None:
    file = with_file(client, submit_report())
    copy = FileCheck.objects.get().copy_id
    assert copy
    before, drawn = opened(file), storage.open_clean_copy(copy)
    replace_key(settings)
    assert (opened(file), storage.open_clean_copy(copy)) == (before, drawn)
    assert encryption.decrypt_field(EvidenceFile.objects.get(), "name") == "a.jpg"
    assert not list((settings.FILES_DIR / storage.DRAFT_FOLDER).iterdir())


def test_subscribers_agencies_and_disputes_are_brought_over(settings: Settings) -> None:
    submission = DisputeSubmission("0550000123", "Số của tôi", CONTACT)
    fields = [
        (subscriber(), "address"),
        (partner(webhook="https://so.example/x"), "webhook"),
        (disputes.submit_dispute(submission, "key-of-a-page-1"), "reason"),
    ]
    texts = [encryption.decrypt_field(row, name) for row, name in fields]
    assert None not in texts
    replace_key(settings)
    for row, _ in fields:
        row.refresh_from_db()
    assert [encryption.decrypt_field(row, name) for row, name in fields] == texts


def test_check_says_what_still_needs_the_old_key_and_changes_nothing(settings: Settings) -> None:
    submit_report()
    old = new_key(settings)
    out = StringIO()
    with pytest.raises(CommandError, match="Keep the older keys"):
        call_command("rotate_keys", "--check", stdout=out)
    assert "reports_report: 1 need an older key" in out.getvalue()
    assert "receipt codes: 1 need an older key" in out.getvalue()
    assert bytes(Report.objects.get().story_sealed or b"")[1:9] == old.encode()
    rotate()
    assert "reports_report: 0 need an older key" in rotate("--check")


def test_who_is_killed_goes_on_where_it_was(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        submit_report()
    new_key(settings)
    monkeypatch.setattr(key_rotation.EncryptedDataset, "batch_size", 1)
    kind = rotate_keys.KINDS[0]
    started = key_rotation.run(kind)
    assert [next(started), next(started)] == [1, 1]
    started.close()  # type: ignore[attr-defined]
    assert key_rotation.count_pending(kind) == 2
    assert sum(key_rotation.run(kind)) == 2


def test_what_no_key_opens_stays_as_it_is_and_stops_no_other(settings: Settings) -> None:
    right = settings.FIELD_ENCRYPTION_KEYS
    new_key(settings)
    lost = submit_report()
    settings.FIELD_ENCRYPTION_KEYS = right
    kept = submit_report()
    new_key(settings)
    with pytest.raises(CommandError, match="Keep the older keys"):
        rotate()
    assert Report.objects.get(pk=lost.pk).story_sealed == lost.story_sealed
    assert encryption.decrypt_field(Report.objects.get(pk=kept.pk), "story") == STORY


def test_a_file_that_was_altered_is_left_as_it_is(client: Client, settings: Settings) -> None:
    file = with_file(client, submit_report())
    path = path_of(file.pk)
    *kept, last = path.read_bytes()
    spoiled = bytes([*kept, last ^ 1])
    path.write_bytes(spoiled)
    new_key(settings)
    with pytest.raises(CommandError, match="Keep the older keys"):
        rotate()
    assert path.read_bytes() == spoiled
    with pytest.raises(DecryptionError):
        storage.reencrypt(file.pk)


def test_a_report_under_a_hold_is_sealed_anew_too(settings: Settings, lead: Person) -> None:
    report = submit_report()
    legal_holds.place_hold(report.pk, by=lead.user, reason="Công văn 12/CV")
    replace_key(settings)
    assert encryption.decrypt_field(Report.objects.get(), "phrase") == PHRASE


def test_what_was_erased_does_not_come_back(settings: Settings) -> None:
    report = report_factories.erase(submit_report())
    new_key(settings)
    rotate()
    report.refresh_from_db()
    assert (report.story_sealed, report.contact_sealed, report.contact_index) == (None, None, None)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE reports_report SET story = 'khác'",
        "UPDATE reports_report SET received_at = now()",
        "UPDATE reports_report SET phrase_sealed = NULL",
        "UPDATE reports_report SET erased_at = now()",
        "DELETE FROM reports_report",
        "UPDATE reports_message SET actor_id = NULL, text_sealed = 'x', sent_at = now()",
    ],
)
def test_sealing_anew_is_no_door_for_anything_else(change: str, duty: Person) -> None:
    report = submit_report()
    followups.submit_reply(report, "Tôi nhớ thêm.", "key-of-a-page-2")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RESEALING)
        with pytest.raises(DatabaseError):
            cursor.execute(change)
        transaction.set_rollback(True)


def test_outside_of_a_rotation_a_sealed_text_does_not_change(settings: Settings) -> None:
    submit_report()
    expect_no_change_of_a_text()
    new_key(settings)
    rotate()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL reports.resealing TO DEFAULT")  # the test's own transaction
    expect_no_change_of_a_text()


def expect_no_change_of_a_text() -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Report.objects.update(story_sealed=encryption.encrypt("khác", "story"))


def test_a_code_of_chance_waits_for_its_holder(settings: Settings, duty: Person) -> None:
    report = submit_report()
    code = code_recovery._replace(report.receipt)
    new_key(settings)
    assert "codes that only their holders bring over: 1" in rotate()
    assert receipt_codes.report_for_code(code) == report
    assert "codes that only their holders bring over: 0" in rotate()
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    assert receipt_codes.report_for_code(code) == report


def test_one_person_is_one_while_keys_change(settings: Settings) -> None:
    """A report of before and one of after, of one contact: their indexes differ, the person not."""
    before = submit_report()
    new_key(settings)
    after = submit_report()
    newer = bytes(after.contact_index or b"")
    assert bytes(before.contact_index or b"") != newer
    for each in (before, after):
        index, sealed = bytes(each.contact_index or b""), each.contact_sealed or b""
        assert contact_index.same_contact(index, sealed, each.pk) == newer


def test_one_person_who_tells_twice_is_nobody_yet_while_keys_change(settings: Settings) -> None:
    """Under two indexes they would be two, and the number would be said in public."""
    key = "+84550000123"
    move_report(file_report(1, key), timezone.now() - timedelta(days=2))
    new_key(settings)
    first = Report.objects.get()
    again = file_report(2, key, contact=encryption.decrypt_field(first, "contact") or "")
    assert again.contact_index != first.contact_index
    assert report_counts.summary_for(key, report_counts.counting_window_start()).people == 0


def test_two_at_once_are_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "try_lock", lambda _: False)
    with pytest.raises(CommandError, match="at work"):
        rotate()
