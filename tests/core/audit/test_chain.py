"""The record of acts as a chain: what is linked, when, and what anybody's hands on it leave behind."""

import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from core import database
from core.audit import chain, chain_verification, events
from core.audit.chain_verification import ChainBrokenError
from core.models import AuditChainCheck, AuditChainLink, AuditEvent
from reports import tasks
from reports.monitoring import alarms, queue_stats
from tests.support.officers import Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data_folder")]


def acted(times: int = 5) -> list[int]:
    return [events.log_event("report", "r", "noted", reason=f"lời {n}").pk for n in range(times)]


def linked(times: int = 5) -> list[int]:
    made = acted(times)
    assert chain.extend_chain() == times
    return made


def forge(statement: str, *values: Any) -> None:
    """What somebody does who may write SQL: triggers off, no trace in the log."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, values)
        cursor.execute("SET LOCAL session_replication_role = origin")


def find_break(*, restored: bool = False) -> tuple[str, int]:
    """The first break that a whole check finds."""
    with pytest.raises(ChainBrokenError) as broken:
        chain_verification.verify(restored=restored)
    return broken.value.code, broken.value.event


def test_each_act_follows_the_one_before() -> None:
    ids = linked(2) + linked(1)
    links = list(AuditChainLink.objects.order_by("event_id"))
    assert [link.event_id for link in links] == ids
    digests = [chain.BEGINNING, *(bytes(link.digest) for link in links)]
    assert [bytes(link.previous) for link in links] == digests[:-1]
    assert chain.extend_chain() == 0


def test_many_acts_are_sealed_and_checked_a_few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BATCH_SIZE", 2)
    monkeypatch.setattr(chain_verification, "PAGE", 2)
    linked(5)
    result = chain_verification.verify()
    assert (result.cursor.links, result.heads, result.unlinked) == (5, 1, 0)


@pytest.mark.parametrize(
    "change",
    ["kind = 'junked'", "subject_id = 'x'", "created_at = created_at + interval '1 microsecond'",
     """detail = '{"reason": "khác"}'""", "detail = '{}'", "actor_id = NULL, subject_type = 'alert'"],
)  # fmt: skip
def test_an_act_that_was_changed_is_found(change: str) -> None:
    ids = linked()
    forge(f"UPDATE core_auditevent SET {change} WHERE id = %s", ids[2])  # noqa: S608
    assert find_break() == ("changed", ids[2])


def test_an_act_that_was_removed_is_found_also_with_its_link() -> None:
    ids = linked()
    forge("DELETE FROM core_auditevent WHERE id = %s", ids[1])
    assert find_break() == ("removed", ids[1])
    forge("DELETE FROM core_auditchainlink WHERE event_id = %s", ids[1])
    assert find_break() == ("unlinked", ids[2])


def remove(first: int, last: int) -> None:
    """Remove acts with their links, without a trace."""
    forge("DELETE FROM core_auditevent WHERE id BETWEEN %s AND %s", first, last)
    forge("DELETE FROM core_auditchainlink WHERE event_id BETWEEN %s AND %s", first, last)


def test_an_act_that_was_put_in_is_found() -> None:
    ids = linked()
    remove(ids[2], ids[2])
    forge(
        "INSERT INTO core_auditevent (id, created_at, subject_type, subject_id, kind, detail)"
        " VALUES (%s, now(), 'report', 'r', 'x', '{}')",
        ids[2],
    )
    assert find_break() == ("inserted", ids[2])


@pytest.mark.parametrize(
    ("table", "key", "kind"),
    [("core_auditevent", "id", "changed"), ("core_auditchainlink", "event_id", "unlinked")],
)
def test_acts_or_links_that_changed_places_are_found(table: str, key: str, kind: str) -> None:
    first, second = linked(2)
    for old, new in ((first, -1), (second, first), (-1, second)):
        forge(f"UPDATE {table} SET {key} = %s WHERE {key} = %s", new, old)  # noqa: S608
    assert find_break() == (kind, first)


def test_an_end_that_was_cut_off_is_found_by_the_file() -> None:
    ids = linked()
    remove(ids[3], ids[4])
    assert find_break() == ("cut", ids[4])


def test_a_record_that_was_written_anew_is_found_by_the_file() -> None:
    ids = linked()
    forge("UPDATE core_auditevent SET kind = 'junked' WHERE id = %s", ids[0])
    forge("DELETE FROM core_auditchainlink")
    chain.extend_chain()
    assert find_break() == ("rewritten", ids[4])


def test_links_without_any_file_are_found() -> None:
    ids = linked()
    chain.heads_path().unlink()
    assert find_break() == ("no_heads", ids[-1])


def test_a_salt_that_was_thrown_away_without_a_record_is_found() -> None:
    ids = linked()
    forge("UPDATE core_auditevent SET detail = '{}' WHERE id = %s", ids[0])
    forge("UPDATE core_auditchainlink SET salt = NULL WHERE event_id = %s", ids[0])
    assert find_break() == ("changed", ids[0])


def test_words_of_an_act_can_be_erased_on_record_and_the_chain_holds(lead: Person) -> None:
    ids = linked()
    events.redact_detail(ids[1], by=lead.user, reason="ghi nhầm tên")
    chain.extend_chain()
    assert chain_verification.verify().cursor.links == 6
    assert AuditEvent.objects.get(pk=ids[1]).detail == {}
    assert AuditChainLink.objects.get(pk=ids[1]).salt is None


def test_the_same_words_never_give_the_same_digest() -> None:
    for _ in range(2):
        events.log_event("report", "r", "noted", reason="0550 000 123")
    chain.extend_chain()
    first, second = AuditChainLink.objects.values_list("detail_digest", flat=True)
    assert bytes(first) != bytes(second)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE core_auditchainlink SET digest = previous", "DELETE FROM core_auditchainlink",
     "UPDATE core_auditchainlink SET salt = NULL",
     "UPDATE core_auditevent SET detail = '{}'", "DELETE FROM core_auditevent"],
)  # fmt: skip
def test_the_database_keeps_links_and_acts(statement: str) -> None:
    linked(1)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)


def test_a_second_link_never_follows_the_same_one() -> None:
    linked(2)
    with pytest.raises(IntegrityError, match="one_chain"), transaction.atomic():
        AuditChainLink.objects.create(
            event_id=10**9, salt=b"s", detail_digest=b"d", previous=chain.BEGINNING, digest=b"x"
        )


def test_after_a_restore_the_file_is_ahead_until_somebody_says_so() -> None:
    ids, later = linked(2), linked(3)
    remove(later[0], later[-1])
    assert find_break()[0] == "cut"
    assert chain_verification.verify(restored=True).cursor.event == ids[-1]
    chain.extend_chain()
    assert chain_verification.verify().unlinked == 0
    assert AuditEvent.objects.filter(kind="record_restored").exists()


def test_a_restore_excuses_no_change_and_said_for_nothing_it_writes_nothing() -> None:
    ids = linked(3)
    chain_verification.verify(restored=True)
    assert not AuditEvent.objects.filter(kind="record_restored").exists()
    assert not chain.newest_head().restored  # type: ignore[union-attr]
    forge("UPDATE core_auditevent SET kind = 'junked' WHERE id = %s", ids[0])
    assert find_break(restored=True) == ("changed", ids[0])


def test_a_line_that_was_cut_short_spoils_no_other() -> None:
    linked(1)
    with chain.heads_path().open("ab") as file:
        file.write(b'{"event": 12, "dig')
    linked(1)
    assert [head.event for head in chain.all_heads()] == list(
        AuditChainLink.objects.order_by("event_id").values_list("event_id", flat=True)
    )


def test_the_file_is_its_owners_alone_and_one_line_a_head() -> None:
    linked(1)
    chain.extend_chain()
    assert chain.heads_path().stat().st_mode & 0o777 == 0o600
    assert len(chain.heads_path().read_text().splitlines()) == 1


def test_a_file_that_could_not_be_written_is_made_good(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(chain, "heads_path", lambda: Path("/proc/nowhere"))
        acted(2)
        chain.extend_chain()
    assert chain.newest_head() is None
    chain.extend_chain()
    assert chain_verification.verify().heads == 1


def test_the_newest_lines_of_a_long_file_are_read_alone() -> None:
    for number in range(1, 2001):
        chain.append_head(number, bytes(32))
    assert [head.event for head in chain.recent_heads(3)] == [1998, 1999, 2000]


def one_who_commits_late() -> tuple[threading.Thread, threading.Event]:
    """A writer whose act is inserted, and whose transaction ends once it is told to go on."""
    inserted, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            events.log_event("report", "slow", "noted")
            inserted.set()
            go_on.wait(60)
        connection.close()

    writer = threading.Thread(target=slow)
    writer.start()
    inserted.wait(60)
    return writer, go_on


@pytest.mark.django_db(transaction=True)
def test_an_act_that_commits_late_is_waited_for() -> None:
    """Its id is smaller than that of an act which is there already."""
    writer, go_on = one_who_commits_late()
    events.log_event("report", "quick", "noted")
    threading.Timer(0.3, go_on.set).start()
    assert chain.extend_chain() == 2
    writer.join()
    assert chain_verification.verify().unlinked == 0


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sealed_over_one_who_writes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "TIMEOUT_SECONDS", 0.1)
    writer, go_on = one_who_commits_late()
    events.log_event("report", "quick", "noted")
    assert chain.extend_chain() == 0
    go_on.set()
    writer.join()
    assert chain.extend_chain() == 2


@pytest.mark.django_db(transaction=True)
def test_while_one_seals_a_second_leaves_it_alone() -> None:
    acted(1)
    is_locked, go_on = threading.Event(), threading.Event()

    def first() -> None:
        with transaction.atomic():
            database.lock_until_commit(chain.CHAIN_LOCK)
            is_locked.set()
            go_on.wait(60)
        connection.close()

    linker = threading.Thread(target=first)
    linker.start()
    is_locked.wait(60)
    assert chain.extend_chain() == 0
    go_on.set()
    linker.join()
    assert chain.extend_chain() == 1


def test_the_command_says_that_all_is_whole_or_names_the_first_break_and_ends_badly(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ids = linked(3)
    acted(1)
    call_command("verify_audit_log")
    output = capsys.readouterr().out
    assert "3 acts linked" in output
    assert "1 acts wait" in output
    forge("DELETE FROM core_auditevent WHERE id = %s", ids[1])
    with pytest.raises(CommandError, match=f"event {ids[1]}: the act was removed") as refused:
        call_command("verify_audit_log")
    assert refused.value.returncode == 1
    assert queue_stats.queue_state().broken


def test_a_break_is_an_alarm_until_all_is_verified() -> None:
    ids = linked(3)
    forge("UPDATE core_auditevent SET kind = 'junked' WHERE id = %s", ids[1])
    chain_verification.verify_next_batch()
    assert alarms.affected_counts(queue_stats.queue_state())[alarms.Kind.BROKEN] == 1
    forge("UPDATE core_auditevent SET kind = 'noted' WHERE id = %s", ids[1])
    chain_verification.verify_next_batch()
    assert queue_stats.queue_state().broken
    call_command("verify_audit_log")
    assert not queue_stats.queue_state().broken


def test_beat_checks_page_after_page_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_verification, "PAGE", 2)
    monkeypatch.setattr(chain_verification, "PAGES", 1)
    ids, reached = linked(3), []
    for _ in range(4):
        chain_verification.verify_next_batch()
        reached.append(AuditChainCheck.objects.get().last_checked_id)
    assert reached == [ids[1], ids[2], 0, ids[1]]


def test_beat_finds_a_cut_end() -> None:
    ids = linked(3)
    remove(ids[2], ids[2])
    chain_verification.verify_next_batch()
    assert AuditChainCheck.objects.get().break_kind == "cut"


def test_a_sealer_that_stands_still_is_an_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    acted(1)
    assert not queue_stats.queue_state().audit_chain_is_late
    monkeypatch.setattr(queue_stats, "MAX_UNLINKED_SECONDS", -1)
    assert alarms.affected_counts(queue_stats.queue_state())[alarms.Kind.UNLINKED] == 1
    chain.extend_chain()
    assert not queue_stats.queue_state().audit_chain_is_late


@pytest.mark.django_db(transaction=True)
def test_beat_sends_both_its_tasks_which_seal_and_check(settings: Settings) -> None:
    sent = [entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()]
    assert [sent.count(f"reports.{verb}_audit_chain") for verb in ("extend", "verify")] == [1, 1]
    acted(2)
    tasks.extend_audit_chain()
    tasks.verify_audit_chain()
    check = AuditChainCheck.objects.get()
    newest = AuditChainLink.objects.latest("event_id").event_id
    assert (check.break_kind, check.last_checked_id) == ("", newest)


def test_the_banner_tells_of_a_broken_record(duty: Person) -> None:
    ids = linked(1)
    chain_verification.store_break(ChainBrokenError("changed", ids[0]))
    assert "không khớp với bản đã khóa" in duty.client.get("/admin/").content.decode()
