"""Who shares a number, an account, a site or a script lies together."""

import random
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from core.database import execute_pipeline
from core.models import OutboxItem
from reports.campaigns import auto_grouping, matching, offline_clustering
from reports.campaigns.offline_clustering import StoryInput
from reports.models import (
    Campaign,
    CampaignLink,
    ExtractedFacts,
    FingerprintKey,
    Report,
    ReportFingerprint,
)
from reports.triage import service
from tests.support.campaign_factories import campaign_of, item_of, triage
from tests.support.concurrency import in_parallel
from tests.support.report_factories import report

pytestmark = pytest.mark.django_db

NUMBER = "0550 000 123"
ACCOUNT = "Họ bảo chuyển tiền vào tài khoản 0987000111222 ngay."


def test_a_single_report_is_in_no_campaign() -> None:
    assert campaign_of(triage(caller_number=NUMBER)) is None
    assert not Campaign.objects.exists()


def test_two_reports_of_one_number_open_a_campaign() -> None:
    first, second = triage(caller_number=NUMBER), triage("khác", caller_number="+84550000123")
    campaign = campaign_of(first)
    assert campaign is not None
    assert campaign_of(second) == campaign
    assert re.fullmatch(r"Đ-\d\d-[2-9B-Z]{3}", campaign.code)


def test_a_third_report_joins() -> None:
    reports = [triage(f"chuyện {n}", caller_number=NUMBER) for n in range(3)]
    assert Campaign.objects.count() == 1
    assert {campaign_of(subject) for subject in reports} == {Campaign.objects.get()}


def test_every_link_has_its_reason() -> None:
    triage(ACCOUNT), triage(f"{ACCOUNT} Họ dọa bắt.")
    for link in CampaignLink.objects.all():
        assert link.kind == CampaignLink.Kind.SAME_ACCOUNT
        assert "0987000111222" in link.reason
        assert link.placed_by is None


@pytest.mark.parametrize(
    "caller", ["113", "18001091", "số ẩn", "02373725725", "CONG AN", "", "không nhớ"]
)
def test_what_many_share_binds_nobody(caller: str) -> None:
    triage("một", caller_number=caller), triage("hai", caller_number=caller)
    assert not Campaign.objects.exists()


@pytest.mark.parametrize("link", ["dichvucong.gov.vn", "https://zalo.me/g/abc", "www.facebook.com"])
def test_places_where_everybody_is_bind_nobody(link: str) -> None:
    triage(f"một {link}"), triage(f"hai {link}")
    assert not Campaign.objects.exists()


def test_a_number_in_a_story_is_not_the_caller() -> None:
    """It may be the bank's or a neighbour's; the form names who called."""
    triage("Gọi hỏi 0550000123 thì không phải.", caller_number="0550 000 777")
    triage("Con tôi ở số 0550000123.", caller_number="0550 000 888")
    assert not Campaign.objects.exists()


def test_what_an_officer_placed_is_never_moved(django_user_model: type[User]) -> None:
    officer = django_user_model.objects.create(username="truc.ban")
    first = triage(caller_number=NUMBER)
    chosen = Campaign.objects.create(code="Đ-26-AAA", title="của cán bộ")
    link = CampaignLink(report=first, campaign=chosen, kind="officer", strength=1)
    link.placed_by = officer
    link.save()
    triage("hai", caller_number=NUMBER), service.process_items([item_of(first)])
    link.refresh_from_db()
    assert (link.campaign, link.kind) == (chosen, "officer")


def test_an_officer_who_places_a_report_meanwhile_is_not_overruled(
    django_user_model: type[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the machine's look at a neighbour and its writing."""
    officer = django_user_model.objects.create(username="truc.ban")
    first, second = triage(caller_number=NUMBER), report("hai", caller_number=NUMBER)
    chosen = Campaign.objects.create(code="Đ-26-AAA", title="của cán bộ")
    find_candidates = matching._find_candidates

    def look_then_officer_acts(newcomer: matching.IncomingReport) -> Any:
        candidates = find_candidates(newcomer)
        CampaignLink.objects.create(
            report=first, campaign=chosen, kind="officer", strength=1, placed_by=officer
        )
        return candidates

    monkeypatch.setattr(matching, "_find_candidates", look_then_officer_acts)
    service.process_items([item_of(second)])
    assert campaign_of(first) == chosen


def test_a_report_joins_where_an_officer_placed_its_neighbour(
    django_user_model: type[User],
) -> None:
    officer = django_user_model.objects.create(username="truc.ban")
    first = triage(caller_number=NUMBER)
    chosen = Campaign.objects.create(code="Đ-26-AAA", title="của cán bộ")
    CampaignLink.objects.create(
        report=first, campaign=chosen, kind="officer", strength=1, placed_by=officer
    )
    assert campaign_of(triage("hai", caller_number=NUMBER)) == chosen


def test_triage_again_leaves_the_campaign() -> None:
    first, _ = triage(caller_number=NUMBER), triage("hai", caller_number=NUMBER)
    before = list(CampaignLink.objects.order_by("pk").values())
    service._write(service.extract(first))
    assert list(CampaignLink.objects.order_by("pk").values()) == before
    assert Campaign.objects.count() == 1


def test_a_code_that_is_taken_is_not_taken_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter(["Đ-26-AAA", "Đ-26-AAA", "Đ-26-BBB"])
    monkeypatch.setattr(auto_grouping, "new_code", lambda *_: next(codes))
    Campaign.objects.create(code=next(codes), title="")
    triage(caller_number=NUMBER), triage("hai", caller_number=NUMBER)
    assert Campaign.objects.filter(code="Đ-26-BBB").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_campaign() -> None:
    """Neither has committed when the other looks: they take turns on the shared key."""
    reports = [report(f"chuyện {n}", caller_number=NUMBER) for n in range(8)]
    items = [item_of(subject) for subject in reports]
    in_parallel([lambda item=item: service.process_items([item]) for item in items])
    assert OutboxItem.objects.filter(done_at=None).count() == 0
    assert Campaign.objects.count() == 1
    assert CampaignLink.objects.count() == 8


def test_a_number_in_a_story_ties_where_the_form_names_no_caller() -> None:
    first, second = triage("Số gọi là 0550000123."), triage(caller_number=NUMBER)
    assert campaign_of(first) == campaign_of(second) is not None


def test_what_triage_does_not_read_binds_nobody() -> None:
    """Also in time: an endless report holds its locks no longer than another."""
    far = "x " * 10_000
    endless = Report(story=far + ACCOUNT, caller_number=far + NUMBER, received_at=timezone.now())
    fingerprint = service.extract(endless).fingerprint
    assert fingerprint.keys == frozenset()
    assert fingerprint.script.length == 1


SCRIPT = (
    "Thầy Khánh tổng phụ trách bảo con bị compa đâm vào mắt, mổ theo phiếu H17.",
    "em đc ông Khánh tổng phụ trách đội gọi, đọc phiếu H17, xin tiền mổ mắt cho con",
    "ong Khanh tong phu trach doi noi con bi compa dam mat, phieu H17",
)


def test_one_script_in_other_words_is_one_campaign() -> None:
    reports = [triage(story, caller_number=f"0992 00{n} 111") for n, story in enumerate(SCRIPT)]
    assert len({campaign_of(subject) for subject in reports}) == Campaign.objects.count() == 1
    link = CampaignLink.objects.get(report=reports[0])
    assert link.kind == CampaignLink.Kind.SAME_SCRIPT
    assert "H17" in link.reason


def received(subject: Report, ago: timedelta) -> None:
    """Let a report have come in earlier: evidence is not changed but here."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Report.objects.filter(pk=subject.pk).update(received_at=timezone.now() - ago)
        cursor.execute("SET LOCAL session_replication_role = origin")


def come_in_at(story: str, ago: timedelta, **typed: Any) -> Report:
    subject = report(story, **typed)
    received(subject, ago)
    service.process_items([item_of(subject)])
    return subject


@pytest.mark.parametrize(("hours", "tied"), [(47, True), (49, False)])
def test_neighbouring_numbers_tie_within_two_days(hours: int, tied: bool) -> None:
    first = come_in_at("một", timedelta(hours=hours), caller_number="0550 000 123")
    second = triage("hai", caller_number="0550 000 127")
    assert (campaign_of(first) is not None) is tied
    assert campaign_of(first) == campaign_of(second)


@pytest.mark.parametrize(("days", "tied"), [(2, True), (25, False)])
def test_a_script_ties_within_its_wave(days: int, tied: bool) -> None:
    first = come_in_at(SCRIPT[0], timedelta(days=days), caller_number="0992 000 111")
    second = triage(SCRIPT[2], caller_number="0992 001 111")
    assert (campaign_of(first) is not None) is tied
    assert campaign_of(first) == campaign_of(second)


def test_a_report_read_again_is_found_by_its_new_keys_alone() -> None:
    subject = triage(SCRIPT[0], caller_number=NUMBER)
    before = set(FingerprintKey.objects.values_list("key", flat=True))
    extraction = service.extract(subject)
    fingerprint = replace(extraction.fingerprint, keys=frozenset())
    service._write(replace(extraction, fingerprint=fingerprint))
    after = set(FingerprintKey.objects.values_list("key", flat=True))
    assert len(before - after) == 1
    assert after == set(ReportFingerprint.objects.get(report=subject).lookup_keys)


def test_a_reading_of_fewer_additions_leaves_the_footprint_alone() -> None:
    subject = triage(SCRIPT[0], caller_number=NUMBER)
    ExtractedFacts.objects.filter(report=subject).update(followups_read=1)
    before = ReportFingerprint.objects.get(report=subject).keys
    extraction = service.extract(subject)
    fingerprint = replace(extraction.fingerprint, keys=frozenset())
    service._write(replace(extraction, fingerprint=fingerprint))
    assert ReportFingerprint.objects.get(report=subject).keys == before


ARRIVALS: list[tuple[str, str]] = [
    (SCRIPT[0], "0992 000 111"), (SCRIPT[1], "0992 100 111"), (SCRIPT[2], "0992 200 111"),
    ("Gọi ba lần.", "0550 000 123"), ("Lại gọi.", "0550 000 126"), (ACCOUNT, "0550 000 126"),
    (f"{ACCOUNT} Họ dọa.", "0992 300 111"), ("Nháy máy.", "0992 400 111"),
    ("vào evn-hoadon.example nhé", "0992 500 111"), ("trang evn-hoadon.test", "0992 600 111"),
    ("evn-hoadon . example", "0550 000 123"), ("Gọi nhầm.", "0992 700 111"),
]  # fmt: skip


def partition(arrivals: list[tuple[str, str]]) -> set[frozenset[str]]:
    """Which stories lie together, when they come in this order."""
    triaged = [(triage(story, caller_number=caller), story) for story, caller in arrivals]
    lying: dict[Any, set[str]] = {}
    for subject, story in triaged:
        lying.setdefault(campaign_of(subject) or subject.pk, set()).add(story)
    return {frozenset(stories) for stories in lying.values()}


@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_arrival_changes_nothing_here_either(seed: int) -> None:
    shuffled = random.Random(seed).sample(ARRIVALS, len(ARRIVALS))  # noqa: S311  # no secret
    together = partition(shuffled)
    assert sorted(map(len, together), reverse=True) == [7, 3, 1, 1]
    assert frozenset(SCRIPT) in together


def test_the_door_and_the_database_decide_alike() -> None:
    stories = [
        StoryInput(story, caller, text=story, at=timezone.now().isoformat())
        for story, caller in ARRIVALS
    ]
    lying: dict[Any, set[str]] = {}
    for each in offline_clustering.cluster(stories):
        lying.setdefault(each.campaign or each.id, set()).add(each.id)
    assert {frozenset(stories) for stories in lying.values()} == partition(ARRIVALS)


def test_the_newest_few_are_found_in_few_pages_whatever_the_planner_believes() -> None:
    """It does not know how long a wave is, and guesses that few reports are of its days."""
    extraction = service.extract(Report.objects.get(pk=triage(SCRIPT[0], caller_number=NUMBER).pk))
    key, now = extraction.facts.report_id, timezone.now()
    newcomer = matching.IncomingReport(key, now, extraction.fingerprint, "")
    values = matching._written_values(newcomer) | matching._search_values(newcomer)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO reports_fingerprintkey SELECT key, now() - n * interval '1 second',"
            " gen_random_uuid() FROM unnest(%(sought)s::bigint[]) AS key, generate_series(1, 2000) n",
            values,
        )
        cursor.execute("ANALYZE reports_fingerprintkey")
        execute_pipeline(cursor, values, *matching._STEPS)
        cursor.execute(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {matching._FIND_OTHERS.execute}", values
        )
        plan = cursor.fetchone()[0][0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 1000
