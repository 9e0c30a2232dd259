"""What a reporter says later is evidence: kept once, sealed and masked, and owed its triage."""

from datetime import date
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import IntegrityError, transaction
from pytest_django import Settings

from reports import later, outbox, privacy, whole
from reports.later import ErasedError, Later
from reports.models import Addition, Message, OutboxItem
from reports.stats import queue_balance
from reports.whole import Leg
from tests.reports.evidence import erase, report
from tests.threads import in_parallel

KEY = "a-key-of-this-page"
pytestmark = pytest.mark.django_db


def test_the_same_words_under_the_same_key_are_one_addition() -> None:
    subject = report()
    first = later.add(subject, Later(story="Họ gọi lại."), KEY)
    second = later.add(subject, Later(story="Họ gọi lại."), KEY)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.addition == second.addition


def test_other_words_under_the_same_key_are_a_further_addition() -> None:
    subject = report()
    later.add(subject, Later(story="Họ gọi lại."), KEY)
    later.add(subject, Later(story="Họ gọi lần ba."), KEY)
    assert subject.additions.count() == 2


def test_the_same_words_for_another_report_are_another_addition() -> None:
    for subject in (report("một"), report("hai")):
        assert later.add(subject, Later(story="Họ gọi lại."), KEY).is_new


def test_the_same_words_are_known_again_after_a_rotation(settings: Settings) -> None:
    subject = report()
    later.add(subject, Later(story="Họ gọi lại."), KEY)
    later.reply(subject, "Vâng.", KEY)
    settings.FIELD_KEYS = (Fernet.generate_key().decode(), *settings.FIELD_KEYS)
    assert not later.add(subject, Later(story="Họ gọi lại."), KEY).is_new
    assert not later.reply(subject, "Vâng.", KEY)


def test_a_day_that_moved_on_makes_no_second_addition() -> None:
    subject = report()
    for day in (date(2026, 11, 24), date(2026, 11, 25)):
        later.add(subject, Later(called_day="today", called_on=day), KEY)
    assert subject.additions.get().called_on == date(2026, 11, 24)


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_are_one_addition() -> None:
    subject = report()
    in_parallel([lambda: later.add(subject, Later(story="Họ gọi lại."), KEY)] * 4)
    assert subject.additions.count() == 1
    assert OutboxItem.objects.filter(key=str(subject.pk)).count() == 2  # with the report's own


def test_the_reporters_numbers_are_masked_out_of_the_working_copy() -> None:
    subject = report(contact="0550 000 111")
    said = Later(
        story="Gọi tôi 0550000111 hay 0550000222, căn cước 038012345678.",
        contact="0550000222",
        legs=(Leg(name="quen 0550.000.111"),),
    )
    addition = later.add(subject, said, KEY).addition
    assert "0000" not in addition.story.replace(" ", "")
    assert "038012345678" not in addition.story
    assert "000" not in addition.legs[0]["name"]
    assert privacy.unseal(addition.story_sealed) == said.story
    assert addition.contact_index == privacy.blind_index("0550000222")
    assert {"masked_contact", "masked_id"} <= set(addition.flags)


def test_the_phrase_lies_sealed_alone() -> None:
    later.add(report(), Later(phrase="bến Sung, 47"), KEY)
    row = Addition.objects.values().get()
    assert privacy.unseal(row.pop("phrase_sealed")) == "bến Sung, 47"
    assert "Sung" not in str(row)


def test_an_addition_owes_its_report_a_triage_and_the_equation_stays_true() -> None:
    subject = report()
    later.add(subject, Later(story="Họ gọi lại."), KEY)
    assert OutboxItem.objects.filter(task="reports.triage", key=str(subject.pk)).count() == 2
    balance = queue_balance()
    assert balance.balanced
    assert (balance.accepted, balance.waiting) == (1, 1)


def test_the_relay_is_woken_after_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[int] = []
    monkeypatch.setattr(outbox, "wake", lambda: woken.append(Addition.objects.count()))
    later.add(report(), Later(story="Họ gọi lại."), KEY)
    assert woken[-1] == 1


def test_a_wish_to_withdraw_is_read_by_people_alone() -> None:
    subject = report()
    later.add(subject, Later(kind="withdrawal", story="Tôi nhớ nhầm."), KEY)
    assert OutboxItem.objects.filter(key=str(subject.pk)).count() == 1
    assert whole.of(subject).withdrawal == subject.additions.get()


@pytest.mark.parametrize(
    "say", [lambda s: later.add(s, Later(story="x"), KEY), lambda s: later.reply(s, "x", KEY)]
)
def test_an_erased_report_takes_nothing_more(say: Any) -> None:
    subject = erase(report("Họ gọi."))
    with pytest.raises(ErasedError):
        say(subject)
    assert not Addition.objects.exists()
    assert not Message.objects.exists()


def test_a_reply_is_sealed_and_kept_once() -> None:
    subject = report()
    assert later.reply(subject, "Khoảng 9 giờ.", KEY)
    assert not later.reply(subject, "Khoảng 9 giờ.", KEY)
    message = Message.objects.get()
    assert message.by is None
    assert privacy.unseal(message.text_sealed) == "Khoảng 9 giờ."


@pytest.mark.parametrize("changed", [{"story": "khác"}, {"kind": "more"}, {"legs": [{}]}])
def test_what_was_said_later_stays_said(changed: dict[str, Any]) -> None:
    later.add(report(), Later(kind="correction", story="Họ gọi lại."), KEY)
    with pytest.raises(IntegrityError, match="evidence"), transaction.atomic():
        Addition.objects.update(**changed)
    with pytest.raises(IntegrityError, match="evidence"), transaction.atomic():
        Addition.objects.all().delete()
