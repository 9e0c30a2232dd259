"""What a reporter says later is evidence: kept once, sealed and masked, and owed its triage."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from core import encryption
from core.audit import events
from core.models import OutboxItem
from core.outbox import queue
from portal.management import reference_data
from reports.extraction import story_reader
from reports.facts import contact_index, merged_report
from reports.facts.merged_report import Caller
from reports.models import Followup, Message, Report
from reports.monitoring.queue_stats import queue_balance
from reports.reference import gazetteer
from reports.retention import erasure
from reports.retention.erasure import ErasureScope
from reports.submission.intake import TRIAGE_TASK
from reports.tracking import followups
from reports.tracking.followups import FollowupResult, FollowupSubmission, LimitReachedError
from tests.support.concurrency import in_parallel
from tests.support.report_factories import process_triage, report

KEY = "a-key-of-this-page"
pytestmark = pytest.mark.django_db


def add(subject: Report, **fields: Any) -> FollowupResult:
    """Submit a follow-up, by default one with a story alone."""
    submission = FollowupSubmission(**fields or {"story": "Họ gọi lại."})
    return followups.submit_followup(subject, submission, KEY)


def test_under_one_key_the_same_words_to_the_same_report_are_one_followup_and_others_are_further(
    settings: Settings,
) -> None:
    subject = report()
    first, second = add(subject), add(subject)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.followup == second.followup
    assert add(subject, story="Họ gọi lần ba.").is_new
    assert add(report("hai")).is_new


def test_the_same_words_are_known_again_after_a_rotation(settings: Settings) -> None:
    subject = report()
    add(subject)
    followups.submit_reply(subject, "Vâng.", KEY)
    newest = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = (newest, *settings.FIELD_ENCRYPTION_KEYS)
    assert not add(subject).is_new
    assert not followups.submit_reply(subject, "Vâng.", KEY)


def test_a_day_that_moved_on_makes_no_second_followup() -> None:
    subject = report()
    for day in (date(2026, 11, 24), date(2026, 11, 25)):
        add(subject, called_day="today", called_on=day)
    assert subject.followups.get().called_on == date(2026, 11, 24)


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one_followup() -> None:
    subject = report()
    in_parallel([lambda: add(subject)] * 4)
    assert subject.followups.count() == 1
    assert OutboxItem.objects.filter(key=str(subject.pk)).count() == 1  # the report's own


def test_the_reporters_numbers_are_masked_out_of_the_working_copy() -> None:
    story = "Gọi tôi 0550000111 hay 0550000222, căn cước 038012345678."
    callers = (Caller(name="quen 0550.000.111"),)
    subject = report(contact="0550 000 111")
    followup = add(subject, story=story, contact="0550000222", callers=callers).followup
    assert "0000" not in followup.story.replace(" ", "")
    assert "038012345678" not in followup.story
    assert "000" not in followup.callers[0]["name"]
    assert encryption.decrypt_field(followup, "story") == f"{story}\nquen 0550.000.111"
    assert followup.contact_index == contact_index.blind_index("0550000222")
    assert {"masked_contact", "masked_id"} <= set(followup.flags)


CARD, PAPER, MINE = "4000 0000 0000 0002", "038012345678", "0550000111"


@pytest.mark.parametrize(
    ("fields", "column", "mask"),
    [
        ({"accounts": (f"0987000111222 của {PAPER}",)}, "accounts", "[số giấy tờ]"),
        ({"accounts": (f"ví {MINE}",)}, "accounts", "[số người báo]"),
        ({"links": (f"http://a.example/{PAPER}",)}, "links", "[số giấy tờ]"),
        ({"called_on_raw": f"lúc 9 giờ, gọi {MINE}"}, "called_on_raw", "[số người báo]"),
        ({"commune_raw": f"Hạc Thành, {CARD}"}, "commune_raw", "[số thẻ]"),
        ({"callers": (Caller(number=PAPER),)}, "callers", "[số giấy tờ]"),
        ({"callers": (Caller(number=MINE),)}, "callers", "[số người báo]"),
        ({"callers": (Caller(office=f"thẻ {CARD}"),)}, "callers", "[số thẻ]"),
    ],
)
def test_what_is_personal_is_masked_in_every_field_and_kept_sealed(
    fields: dict[str, Any], column: str, mask: str
) -> None:
    followup = add(report(contact=MINE), **fields).followup
    stored = str(getattr(followup, column))
    assert mask in stored
    assert not any(number in stored for number in (CARD, PAPER, MINE))
    sealed = encryption.decrypt_field(followup, "story") or ""
    assert any(number in sealed for number in (CARD, PAPER, MINE))


def test_what_the_callers_used_stays_as_it_was_typed() -> None:
    accounts = ["1234 5678 9012 3456 Ngân hàng X", "098700011122"]
    numbers = ["0992 000 123, 0992 000 124", "0992 000 123 0550 000 124"]
    day = "24/11/2026, khoảng 9 giờ"
    callers = tuple(Caller(number=number) for number in numbers)
    fields = {"accounts": tuple(accounts), "callers": callers, "called_on_raw": day}
    followup = add(report(contact=MINE), **fields).followup
    assert followup.flags == []
    assert followup.accounts == accounts
    assert [each["number"] for each in followup.callers] == numbers
    assert followup.called_on_raw == day
    assert followup.story_sealed is None


def test_the_phrase_lies_sealed_alone() -> None:
    add(report(), phrase="bến Sung, 47")
    row = Followup.objects.values().get()
    phrase = encryption.decrypt(row.pop("phrase_sealed"), "phrase", row["report_id"])
    assert phrase == "bến Sung, 47"
    assert "Sung" not in str(row)


def test_a_followup_owes_its_report_a_triage_and_the_equation_stays_true() -> None:
    subject = report()
    process_triage(subject)
    add(subject)
    assert OutboxItem.objects.filter(task="reports.triage", key=str(subject.pk)).count() == 2
    balance = queue_balance()
    assert balance.balanced
    assert (balance.accepted, balance.waiting) == (1, 1)


def test_what_nobody_has_begun_to_read_is_owed_once_and_at_once() -> None:
    subject = report()
    late = {"due_at": timezone.now() + timedelta(minutes=1), "priority": queue.Priority.IDLE}
    OutboxItem.objects.filter(key=str(subject.pk)).update(**late)
    add(subject)
    item = OutboxItem.objects.get(key=str(subject.pk))
    assert item.due_at <= timezone.now()
    assert item.priority == queue.Priority.USUAL


def test_what_somebody_is_reading_already_is_owed_once_more() -> None:
    subject = report()
    assert queue.acquire_lease(OutboxItem.objects.get(key=str(subject.pk)).pk)
    add(subject)
    assert OutboxItem.objects.filter(key=str(subject.pk)).count() == 2


@pytest.mark.django_db(transaction=True)
def test_nobody_begins_to_read_before_the_followup_is_there() -> None:
    subject = report()
    item = OutboxItem.objects.get(key=str(subject.pk)).pk
    with transaction.atomic():
        queue.enqueue_once(TRIAGE_TASK, subject.pk)
        assert in_parallel([lambda: queue.acquire_lease(item)]) == [None]
    assert queue.acquire_lease(item)


def test_an_urgent_report_stays_urgent() -> None:
    subject = report(happening_now=True)
    add(subject)
    assert OutboxItem.objects.get(key=str(subject.pk)).priority == queue.Priority.URGENT


def test_of_one_report_only_so_much_is_taken_in_and_so_many_requests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subject = report()
    monkeypatch.setattr(followups, "MAX_FOLLOWUPS", 2)
    monkeypatch.setattr(followups, "MAX_MESSAGES", 2)
    monkeypatch.setattr(followups, "MAX_WITHDRAWALS", 2)
    add(subject, kind="withdrawal")
    for words in ("một", "hai"):
        add(subject, story=words)
        followups.submit_reply(subject, words, KEY)
    with pytest.raises(LimitReachedError):
        add(subject, story="ba")
    with pytest.raises(LimitReachedError):
        followups.submit_reply(subject, "ba", KEY)
    assert not add(subject, story="hai").is_new
    assert add(subject, kind="withdrawal", story="vì").is_new
    with pytest.raises(LimitReachedError):
        add(subject, kind="withdrawal", story="vì thế")


def test_the_relay_is_woken_after_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[int] = []
    monkeypatch.setattr(queue, "notify", lambda: woken.append(Followup.objects.count()))
    add(report())
    assert woken[-1] == 1


def test_a_request_to_withdraw_is_read_by_people_alone() -> None:
    subject = report()
    add(subject, kind="withdrawal", story="Tôi nhớ nhầm.")
    assert OutboxItem.objects.filter(key=str(subject.pk)).count() == 1
    assert merged_report.merged_report(subject).withdrawal == subject.followups.get()


REST = {"accounts": [], "links": [], "money_lost_raw": "", "called_on": None, "commune": None}


@pytest.mark.parametrize("blanked", [{}, REST], ids=["what is personal", "the rest too"])
def test_an_erasure_blanks_what_is_personal_and_may_blank_the_rest(blanked: dict[str, Any]) -> None:
    subject = report()
    add(subject,
        story="Họ gọi.", accounts=("0987000111222",), links=("a.example",), money_lost_raw="1 triệu",
        called_on=date(2026, 11, 24), called_on_raw="sáng", callers=(Caller(number="0550000124"),),
    )  # fmt: skip
    events.log_event("report", subject.pk, "erased")
    sealed = dict.fromkeys(("story_sealed", "contact_sealed", "contact_index", "phrase_sealed"))
    texts = dict.fromkeys(("story", "called_on_raw", "commune_raw"), "")
    Followup.objects.update(erased_at=timezone.now(), callers=[], **sealed, **texts, **blanked)
    assert bool(Followup.objects.get().accounts) is not bool(blanked)


def test_an_erasure_changes_nothing_into_something_else() -> None:
    subject = report()
    add(subject, accounts=("0987000111222",))
    events.log_event("report", subject.pk, "erased")
    with pytest.raises(IntegrityError, match="evidence"), transaction.atomic():
        Followup.objects.update(erased_at=timezone.now(), accounts=["0987000111333"])


@pytest.mark.parametrize("changed", [{"story": "khác"}, {"kind": "more"}, {"callers": [{}]}])
def test_what_was_said_later_stays_said(changed: dict[str, Any]) -> None:
    add(report(), kind="correction", story="Họ gọi lại.")
    with pytest.raises(IntegrityError, match="evidence"), transaction.atomic():
        Followup.objects.update(**changed)
    with pytest.raises(IntegrityError, match="evidence"), transaction.atomic():
        Followup.objects.all().delete()


def test_a_long_text_is_read_at_both_its_ends_while_somebody_waits() -> None:
    text = "Họ gọi. " * 2000 + "Bây giờ họ đang ép tôi chuyển tiền."
    read = followups.truncate_middle(text)
    assert len(read) <= followups.MAX_CHARS_READ_AT_ONCE + 1
    assert read.startswith("Họ gọi.")
    assert story_reader.extract_from_story(read).ongoing


ANSWER = (
    "Tôi ở xã Hồi Xuân. Tài khoản 0123456789012 MB Bank Nguyễn Văn B, số 0550000124,"
    " vào http://vay-nhanh.example. Chúng lại đang gọi dọa."
)


@pytest.mark.parametrize(
    "send", [followups.submit_reply, lambda *sent: add(sent[0], story=sent[1])]
)
def test_an_answer_and_a_followup_are_read_like_a_story(send: Callable[..., object]) -> None:
    reference_data.load_communes()
    gazetteer.clear_cache()
    subject = report("Có người gọi đòi tiền.")
    before = process_triage(subject)
    send(subject, ANSWER, KEY)
    facts = process_triage(subject)
    assert facts.ongoing
    assert facts.priority > before.priority
    assert (facts.commune_id, facts.commune_raw) == ("xa_hoi_xuan", "xã Hồi Xuân")
    assert {each.key for each in subject.indicators.all()} == {
        "0123456789012", "+84550000124", "vay-nhanh.example",
    }  # fmt: skip
    assert "nguyen van b" in facts.search_text
    assert "same_account:0123456789012 MB Bank" in subject.fingerprint.keys


def test_an_answer_is_kept_without_the_numbers_of_its_writer() -> None:
    subject = report(contact="0550 000 777")
    text = "Số tôi 0550000777, thẻ 4111 1111 1111 1111."
    followups.submit_reply(subject, text, KEY)
    message = Message.objects.get(actor=None)
    assert message.story == "Số tôi [số người báo], thẻ [số thẻ]."
    assert encryption.decrypt_field(message, "text") == text


def test_what_was_read_in_an_erased_answer_goes_with_it() -> None:
    subject = report("Có người gọi đòi tiền.")
    followups.submit_reply(subject, ANSWER, KEY)
    assert process_triage(subject).ongoing
    erasure.erase(subject.pk, ErasureScope.MESSAGES, cause="test")
    facts = process_triage(subject)
    assert (facts.ongoing, Message.objects.get().story) == (False, "")
    assert not subject.indicators.exists()
    assert "hoi xuan" not in facts.search_text
