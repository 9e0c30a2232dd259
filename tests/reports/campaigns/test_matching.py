"""Who shares a number, an account, a site or a script lies together."""

import json
import random
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from core.database import execute_pipeline
from core.models import OutboxItem
from reports.campaigns import candidate_search, link_scoring, matching, offline_clustering
from reports.campaigns.candidate_search import IncomingReport
from reports.campaigns.link_scoring import FingerprintData, Likeness
from reports.campaigns.offline_clustering import StoryInput
from reports.models import (
    Campaign,
    CampaignLink,
    ExtractedFacts,
    FingerprintKey,
    MergeProposal,
    Report,
    ReportFingerprint,
)
from reports.triage import report_triage
from tests.support.campaign_factories import add_to_campaign, campaign, campaign_of, item_of, triage
from tests.support.concurrency import in_parallel
from tests.support.number_factories import move_report
from tests.support.report_factories import report

pytestmark = pytest.mark.django_db

NUMBER = "0550 000 123"
ACCOUNT = "Họ bảo chuyển tiền vào tài khoản 0987000111222 ngay."


def test_reports_of_one_number_are_a_campaign_from_the_second_on() -> None:
    first = triage(caller_number=NUMBER)
    assert campaign_of(first) is None
    assert not Campaign.objects.exists()
    others = triage("khác", caller_number="+84550000123"), triage("nữa", caller_number=NUMBER)
    together = Campaign.objects.get()
    assert {campaign_of(subject) for subject in (first, *others)} == {together}
    assert re.fullmatch(r"Đ-\d\d-[2-9B-Z]{3}", together.code)


def test_an_account_without_a_bank_ties_where_its_number_is_known_at_one_bank_alone() -> None:
    first, second = triage("stk 0987000111222 MB Bank"), triage(ACCOUNT)
    assert campaign_of(first) == campaign_of(second) is not None
    other, unsure = triage("stk 0987000111222 Vietcombank"), triage(f"{ACCOUNT} Họ dọa.")
    assert campaign_of(other) is campaign_of(unsure) is None


def test_every_link_has_its_reason() -> None:
    triage(ACCOUNT), triage(f"{ACCOUNT} Họ dọa bắt.")
    for link in CampaignLink.objects.all():
        assert link.kind == CampaignLink.Kind.SAME_ACCOUNT
        assert "0987000111222" in link.reason
        assert link.placed_by is None


def test_a_number_in_a_story_is_the_caller_only_where_the_form_names_none() -> None:
    """It may be the bank's or a neighbour's; the form names who called."""
    triage("Gọi hỏi 0550000123 thì không phải.", caller_number="0550 000 777")
    known = triage("Họ gọi.", caller_number=NUMBER)
    assert not Campaign.objects.exists()
    assert campaign_of(triage("Số gọi là 0550000123.")) == campaign_of(known) is not None


def test_a_report_joins_where_an_officer_placed_its_neighbour_which_is_never_moved(
    chief: User,
) -> None:
    first, chosen = triage(caller_number=NUMBER), campaign("Đ-26-AAA")
    link = add_to_campaign(first, chosen, kind="officer", placed_by=chief)
    assert campaign_of(triage("hai", caller_number=NUMBER)) == chosen
    report_triage.write_and_link([report_triage.extract(first)])
    link.refresh_from_db()
    assert (link.campaign, link.kind) == (chosen, "officer")


def test_an_officer_who_places_a_report_meanwhile_is_not_overruled(
    chief: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the machine's look at a neighbour and its writing."""
    first, second = triage(caller_number=NUMBER), report("hai", caller_number=NUMBER)
    chosen = campaign("Đ-26-AAA")
    store_and_find = matching.store_and_find

    def look_then_officer_acts(*args: Any) -> Any:
        candidates = store_and_find(*args)
        add_to_campaign(first, chosen, kind="officer", placed_by=chief)
        return candidates

    monkeypatch.setattr(matching, "store_and_find", look_then_officer_acts)
    report_triage.process_items([item_of(second)])
    assert campaign_of(first) == chosen


def test_triage_again_leaves_the_campaign() -> None:
    first, _ = triage(caller_number=NUMBER), triage("hai", caller_number=NUMBER)
    before = list(CampaignLink.objects.order_by("pk").values())
    report_triage.write_and_link([report_triage.extract(first)])
    assert list(CampaignLink.objects.order_by("pk").values()) == before
    assert Campaign.objects.count() == 1


def test_a_code_that_is_taken_is_not_taken_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter(["Đ-26-AAA", "Đ-26-AAA", "Đ-26-BBB"])
    monkeypatch.setattr(matching, "new_code", lambda *_: next(codes))
    Campaign.objects.create(code=next(codes), title="")
    triage(caller_number=NUMBER), triage("hai", caller_number=NUMBER)
    assert Campaign.objects.filter(code="Đ-26-BBB").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_campaign() -> None:
    """Neither has committed when the other looks: they take turns on the shared key."""
    reports = [report(f"chuyện {n}", caller_number=NUMBER) for n in range(8)]
    items = [item_of(subject) for subject in reports]
    in_parallel([lambda item=item: report_triage.process_items([item]) for item in items])
    assert OutboxItem.objects.filter(done_at=None).count() == 0
    assert Campaign.objects.count() == 1
    assert CampaignLink.objects.count() == 8


def test_what_triage_does_not_read_binds_nobody() -> None:
    """Also in time: an endless report holds its locks no longer than another."""
    far = "x " * 10_000
    endless = Report(story=far + ACCOUNT, caller_number=far + NUMBER, received_at=timezone.now())
    fingerprint = report_triage.extract(endless).fingerprint
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
    assert "Khánh tổng phụ trách" in link.reason


def test_two_kinds_of_scam_are_no_campaign_by_words() -> None:
    task = "Tuyển cộng tác viên làm nhiệm vụ, nạp tiền chốt đơn Shopee nhận hoa hồng không rút được"
    hospital = "Con tôi ngã cầu thang đang cấp cứu, chuyển gấp tiền viện phí để mổ"
    triage(f"{task}. Phiếu H17, ông Khánh tổng phụ trách đội gọi.", caller_number="0992 000 111")
    triage(f"Thầy Khánh tổng phụ trách đọc phiếu H17. {hospital}.", caller_number="0992 100 222")
    assert {*ReportFingerprint.objects.values_list("scam", flat=True)} == {
        "job_task", "child_accident",
    }  # fmt: skip
    assert not Campaign.objects.exists()
    ReportFingerprint.objects.update(scam="")
    triage(f"{hospital}. Khánh tổng phụ trách nói, H17 phiếu mổ.", caller_number="0992 200 333")
    assert Campaign.objects.exists()


def come_in(story: str, caller_number: str, ago: timedelta = timedelta()) -> Report:
    """A report that came in so long ago, and is triaged now."""
    subject = report(story, caller_number=caller_number)
    move_report(subject, timezone.now() - ago)
    report_triage.process_items([item_of(subject)])
    return subject


NEIGHBOURS = (("một", "0550 000 123"), ("hai", "0550 000 127"))
RETOLD = ((SCRIPT[0], "0992 000 111"), (SCRIPT[2], "0992 001 111"))


@pytest.mark.parametrize(
    ("pair", "ago", "tied"),
    [
        (NEIGHBOURS, timedelta(hours=47), True),
        (NEIGHBOURS, timedelta(hours=49), False),
        (RETOLD, timedelta(days=2), True),
        (RETOLD, timedelta(days=25), False),
    ],
)
def test_neighbouring_numbers_tie_within_two_days_and_a_script_within_its_wave(
    pair: tuple[tuple[str, str], tuple[str, str]], ago: timedelta, tied: bool
) -> None:
    first, second = come_in(*pair[0], ago), come_in(*pair[1])
    assert (campaign_of(first) is not None) is tied
    assert campaign_of(first) == campaign_of(second)


def read_without_keys(subject: Report) -> None:
    extraction = report_triage.extract(subject)
    fingerprint = replace(extraction.fingerprint, keys=frozenset())
    report_triage.write_and_link([replace(extraction, fingerprint=fingerprint)])


def test_a_report_read_again_is_found_by_its_new_keys_alone() -> None:
    subject = triage(SCRIPT[0], caller_number=NUMBER)
    before = set(FingerprintKey.objects.values_list("key", flat=True))
    read_without_keys(subject)
    after = set(FingerprintKey.objects.values_list("key", flat=True))
    assert len(before - after) == 1
    assert after == set(ReportFingerprint.objects.get(report=subject).lookup_keys)


def test_a_reading_of_fewer_followups_leaves_the_fingerprint_alone() -> None:
    subject = triage(SCRIPT[0], caller_number=NUMBER)
    ExtractedFacts.objects.filter(report=subject).update(followups_read=1)
    before = ReportFingerprint.objects.get(report=subject).keys
    read_without_keys(subject)
    assert ReportFingerprint.objects.get(report=subject).keys == before


ARRIVALS: list[tuple[str, str]] = [
    (SCRIPT[0], "0992 000 111"), (SCRIPT[1], "0992 100 111"), (SCRIPT[2], "0992 200 111"),
    ("Gọi ba lần.", "0550 000 123"), ("Lại gọi.", "0550 000 126"), (ACCOUNT, "0550 000 126"),
    (f"{ACCOUNT} Họ dọa.", "0992 300 111"), ("Nháy máy.", "0992 400 111"),
    ("vào evn-hoadon.example nhé", "0992 500 111"), ("trang evn-hoadon.test", "0992 600 111"),
    ("evn-hoadon . example", "0550 000 123"), ("Gọi nhầm.", "0992 700 111"),
    ("Xem dichvucong.gov.vn", "113"), ("vào dichvucong.gov.vn rồi", "113"),  # ties nobody
]  # fmt: skip


def partition(arrivals: list[tuple[str, str]], batch: int = 1) -> set[frozenset[str]]:
    """Which stories lie together or are proposed to, when they come in this order, so many at once."""
    subjects = [report(story, caller_number=caller) for story, caller in arrivals]
    items = [item_of(subject) for subject in subjects]
    for start in range(0, len(items), batch):
        report_triage.process_items(items[start : start + batch])
    lying: dict[Any, set[str]] = {}
    for subject, (story, _) in zip(subjects, arrivals, strict=True):
        lying.setdefault(campaign_of(subject) or subject.pk, set()).add(story)
    for proposal in MergeProposal.objects.open():
        one = lying[proposal.campaign_a] | lying[proposal.campaign_b]
        lying |= {group: one for group, stories in lying.items() if stories <= one}
    return {frozenset(stories) for stories in lying.values()}


@pytest.mark.parametrize(("seed", "batch"), [*enumerate([1, 1, 1, 2, 3, 5, 7, 14, 14, 14])])
def test_neither_order_nor_number_of_arrivals_changes_anything(seed: int, batch: int) -> None:
    shuffled = random.Random(seed).sample(ARRIVALS, len(ARRIVALS))  # noqa: S311  # no secret
    together = partition(shuffled, batch)
    assert sorted(map(len, together), reverse=True) == [7, 3, 1, 1, 1, 1]
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
    extraction = report_triage.extract(
        Report.objects.get(pk=triage(SCRIPT[0], caller_number=NUMBER).pk)
    )
    key, now = extraction.facts.report_id, timezone.now()
    values = candidate_search._build_values([IncomingReport(key, now, extraction.fingerprint, "")])
    (search,) = json.loads(values["searches"])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO reports_fingerprintkey SELECT key, now() - n * interval '1 second',"
            " gen_random_uuid() FROM unnest(%(sought)s::bigint[]) AS key, generate_series(1, 2000) n",
            search,
        )
        cursor.execute("ANALYZE reports_fingerprintkey")
        execute_pipeline(cursor, values, *candidate_search._ALONE)
        cursor.execute(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {candidate_search._FIND_OTHERS.execute}",
            values,
        )
        plan = cursor.fetchone()[0][0]["Plan"]
    assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 1000


def test_of_nearly_equal_stories_each_two_are_compared_once_as_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside the comparison of the one that comes with the other."""
    counts: Counter[frozenset[float | None]] = Counter()
    compare = link_scoring.compare

    def count(one: FingerprintData, other: FingerprintData, *how: Any) -> Likeness | None:
        counts[frozenset((one.at, other.at))] += 1
        return compare(one, other, *how)

    monkeypatch.setattr(link_scoring, "compare", count)
    flood = [report(f"{SCRIPT[0]} Lần thứ {n}.", caller_number=NUMBER) for n in range(20)]
    report_triage.process_items([item_of(each) for each in flood])
    assert max(counts.values()) == 2
