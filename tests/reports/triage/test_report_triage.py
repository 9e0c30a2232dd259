"""Triage: from a report to its facts, once in effect, whatever happens on the way."""

from functools import partial
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import connection, transaction
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from core.models import OutboxItem
from core.outbox import queue
from core.outbox.queue import MAX_ATTEMPTS
from reports.campaigns import regrouping
from reports.extraction.language.scoring import is_remainder
from reports.extraction.priority import FormAnswers
from reports.extraction.story_reader import extract_from_story
from reports.models import CampaignLink, Case, ExtractedFacts, Indicator, Report
from reports.monitoring.queue_stats import queue_balance
from reports.submission import intake
from reports.tasks import triage_reports
from reports.triage import fact_storage, report_triage
from tests.support.concurrency import in_parallel
from tests.support.outbox_factories import expire_lease, leased_item
from tests.support.report_factories import process_triage, report

pytestmark = pytest.mark.django_db

STORY = (
    "Họ xưng công an nói tôi liên quan vụ rửa tiền, bắt chuyển tiền vào tài khoản"
    " 0987000111222 ngay, không được nói với ai. Số khác họ gọi là 0550000124."
    " Bấm vào http://dichvucong-fake.example/xyz."
)


def item_of(subject: Report) -> OutboxItem:
    return OutboxItem.objects.filter(key=str(subject.pk)).latest("id")


def triaged(story: str = STORY, **typed: Any) -> ExtractedFacts:
    return process_triage(report(story, **typed))


def differing(one: ExtractedFacts, other: ExtractedFacts) -> set[str]:
    """The columns in which two rows of facts differ."""
    first, second = model_to_dict(one), model_to_dict(other)
    return {name for name, value in first.items() if second[name] != value}


def test_a_story_becomes_facts_with_reasons_and_indicators() -> None:
    facts = triaged(caller_number="0550 000 123", happening_now=True)
    assert facts.scenario == "police_case"
    assert "transfer_money" in facts.actions
    assert 0 < facts.priority <= 100
    assert {reason["fact"] for reason in facts.reasons} >= {"scenario", "actions", "priority"}
    points = [reason["points"] for reason in facts.reasons if reason["fact"] == "priority"]
    assert sum(points) == facts.priority
    indicators = {(each.kind, each.source, each.key) for each in facts.report.indicators.all()}
    assert indicators >= {
        ("number", "caller", "+84550000123"),
        ("number", "story", "+84550000124"),
        ("account", "story", "0987000111222"),
        ("link", "story", "dichvucong-fake.example/xyz"),
    }
    placed = [reason for reason in facts.reasons if reason["start"] is not None]
    assert placed
    for each in placed:
        words = facts.report.story[each["start"] : each["end"]]
        # The story is not kept once more for the sake of all its other words.
        assert each["words"] == ("" if is_remainder(each["rule"]) else words)


def test_what_cannot_be_read_is_kept_as_it_was_typed() -> None:
    facts = triaged("", caller_number="số lạ, không nhớ")
    (indicator,) = facts.report.indicators.all()
    assert (indicator.raw, indicator.key) == ("số lạ, không nhớ", "")
    assert facts.scenario == "unclear"


@pytest.mark.parametrize("words", ["sam son", "do van a", "0550000123", "+84550000123"])
def test_search_finds_folded_words_and_every_spelling_of_a_number(words: str) -> None:
    facts = triaged("Họ gọi từ Sầm Sơn.", caller_number="0550 000 123", claimed_name="Đỗ Văn A")
    assert words in facts.search_text
    assert report_triage.normalize(facts.report.public_number) in facts.search_text


def test_new_rules_replace_old_facts() -> None:
    subject = report(STORY)
    ExtractedFacts.objects.create(report=subject, scenario="tax", priority=1, rules_version="old")
    facts = process_triage(subject)
    assert (facts.scenario, facts.rules_version) == ("police_case", report_triage.RULES_VERSION)


def test_triage_writes_neither_the_report_nor_its_case() -> None:
    subject = report(STORY)
    before = model_to_dict(subject), model_to_dict(Case.objects.get())
    process_triage(report("Họ gọi."))  # from here on the statements are prepared
    with CaptureQueriesContext(connection) as queries:
        process_triage(subject)
    after = Report.objects.get(pk=subject.pk), Case.objects.get(pk=subject.pk)
    assert tuple(map(model_to_dict, after)) == before
    written = [query["sql"] for query in queries if not query["sql"].startswith("SELECT")]
    assert not [sql for sql in written if '"reports_report"' in sql.split("WHERE")[0]]
    assert not [sql for sql in written if "reports_case" in sql]


def test_duplicate_delivery_does_nothing() -> None:
    item = item_of(triaged().report).pk
    with CaptureQueriesContext(connection) as queries:
        report_triage.process_items([item])
    assert len(queries) == 1
    assert OutboxItem.objects.get().attempts == 1


@pytest.mark.parametrize("count", [1, 40])
def test_a_message_takes_as_few_round_trips_as_one_report(count: int) -> None:
    """Lease and read; settle; facts and indicators; fingerprints and neighbours. Beside them BEGIN
    and COMMIT, which are SAVEPOINT and RELEASE here.
    """
    process_triage(report(STORY))  # what each connection says once
    process_both(report("Họ gọi."), report("Lại gọi."))
    stories = [f"Họ gọi lúc {number} giờ." for number in range(count)]
    items = [item_of(report(story)).pk for story in stories]
    with CaptureQueriesContext(connection) as queries:
        report_triage.process_items(items)
    assert len(queries) <= 4 + 2
    assert ExtractedFacts.objects.count() == count + 3


def test_what_fails_together_goes_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The poison fails alone, with as many attempts as if it had never met the others."""
    poison, *others = [report(story) for story in ("độc", "Chuyện thứ hai", "Chuyện thứ ba")]
    find = report_triage.extract

    def fails_on_poison(subject: Report, *later: Any) -> fact_storage.TriageResult:
        return find(subject, *later) if subject.pk != poison.pk else {}["no such fact"]  # type: ignore[return-value]

    monkeypatch.setattr(report_triage, "extract", fails_on_poison)
    report_triage.process_items([item_of(each).pk for each in (poison, *others)])
    assert {facts.report for facts in ExtractedFacts.objects.all()} == set(others)
    assert [item_of(each).attempts for each in (poison, *others)] == [1, 1, 1]
    assert item_of(poison).error == "KeyError"


def test_who_was_at_work_when_a_worker_died_is_read_alone() -> None:
    """What killed it may be among them, and takes nobody with it a second time."""
    died, fresh = report("Chuyện thứ nhất"), [report(f"Chuyện {number}") for number in range(3)]
    item = item_of(died)
    leased_item(item)
    expire_lease(item)
    batches: list[int] = []
    triage = report_triage.triage

    def count_and_triage(leased: Any) -> set[int]:
        batches.append(len(leased))
        return triage(leased)

    process = queue.for_each_batch(count_and_triage, fact_storage.READ)
    process([item.pk, *(item_of(each).pk for each in fresh)])
    assert sorted(batches) == [1, 3]
    assert ExtractedFacts.objects.count() == 4


def test_two_items_of_one_report_in_one_message_are_read_once() -> None:
    subject, other = report(STORY), report("Họ gọi.")
    again = queue.enqueue(intake.TRIAGE_TASK, subject.pk)
    report_triage.process_items(
        [item_of(other).pk, again.pk, *OutboxItem.objects.values_list("pk", flat=True)]
    )
    assert not OutboxItem.objects.filter(done_at=None).exists()
    assert ExtractedFacts.objects.count() == 2


def process_both(*subjects: Report) -> None:
    report_triage.process_items([item_of(subject).pk for subject in subjects])


@pytest.mark.django_db(transaction=True)
def test_the_task_takes_many_items_and_leaves_the_rest_to_the_next_when_it_takes_long(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    assert report_triage.TIMEOUT_SECONDS < settings.CELERY_TASK_SOFT_TIME_LIMIT
    items = [item_of(report(f"Chuyện thứ {number}")).pk for number in range(3)]
    with monkeypatch.context() as patched:
        patched.setattr(report_triage, "TOGETHER_SECONDS", 0.0)
        patched.setattr(report_triage, "TIMEOUT_SECONDS", 0.0)
        triage_reports(items)
    assert ExtractedFacts.objects.count() == 1
    attempts = OutboxItem.objects.order_by("pk").values_list("attempts", flat=True)
    assert list(attempts) == [1, 0, 0]
    triage_reports(items)
    assert ExtractedFacts.objects.count() == 3


def test_reports_that_are_not_read_in_time_are_read_next_and_none_is_read_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, extract = [], report_triage.extract
    monkeypatch.setattr(report_triage, "TOGETHER_SECONDS", 0.0)
    monkeypatch.setattr(
        report_triage,
        "extract",
        lambda each, *rest: (read.append(each.pk), extract(each, *rest))[1],
    )
    subjects = [report(f"Chuyện thứ {number}") for number in range(4)]
    process_both(*subjects)
    assert read == [each.pk for each in subjects]
    assert set(OutboxItem.objects.values_list("attempts", "leased_until")) == {(1, None)}
    assert not OutboxItem.objects.filter(done_at=None).exists()


def test_items_of_one_report_may_come_in_any_order_and_change_nothing() -> None:
    """Process the newer item first, then the older, then both again."""
    first = triaged(caller_number="0550 000 123")
    older, newer = (queue.enqueue(intake.TRIAGE_TASK, first.report_id).pk for _ in range(2))
    report_triage.process_items([newer, older, newer, older])
    again = ExtractedFacts.objects.get(report=first.report_id)
    assert differing(again, first) <= {"extracted_at"}
    assert again.extracted_at >= first.extracted_at
    assert set(OutboxItem.objects.values_list("attempts", flat=True)) == {1}
    assert not OutboxItem.objects.filter(done_at=None).exists()
    assert Indicator.objects.filter(report=first.report_id, source="caller").count() == 1
    assert (queue_balance().done, queue_balance().balanced) == (1, True)


def test_a_report_that_cannot_be_read_does_not_stop_the_next_and_no_word_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    poison, behind = report("bí mật của một người"), report("lành")
    find = report_triage.extract

    def fails_on_poison(subject: Report, *later: Any) -> report_triage.TriageResult:
        if subject == poison:
            raise ValueError(subject.story)
        return find(subject, *later)

    monkeypatch.setattr(report_triage, "extract", fails_on_poison)
    report_triage.process_items([item_of(poison).pk, item_of(behind).pk])
    assert ExtractedFacts.objects.get().report == behind
    assert item_of(poison).error == "ValueError"
    assert "ValueError" in caplog.text
    assert "bí mật" not in caplog.text


def test_a_report_that_never_can_be_read_fails_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = report("độc")
    monkeypatch.setattr(report_triage, "extract", lambda *_: {}["no such fact"])
    report_triage.process_items([item_of(subject).pk] * (MAX_ATTEMPTS + 3))
    item = item_of(subject)
    assert (item.attempts, item.error) == (MAX_ATTEMPTS, "KeyError")
    assert item.failed_at is not None


def test_an_item_without_a_report_fails_quietly() -> None:
    item = queue.enqueue(intake.TRIAGE_TASK, "018f0000-0000-7000-8000-000000000000")
    report_triage.process_items([item.pk])
    item.refresh_from_db()
    assert item.error == "DoesNotExist"


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_item_write_once() -> None:
    subject = report(STORY, caller_number="0550 000 123")
    item = item_of(subject).pk
    in_parallel([lambda: report_triage.process_items([item])] * 6)
    assert item_of(subject).attempts == 1
    assert Indicator.objects.filter(report=subject, source="caller").count() == 1


@pytest.mark.django_db(transaction=True)
def test_workers_on_overlapping_messages_with_a_key_that_is_none_read_each_report_once() -> None:
    """All name one number: the locks of the batches, of single reports and of regrouping meet."""
    reports = [report(f"{STORY} Lần {n}.", caller_number="0550 000 123") for n in range(8)]
    items = [item_of(each).pk for each in reports]
    forged = queue.enqueue(intake.TRIAGE_TASK, "no uuid").pk
    messages = [[*items, forged], [forged, *reversed(items)], items[::2], [items[5]]]

    def regroup() -> None:
        with transaction.atomic():
            regrouping.regroup(reports[0].pk)

    works = [partial(report_triage.process_items, message) for message in messages]
    in_parallel([*works, regroup])
    assert ExtractedFacts.objects.count() == len(reports)
    assert [item_of(each).done_at is None for each in reports] == [False] * len(reports)
    assert CampaignLink.objects.values("campaign").distinct().count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_overslept_writes_nothing() -> None:
    subject = report(STORY)
    item = item_of(subject)
    asleep = queue._acquire([item.pk], fact_storage.READ)
    expire_lease(item)
    leased_item(item)
    report_triage.triage(asleep)
    assert not ExtractedFacts.objects.exists()
    assert item_of(subject).done_at is None


@pytest.mark.django_db(transaction=True)
def test_facts_and_settling_stand_or_fall_together(monkeypatch: pytest.MonkeyPatch) -> None:
    subject = report(STORY)
    monkeypatch.setattr(report_triage.matching, "link_reports", Mock(side_effect=RuntimeError))
    report_triage.process_items([item_of(subject).pk])
    assert not ExtractedFacts.objects.exists()
    assert not Indicator.objects.exists()
    assert item_of(subject).done_at is None


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_report_agree() -> None:
    """Process at the same instant, each worker with an item of its own."""
    alone = triaged(caller_number="0550 000 123")
    subject = report(f"{STORY} ", caller_number="0550 000 123")
    items = [item_of(subject).pk]
    items += [queue.enqueue(intake.TRIAGE_TASK, subject.pk).pk for _ in "123"]
    in_parallel([lambda item=item: report_triage.process_items([item]) for item in items])
    assert OutboxItem.objects.filter(pk__in=items, done_at__isnull=False).count() == 4
    agreed = ExtractedFacts.objects.get(report=subject)
    assert differing(agreed, alone) <= {"report", "search_text", "extracted_at"}
    found, found_alone = (
        list(each.indicators.order_by("id").values_list("source", "key"))
        for each in (subject, alone.report)
    )
    assert found == found_alone


def test_what_the_form_said_is_a_fact_with_its_field() -> None:
    words = extract_from_story("Họ gọi cho tôi.")
    form = FormAnswers(happening_now=True, money_lost_vnd=5_000_000, demands=("give_otp",))
    facts = report_triage.merge_form_facts(words, form)
    assert (facts.ongoing, facts.money_lost_vnd) == (True, 5_000_000)
    assert "give_otp" in facts.actions
    assert {(each.fact, each.rule) for each in facts.reasons} >= {
        ("ongoing", "declared: happening_now"),
        ("money_lost_vnd", "declared: money_lost"),
        ("actions", "declared: demands"),
    }


@pytest.mark.parametrize(
    ("story", "declared", "lost"),
    [
        ("Họ gọi cho tôi.", FormAnswers(), None),
        ("Họ gọi cho tôi.", FormAnswers(money_lost=False), 0),
        ("Tôi đã chuyển 20 triệu cho họ.", FormAnswers(money_lost=False), None),
        ("Tôi đã chuyển 20 triệu cho họ.", FormAnswers(money_lost_vnd=5_000_000), 5_000_000),
        ("Tôi đã chuyển 20 triệu cho họ.", FormAnswers(money_lost_vnd=50_000_000), 50_000_000),
        ("", FormAnswers(), None),
        ("👍", FormAnswers(money_lost=True), None),
        ("Tôi không chuyển đồng nào.", FormAnswers(), 0),
        ("Tôi không chuyển đồng nào.", FormAnswers(money_lost=True), None),
    ],
)
def test_the_form_s_sum_leads_and_its_no_beside_a_payment_is_unclear(
    story: str, declared: FormAnswers, lost: int | None
) -> None:
    assert (
        report_triage.merge_form_facts(extract_from_story(story), declared).money_lost_vnd == lost
    )


def test_a_claimed_office_speaks_only_where_the_story_is_mute() -> None:
    form = FormAnswers(claimed_office="bank")
    assert (
        report_triage.merge_form_facts(extract_from_story("Họ gọi cho tôi."), form).scenario
        == "bank"
    )
    assert report_triage.merge_form_facts(extract_from_story(STORY), form).scenario == "police_case"


def test_a_box_that_may_mean_several_demands_proves_none() -> None:
    assert triaged("Họ gọi cho tôi.", demands=("money", "threat")).actions == []


def test_a_flood_of_numbers_makes_no_flood_of_rows() -> None:
    numbers = " ".join(f"0550{number:06}" for number in range(5_000))
    facts = triaged(numbers * 4, caller_number=numbers * 4)
    assert 0 < facts.report.indicators.count() <= 100
    assert all(len(each.raw) <= 500 for each in facts.report.indicators.all())
    assert len(facts.search_text) < 60_000
