"""Who writes which table, who sends to Celery: each in one place alone."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest
from django.db.models import Model

from alerts.models import Alert, AlertRevision
from core.models import AuditChainLink, AuditEvent
from reports.models import (
    CampaignAction,
    CampaignExclusion,
    CampaignMembershipChange,
    Case,
    Deadline,
    ExtractedFacts,
    Followup,
    Indicator,
    Message,
    Receipt,
    Report,
)
from tools.house import load_rooms
from tools.source import Module, get_last_name

SENDS = {"send_task", "apply_async", "delay", "delay_on_commit"}
WRITES = r"(create|update|bulk_create|bulk_update|delete|get_or_create|update_or_create)"


@cache
def get_strings(module: Module) -> str:
    """Return the strings of a file that are no docstring, one a line."""
    docstrings = {
        id(node.body[0].value)
        for node in module.nodes
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return "\n".join(
        node.value
        for node in module.nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    )


@cache
def list_calls(module: Module) -> tuple[tuple[str, ast.Call], ...]:
    return tuple((ast.unparse(call), call) for _, call in module.calls)


def list_callers(pattern: str) -> Iterator[tuple[Module, ast.Call]]:
    """Yield the calls whose text begins like the pattern."""
    begins = re.compile(pattern)
    for module in load_rooms():
        yield from ((module, call) for text, call in list_calls(module) if begins.match(text))


def find_writers(model: type[Model]) -> set[str]:
    """Return the files that write rows of a model, through its manager or by SQL."""
    calls = rf"{model.__name__}\.objects\b.*\.?{WRITES}\("
    return {*(str(module) for module, _ in list_callers(calls)), *find_sql_writers(model)}


def find_makers(model: type[Model]) -> set[str]:
    """Return the files that make an object of a model, or write rows of it."""
    made = {str(module) for module, _ in list_callers(rf"{model.__name__}\(")}
    return made | find_writers(model)


def find_sql_writers(model: type[Model]) -> set[str]:
    """Return the files whose SQL writes into the table of a model."""
    writes = re.compile(rf"(INSERT INTO|UPDATE|DELETE FROM) {model._meta.db_table}\b")
    return find_strings(writes)


def find_strings(pattern: re.Pattern[str]) -> set[str]:
    return {str(module) for module in load_rooms() if pattern.search(get_strings(module))}


def test_the_relay_alone_sends_to_celery() -> None:
    senders = {str(module) for module in load_rooms() for name, _ in module.calls if name in SENDS}
    assert senders == {"core/outbox/broker.py"}


def test_the_outbox_alone_notifies() -> None:
    assert find_strings(re.compile(r"pg_notify|\bNOTIFY ")) == {"core/outbox/queue.py"}


def test_a_log_event_says_what_failed() -> None:
    """`report.save_failed`, never `report.not_saved`."""
    assert find_strings(re.compile(r"^[a-z_]+\.([a-z]+_)*not_[a-z_]+$", re.MULTILINE)) == set()


def test_core_names_no_table_of_another_room() -> None:
    files = find_strings(re.compile(r"\b(accounts|alerts|desk|reports)_[a-z]+"))
    assert [file for file in files if file.startswith("core/")] == []
    assert "reports/submission/flood_detection.py" in files


@pytest.mark.parametrize(
    ("model", "maker"),
    [
        (AlertRevision, "alerts/publishing.py"),
        (AuditEvent, "core/audit/events.py"),
        (Deadline, "reports/cases/deadlines.py"),
    ],
)
def test_revisions_events_and_deadlines_have_one_writer_each(
    model: type[Model], maker: str
) -> None:
    assert find_makers(model) == {maker}


def test_no_public_page_asks_for_an_alert_past_the_door() -> None:
    past = rf"({Alert.__name__}|{AlertRevision.__name__})\.objects\.(get|filter|all)\("
    public = re.compile(r"alerts/(views/|formats/|static_pages/|responses)")
    assert [str(module) for module, _ in list_callers(past) if public.match(str(module))] == []


def test_decisions_are_written_by_the_workflow_alone() -> None:
    """Besides the trigger that opens a case, and the deadlines, which keep its time."""
    writes = rf"{Case.__name__}\.objects\b.*\.{WRITES}\("
    writers = {
        (str(module), *(each.arg for each in call.keywords))
        for module, call in list_callers(writes)
    }
    deciding = {"reports/cases/workflow.py", "reports/cases/corrections.py"}
    others = {each for each in writers if each[0] not in deciding}
    assert others == {
        ("reports/cases/deadlines.py", "due_at"),
        ("reports/cases/checklists.py", "checks_json"),
    }
    assert writers - others


def test_the_chain_of_acts_is_written_by_its_sealer_alone() -> None:
    """But for the salt of a link, which the log takes away when words of an act are erased."""
    assert find_makers(AuditChainLink) == {"core/audit/chain.py", "core/audit/events.py"}
    (erasing,) = (
        call for module, call in list_callers(rf"{AuditChainLink.__name__}\.objects\b.*update\(")
    )
    assert [each.arg for each in erasing.keywords] == ["salt"]


def test_refusals_are_recorded_in_one_place() -> None:
    """A view only raises PermissionDenied: written twice, one try would count as two. Of many
    reports at once some may be refused though the answer is none.
    """
    writers = {
        str(module)
        for module in load_rooms()
        for _, call in module.calls
        if get_last_name(call.func) == "log_event"
        and "refused" in [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    }
    assert writers == {
        "portal/middleware.py", "desk/reports/bulk_actions.py", "reports/cases/bulk.py",
    }  # fmt: skip


@pytest.mark.parametrize("model", [ExtractedFacts, Indicator])
def test_facts_are_written_by_triage_and_emptied_by_erasing_alone(model: type[Model]) -> None:
    assert find_writers(model) == {"reports/triage/fact_storage.py", "reports/retention/erasure.py"}


@pytest.mark.parametrize(
    ("model", "writer"),
    [
        (CampaignAction, "reports/campaigns/manual_grouping.py"),
        (CampaignMembershipChange, "reports/campaigns/membership.py"),
        (CampaignExclusion, "reports/campaigns/membership.py"),
    ],
)
def test_what_people_do_with_campaigns_is_written_in_one_place(
    model: type[Model], writer: str
) -> None:
    assert find_writers(model) == {writer}


INTAKE = "reports/submission/intake.py"


@pytest.mark.parametrize(
    ("model", "writers"),
    [(Report, {INTAKE}), (Receipt, {INTAKE}), (Case, set()), (AuditEvent, set())],
)
def test_sql_that_writes_evidence_stands_in_intake_and_none_writes_decisions(
    model: type[Model], writers: set[str]
) -> None:
    assert find_sql_writers(model) == writers


@pytest.mark.parametrize(
    ("model", "writers"),
    [
        # Triage reads later words into objects that are never saved.
        (Followup, {"reports/tracking/followups.py", "reports/triage/fact_storage.py"}),
        (Message, {"reports/tracking/followups.py", "reports/cases/workflow.py"}),
    ],
)
def test_what_is_added_later_is_written_in_one_place(model: type[Model], writers: set[str]) -> None:
    """A message of the reporter by the residents' side, one of the desk by the workflow."""
    made = rf"{model.__name__}(\.objects\b.*create)?\("
    makers = {
        str(module)
        for module, _ in list_callers(made)
        if f"{model.__module__.rpartition('.')[0]}.{model.__name__}" in module.imported_names
    }
    assert makers == writers


def test_one_place_reads_who_forwarded() -> None:
    """It counts trusted proxies from the right; a second place would trust the visitor."""
    assert find_strings(re.compile(r"(?i)x[-_]forwarded[-_]for")) == {"core/client_ip.py"}
