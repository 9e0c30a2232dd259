"""Reports that come in a flood: taken in like any other, marked, and sorted below until taken up."""

import json
from collections.abc import Iterable
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from django.http import HttpRequest
from django.test import Client, RequestFactory
from pytest_django import Settings
from redis import Redis

from core import rate_limits
from core.models import OutboxItem
from core.outbox.queue import Priority
from reports.facts import abuse_flags
from reports.models import FloodSample, Followup, Report
from reports.numbers import report_counts
from reports.submission import flood_detection, form_parser
from reports.submission.flood_detection import Arrival
from tests.support import api_program, report_factories
from tests.support.report_factories import count_pending
from tests.support.resident_pages import code_of, hidden

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("enforced")]

STORY = "Họ xưng điện lực, dọa cắt điện trong hai giờ nếu không nộp tiền ngay."
NUMBER = "550000123"
_keys = map("report {}".format, count())


def arrive(
    times: int = 1, address: str = "192.0.2.1", numbers: Iterable[str] = (), story: str = ""
) -> tuple[str, ...]:
    """Return the flags of the last of so many reports."""
    places = flood_detection.origin_digests(visit(address))
    arrivals = [Arrival(next(_keys), places, tuple(numbers), story) for _ in range(times)]
    flags = flood_detection.flood_flags(arrivals)
    assert flags is not None
    return flags[-1]


def visit(address: str) -> HttpRequest:
    return RequestFactory().post("/bao-cao/", REMOTE_ADDR=address)


def everywhere(times: int) -> list[str]:
    return [f"198.51.{number}.1" for number in range(times)]


def test_the_eleventh_from_one_address_is_marked() -> None:
    assert arrive(numbers=[NUMBER], story=STORY) == ()
    assert arrive(flood_detection.FROM_ADDRESS - 1) == ()
    assert arrive() == (abuse_flags.ADDRESS_BUSY,)
    assert arrive(address="192.0.3.1") == ()


@pytest.mark.parametrize(
    ("limit", "addresses", "mark"),
    [
        ("FROM_NETWORK", [f"192.0.2.{last}" for last in (1, 2, 3, 200)], abuse_flags.NETWORK_BUSY),
        ("FROM_NETWORK", [f"2001:db8:1:{n}::1" for n in range(4)], abuse_flags.NETWORK_BUSY),
        ("OF_NUMBER", everywhere(4), abuse_flags.NUMBER_BUSY),
        ("OF_ALL", everywhere(4), abuse_flags.FLOOD),
    ],
    ids=["neighbours", "networks of one IPv6 site", "all who name one number", "all"],
)
def test_the_first_over_what_they_may_send_together_is_marked(
    monkeypatch: pytest.MonkeyPatch, limit: str, addresses: list[str], mark: str
) -> None:
    monkeypatch.setattr(flood_detection, limit, 3)
    numbers = [NUMBER] if limit == "OF_NUMBER" else []
    flags = [arrive(address=each, numbers=numbers) for each in addresses]
    assert flags == [()] * 3 + [(mark,)]
    others = arrive(address="192.0.3.9", numbers=["550000124"])
    assert others == ((mark,) if limit == "OF_ALL" else ())


def test_the_addresses_of_one_ipv6_network_are_one() -> None:
    arrive(flood_detection.FROM_ADDRESS, "2001:db8:1:2::1")
    assert abuse_flags.ADDRESS_BUSY in arrive(address="2001:db8:1:2:3::9")
    assert arrive(address="2001:db8:1:3::1") == ()


def test_one_network_pushes_nobody_elses_report_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood_detection, "OF_NUMBER", 3)
    for address in ("192.0.2.1", "192.0.2.2", "2001:db8:1:2::1", "2001:db8:1:3::1"):
        arrive(5, address, [NUMBER])
    assert arrive(address="198.51.100.1", numbers=[NUMBER]) == ()


def test_a_flood_from_one_place_fills_no_memory(enforced: Redis) -> None:
    arrive(flood_detection.FROM_ADDRESS)
    before = len(enforced.keys("portal:floods:*"))
    flags = [arrive(numbers=[f"55000{turn:04}"], story=f"{STORY} {turn}") for turn in range(20)]
    assert len(enforced.keys("portal:floods:*")) == before
    assert flags == [(abuse_flags.ADDRESS_BUSY, abuse_flags.SAME_NETWORK)] * 20


def test_the_same_words_from_everywhere_are_marked() -> None:
    flags = [
        arrive(address=each, story=STORY) for each in everywhere(flood_detection.RULE_STORY + 1)
    ]
    assert flags[-2:] == [(), (abuse_flags.SAME_WORDS,)]
    assert arrive(address="192.0.2.9", story=f" {STORY.upper()}\n") == (abuse_flags.SAME_WORDS,)


def test_few_words_are_anybodys() -> None:
    flags = [arrive(address=each, story="Có người gọi lừa đảo.") for each in everywhere(9)]
    assert flags == [()] * 9


def test_a_network_that_told_of_the_number_before_is_marked_and_not_lowered() -> None:
    assert arrive(numbers=[NUMBER]) == ()
    assert arrive(address="192.0.2.77", numbers=[NUMBER]) == (abuse_flags.SAME_NETWORK,)
    assert arrive(address="192.0.3.1", numbers=[NUMBER]) == ()
    assert not abuse_flags.is_deprioritized([abuse_flags.SAME_NETWORK, abuse_flags.FLOOD])


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "172.18.0.5", "::1", ""])
def test_an_address_of_our_own_tells_nobody_apart(address: str) -> None:
    assert arrive(flood_detection.FROM_ADDRESS + 5, address, [NUMBER]) == ()


def test_counting_alone_marks_nobody(settings: Settings) -> None:
    settings.RATE_LIMITS = "count"
    assert arrive(flood_detection.FROM_ADDRESS + 1) == ()
    settings.RATE_LIMITS = "enforce"
    assert arrive() == (abuse_flags.ADDRESS_BUSY,)


def test_a_batch_over_a_limit_counts_once_and_is_told_the_same_each_time() -> None:
    places = flood_detection.origin_digests(visit("192.0.2.1"))
    batch = [
        Arrival(next(_keys), places, (NUMBER,), STORY)
        for _ in range(flood_detection.FROM_ADDRESS + 2)
    ]
    once = flood_detection.flood_flags(batch)
    assert once is not None
    assert (once[0], once[1]) == ((), (abuse_flags.SAME_NETWORK,))
    assert abuse_flags.ADDRESS_BUSY in once[-1]
    for _ in range(flood_detection.FROM_ADDRESS):
        assert flood_detection.flood_flags(batch) == once


def test_a_busy_number_is_busy_for_those_who_made_it_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood_detection, "OF_NUMBER", 3)
    for address in everywhere(4):
        arrive(address=address, numbers=[NUMBER])
    assert abuse_flags.NUMBER_BUSY in arrive(address=everywhere(1)[0], numbers=[NUMBER])


def test_reports_that_are_counted_together_are_marked_each_for_itself() -> None:
    busy, other = (
        flood_detection.origin_digests(visit(each)) for each in ("192.0.2.1", "198.51.100.1")
    )
    arrive(flood_detection.FROM_ADDRESS)
    flags = flood_detection.flood_flags(
        [Arrival("a", busy), Arrival("b", other, (NUMBER,)), Arrival("c", busy)]
    )
    assert flags == [(abuse_flags.ADDRESS_BUSY,), (), (abuse_flags.ADDRESS_BUSY,)]
    assert flood_detection.flood_flags([Arrival("d", other, (NUMBER,))]) == [
        (abuse_flags.SAME_NETWORK,)
    ]


def test_valkey_is_asked_once_for_many_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[str] = []
    send = Redis.execute_command
    monkeypatch.setattr(
        Redis, "execute_command", lambda *a, **k: (commands.append(a[1]), send(*a, **k))[1]
    )
    arrive(9, numbers=[NUMBER], story=STORY)
    assert commands == ["EVAL"]


def test_every_counter_ends_and_none_holds_address_number_or_words(enforced: Redis) -> None:
    arrive(address="192.0.2.77", numbers=[NUMBER], story=STORY)
    keys = enforced.keys("portal:floods:*")
    assert len(keys) == 6
    assert all(0 < enforced.ttl(key) <= report_counts.DAYS * flood_detection.DAY for key in keys)
    text = b" ".join(keys)
    text += b" ".join(member for key in keys for member in enforced.smembers(key))
    assert not any(part in text for part in (b"192.0", b"550000", "điện".encode()))


@pytest.mark.parametrize(
    ("typed", "tails"),
    [
        ("0550 000 123", ("550000123",)),
        ("+84 550 000 123", ("550000123",)),
        ("0550 000 123, 0550 000 124", ("550000123", "550000124")),
        ("không nhớ", ()),
    ],
)
def test_one_number_is_one_however_it_is_written(typed: str, tails: tuple[str, ...]) -> None:
    assert form_parser.last_digits_in(typed) == tails


def post(client: Client, **fields: Any) -> Any:
    return client.post("/bao-cao/", {**hidden(client), **fields}, REMOTE_ADDR="192.0.2.1")


def post_same_words(client: Client, **fields: Any) -> None:
    """Post one report more than may have the same words."""
    for _ in range(flood_detection.RULE_STORY + 1):
        post(client, story=STORY, **fields)


def test_over_every_limit_a_report_is_taken_in_and_marked(client: Client) -> None:
    for _ in range(flood_detection.FROM_ADDRESS + 1):
        assert post(client, story=STORY).status_code == 303
    count_pending()
    last = Report.objects.order_by("received_at").last()
    assert last
    assert {abuse_flags.ADDRESS_BUSY, abuse_flags.SAME_WORDS} <= set(last.all_flags)


def test_what_was_noted_of_an_address_is_gone_once_it_is_counted(client: Client) -> None:
    post_same_words(client)
    assert "192.0" not in str(FloodSample.objects.values_list("origin_digests", flat=True))
    count_pending()
    sample = FloodSample.objects.get()
    assert (sample.origin_digests, sample.flags) == (None, [abuse_flags.SAME_WORDS])


def test_a_page_asks_valkey_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = hidden(client)
    monkeypatch.delattr(Redis, "execute_command")
    assert client.post("/bao-cao/", {**fields, "story": STORY}).status_code == 303


def test_while_valkey_is_silent_reports_wait_to_be_counted(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    valkey = settings.REDIS_URL
    post_same_words(client)
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock?db=0"
    rate_limits.reset_connection()
    count_pending()
    waiting = FloodSample.objects.filter(origin_digests__isnull=False)
    assert waiting.count() == flood_detection.RULE_STORY + 1
    settings.REDIS_URL = valkey
    rate_limits.reset_connection()
    count_pending()
    assert FloodSample.objects.get().flags == [abuse_flags.SAME_WORDS]


@pytest.mark.parametrize(("limit", "value", "sent"), [("BATCH_SIZE", 2, 3), ("MOMENT", 0.0, 2)])
def test_a_flood_is_counted_in_parts_which_what_is_hard_to_read_ends(
    client: Client, monkeypatch: pytest.MonkeyPatch, limit: str, value: float, sent: int
) -> None:
    monkeypatch.setattr(flood_detection, limit, value)
    for _ in range(sent):
        post(client, story=STORY)
    assert [count_pending(), FloodSample.objects.count()] == [True, 1]
    assert [count_pending(), FloodSample.objects.count()] == [False, 0]


def test_a_number_that_breaks_its_reader_keeps_nobody_from_being_counted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_same_words(client)
    monkeypatch.delattr(form_parser, "last_digits_in")
    count_pending()
    assert FloodSample.objects.get().flags == [abuse_flags.SAME_WORDS]


def test_what_another_relay_has_counted_stays(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_same_words(client)
    quick = flood_detection.flood_flags

    def slow(arrivals: list[Arrival]) -> list[tuple[str, ...]]:
        monkeypatch.setattr(flood_detection, "flood_flags", quick)
        count_pending()
        return [() for _ in arrivals]

    monkeypatch.setattr(flood_detection, "flood_flags", slow)
    count_pending()
    assert FloodSample.objects.get().flags == [abuse_flags.SAME_WORDS]


def test_what_waited_for_longer_than_a_window_is_counted_no_more(client: Client) -> None:
    post_same_words(client)
    FloodSample.objects.update(received_at=F("received_at") - timedelta(minutes=11))
    count_pending()
    assert not FloodSample.objects.exists()


def test_a_number_added_later_from_a_network_that_told_of_it_is_marked(client: Client) -> None:
    arrive(numbers=[NUMBER])
    post(client, story=STORY)
    count_pending()
    code = code_of(client.get("/bao-cao/da-nhan/").content)
    fields = {"code": code, "kind": "more", "leg_number": "0550 000 123"}
    client.post("/theo-doi/them/", fields, REMOTE_ADDR="192.0.2.2")
    assert Followup.objects.get().flags == [abuse_flags.SAME_NETWORK]


def test_a_machine_that_says_ongoing_is_read_in_its_turn() -> None:
    report_factories.report(happening_now=True)
    report_factories.report(happening_now=True, flags=(abuse_flags.FLAG_HONEYPOT,))
    first, second = OutboxItem.objects.order_by("pk").values_list("priority", flat=True)
    assert first != second


def test_a_flood_that_says_ongoing_is_read_in_its_turn(client: Client) -> None:
    post_same_words(client, happening_now="yes")
    OutboxItem.objects.update(priority=Priority.URGENT)  # they were typed within three seconds
    count_pending()
    flags = OutboxItem.objects.order_by("pk").values_list("priority", flat=True)
    assert list(flags) == [*[Priority.URGENT] * flood_detection.RULE_STORY, Priority.USUAL]


def test_what_a_program_says_later_of_a_number_is_of_one_network_too() -> None:
    program = api_program.register()
    for number in range(3):  # under the same Idempotency-Key
        address = json.loads(program.send(story=f"{STORY} {number}").content)["url"]
        program.ask("post", f"{address}/followups", {"callers": [{"number": f"0{NUMBER}"}]})
    flags = Followup.objects.order_by("received_at").values_list("flags", flat=True)
    assert list(flags) == [[], ["same_network"], ["same_network"]]
