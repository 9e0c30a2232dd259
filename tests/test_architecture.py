"""The house plan, read from the code itself: who may import whom, and what is done nowhere or in
one place alone. Files are parsed, not run, so that imports inside functions count too.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("portal", "alerts", "reports")
BELOW = {"portal": {"alerts", "reports"}, "alerts": {"reports"}, "reports": set[str]()}
# What the warnings may know of the reports: three tables and the mechanisms.
FOR_ALERTS = {
    "reports.models.Campaign",
    "reports.models.Commune",
    "reports.models.Office",
    "core.outbox.queue",
    "core.audit.events",
    "reports.extraction.redaction",
    "core.rate_limits",
    "core.same_origin",
    "core.personal_data_inventory",
    "core.keys",
    "core.text",
    "reports.public.inline_css",
    "reports.campaigns.public_summary",
    "core.readonly_admin",
}
# The rooms of reports/, and which of them each opens: some of those that stand above it here. Models and
# what stands at the top of reports/ are the hall, into which every room opens.
REPORTS: dict[str, set[str]] = {
    "words": set(),
    "facts": {"words"},
    "public": {"words", "facts"},
    "waves": {"words", "facts", "public"},
    "attachments": set(),
    "officers": {"public"},
    "residents": {"words", "facts", "public", "attachments", "officers"},
    "keeping": {"public", "attachments", "residents", "officers"},
    "desk": {"words", "facts", "public", "waves", "residents", "officers", "keeping"},
}
# What shows the rooms to people, and is known to none of them.
FRONTS = ("admin", "views", "templatetags", "management")
HALL = {
    "apps", "backoff", "campaigns", "clocks", "database", "events", "files", "folding", "forms", "intake",
    "limits", "lookup", "offices", "outbox", "personal", "phones", "places", "prepared", "privacy",
    "reading", "receipts", "relay", "routing", "signing", "stats", "tasks", "triage", "urls", "urls_api",
    "workflow",
}  # fmt: skip
PURE = (
    "phones", "reading", "folding", "campaigns", "facts.demands", "facts.marks", "public.charts",
    "public.hiding", "public.independence", "waves.traces", "waves.script_words", "waves.scripts",
    "waves.ties", "officers.working_days",
)  # fmt: skip
LOOK_UPS = {"get_model", "import_module", "import_string", "__import__"}
SAVE_SIGNALS = {"pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed"}
SENDS = {"send_task", "apply_async", "delay", "delay_on_commit"}
PAGES = sorted((ROOT / "templates").rglob("*.html"))


def files_of(*rooms: str) -> list[Path]:
    found = [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


CODE = files_of(*ROOMS)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree_of(path)))


def imported(path: Path) -> Iterator[str]:
    """Dotted names of everything that a file brings in, in whatever way and wherever."""
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and last_name(node.func) in LOOK_UPS:
            yield looked_up(node)


def looked_up(call: ast.Call) -> str:
    """`apps.get_model("reports", "Report")` brings in reports.models.Report."""
    words = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    texts = [word for word in words if isinstance(word, str)]
    if last_name(call.func) == "get_model" and texts:
        app, _, model = ".".join(texts).partition(".")
        return f"{app}.models.{model}"
    return texts[0] if texts else ""


def last_name(node: ast.AST) -> str:
    """`a.b.c` and `c` are both c."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def called(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in nodes_of(path):
        if isinstance(node, ast.Call):
            yield last_name(node.func), node


def room_of(name: str) -> str:
    return name.partition(".")[0]


def is_allowed(name: str, allowed: Iterable[str]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in allowed)


def test_there_is_code_to_read() -> None:
    assert len(CODE) > 40
    assert {room_of(name) for path in CODE for name in imported(path)} >= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_imports_go_one_way(room: str) -> None:
    ours = {room, *BELOW[room]}
    wrong = [
        (name_of(path), name)
        for path in files_of(room)
        for name in imported(path)
        if room_of(name) in ROOMS and room_of(name) not in ours
    ]
    assert wrong == []


def test_the_warnings_know_little_of_the_reports() -> None:
    wrong = [
        (name_of(path), name)
        for path in files_of("alerts")
        for name in imported(path)
        if room_of(name) == "reports" and not is_allowed(name, FOR_ALERTS)
    ]
    assert wrong == []


def file_of(name: str) -> Path:
    """Where a module of that dotted name stands, if it is one."""
    return ROOT.joinpath(*name.split(".")).with_suffix(".py")


@pytest.mark.parametrize("room", REPORTS)
def test_the_rooms_of_reports_open_one_way(room: str) -> None:
    above = [*REPORTS][: [*REPORTS].index(room)]
    assert REPORTS[room] <= set(above)
    wrong = [
        (name_of(path), name)
        for path in files_of(f"reports/{room}")
        for name in imported(path)
        for other in [name.removeprefix("reports.").partition(".")[0]]
        if room_of(name) == "reports" and other in {*REPORTS, *FRONTS} - REPORTS[room] - {room}
    ]
    assert wrong == []


def test_every_module_of_reports_has_a_room() -> None:
    """A new one goes into a room; the hall is for what all rooms stand on, and grows seldom."""
    modules = {path.stem for path in (ROOT / "reports").glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in (ROOT / "reports").glob("*/__init__.py")}
    assert modules == HALL
    assert packages == {*REPORTS, *FRONTS, "models", "migrations"}


@pytest.mark.parametrize("room", REPORTS)
def test_a_room_says_what_belongs_there_and_nothing_else(room: str) -> None:
    (only,) = tree_of(ROOT / "reports" / room / "__init__.py").body
    assert isinstance(only, ast.Expr)
    assert isinstance(only.value, ast.Constant)


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_no_modules_go_in_a_circle() -> None:
    """One that is opened late, by an import inside a function, is a circle all the same."""
    modules = {dotted(path) for path in CODE}
    imports = {
        dotted(path): {
            name if name in modules else name.rpartition(".")[0] for name in imported(path)
        }
        for path in CODE
    }
    TopologicalSorter(imports).prepare()


def test_imports_are_absolute() -> None:
    wrong = [
        name_of(path)
        for path in CODE
        for node in nodes_of(path)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "file",
    [*files_of("reports/words"), *(file_of(f"reports.{name}") for name in PURE)],
    ids=name_of,
)
def test_readers_know_no_django(file: Path) -> None:
    """Nor anything of ours that knows it: the command-line doors start without a database."""
    todo, seen = [file], set[Path]()
    while todo:
        path = todo.pop()
        seen.add(path)
        names = set(imported(path))
        assert not [name for name in names if room_of(name) in {"django", "celery", "portal"}]
        ours = {name for name in names if room_of(name) == "reports"}
        # A name may be a module, or something in one.
        files = {file_of(each) for name in ours for each in (name, name.rpartition(".")[0])}
        todo += [each for each in files - seen if each.exists()]


def test_nothing_is_declared_safe() -> None:
    wrong = [
        name_of(path)
        for path in CODE
        for name in [*imported(path), *(name for name, _ in called(path))]
        if name.rpartition(".")[2] == "mark_safe"
    ]
    made = [name_of(path) for path in CODE for name, _ in called(path) if name == "SafeString"]
    assert wrong == []
    # A data block of JSON, whose signs of HTML are escaped as JSON has it.
    assert made == ["alerts/formats/schema_org.py"]


def test_no_template_turns_escaping_off() -> None:
    off = re.compile(r"\|\s*safe\b|autoescape\s+off|\|\s*safeseq")
    assert [name_of(path) for path in PAGES if off.search(path.read_text())] == []


def test_no_part_of_a_page_hides_a_name_of_another_part() -> None:
    """A page of the desk is put together of many classes. What Django names several may answer, each
    with the next behind it; what we name one part of a page has, and nothing private of Django's.
    """
    wrong = [
        (type(page).__name__, name)
        for page in admin.site._registry.values()
        for name, parts in _named_in(type(page)).items()
        if (parts > 1 and not hasattr(ModelAdmin, name))
        or (name.startswith("_") and hasattr(ModelAdmin, name))
    ]
    assert wrong == []


def _named_in(page: type) -> Counter[str]:
    """Each name that our classes of a page give, and how many of them do."""
    parts = [part for part in page.__mro__ if room_of(part.__module__) in ROOMS]
    return Counter(name for part in parts for name in vars(part) if not name.startswith("__"))


def test_a_name_that_two_parts_of_a_page_have_is_noticed() -> None:
    class Part:
        def _keys(self) -> None: ...

    Part.__module__ = "reports.admin.part"
    page = type("Page", (Part,), {"_keys": None, "__module__": "desk.reports.detail"})
    assert _named_in(page) == {"_keys": 2}


def test_there_is_no_drawer_for_everything() -> None:
    drawers = {"utils", "helpers", "common", "misc", "util"}
    assert [name_of(path) for path in CODE if drawers & {path.stem, path.parent.name}] == []


def test_nothing_listens_to_save_or_delete() -> None:
    wrong = [
        name_of(path)
        for path in CODE
        for name in imported(path)
        if name.rpartition(".")[2] in SAVE_SIGNALS
    ]
    assert wrong == []


def test_no_save_of_our_own() -> None:
    """Models neither talk nor decide when they are saved. A ModelAdmin's save_model is the
    desk's affair.
    """
    wrong = [
        (name_of(path), node.name)
        for path in CODE
        if "models" in str(path)
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef) and node.name in {"save", "delete"}
    ]
    assert wrong == []


def test_a_task_opens_a_door_and_nothing_else() -> None:
    tasks = [
        (name_of(path), node)
        for path in CODE
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef) and any(map(is_task, node.decorator_list))
    ]
    assert tasks
    assert [where for where, node in tasks if lines_of(node) > 5] == []


def is_task(decorator: ast.expr) -> bool:
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    return last_name(call) in {"shared_task", "task"}


def lines_of(function: ast.FunctionDef) -> int:
    """Lines of the body, without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def only_in(where: str, found: Iterable[str]) -> None:
    assert set(found) == {where}


def test_the_relay_alone_sends_to_celery() -> None:
    senders = [name_of(path) for path in CODE for name, _ in called(path) if name in SENDS]
    only_in("core/outbox/relay.py", senders)


def test_the_outbox_alone_notifies() -> None:
    notifies = [name_of(path) for path in CODE if re.search(r"pg_notify|\bNOTIFY ", code_of(path))]
    only_in("core/outbox/queue.py", notifies)


def code_of(path: Path) -> str:
    """The strings of a file that are no docstring, one a line."""
    docstrings = {
        id(node.body[0].value)
        for node in nodes_of(path)
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return "\n".join(
        node.value
        for node in nodes_of(path)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    )


def test_publishing_alone_freezes_a_revision() -> None:
    created = [
        name_of(path)
        for path in CODE
        for name, call in called(path)
        if name == "AlertRevision"
        or (name.endswith("create") and "AlertRevision.objects" in ast.unparse(call.func))
    ]
    only_in("alerts/publishing.py", created)


def test_no_public_page_asks_for_an_alert_past_the_door() -> None:
    wrong = [
        (name_of(path), ast.unparse(call))
        for path in files_of("alerts")
        if path.stem in {"views", "answers", "pages", "feeds", "frames"}
        for _, call in called(path)
        if re.match(r"Alert\.objects\.(get|filter|all)\(", ast.unparse(call))
    ]
    assert wrong == []


def test_decisions_are_written_by_the_workflow_alone() -> None:
    """Besides the trigger that opens a case, and the hand of the workflow that keeps its time."""
    writes = re.compile(r"Case\.objects\b.*\.(create|update|bulk_create|bulk_update|delete)\(")
    wrong = [
        name_of(path)
        for path in CODE
        for _, call in called(path)
        if writes.match(ast.unparse(call))
        and name_of(path) != "reports/cases/workflow.py"
        and (name_of(path), [each.arg for each in call.keywords])
        != ("reports/cases/deadlines.py", ["due_at"])
    ]
    assert wrong == []


def test_clocks_are_written_by_their_keeper_alone() -> None:
    writes = re.compile(r"(Clock\.objects\b.*\.(create|bulk_create|update|delete)|Clock)\(")
    writers = [
        name_of(path)
        for path in CODE
        for _, call in called(path)
        if writes.match(ast.unparse(call))
    ]
    only_in("reports/cases/deadlines.py", writers)


def test_events_are_recorded_in_one_place() -> None:
    creators = [
        name_of(path)
        for path in CODE
        for _, call in called(path)
        if ast.unparse(call.func).startswith(("Event.objects.create", "Event.objects.bulk_create"))
    ]
    only_in("core/audit/events.py", creators)


def test_refusals_are_recorded_in_one_place() -> None:
    """A view only raises PermissionDenied: written twice, one try would count as two. Of many
    reports at once some may be refused though the answer is none.
    """
    found = {name_of(path) for path in CODE for _, call in called(path) if _records_refusal(call)}
    assert found == {
        "portal/denied_access_audit.py",
        "desk/reports/bulk_actions.py",
        "reports/cases/bulk.py",
    }


def _records_refusal(call: ast.Call) -> bool:
    given = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    return last_name(call.func) == "record" and "refused" in given


def test_facts_are_written_by_triage_and_emptied_by_erasing_alone() -> None:
    calls = re.compile(r"(Facts|Indicator)\.objects\b.*\.?(create|update|bulk_create|delete)\(")
    writers = [
        name_of(path) for path in CODE for _, call in called(path) if calls.match(ast.unparse(call))
    ]
    found = {*writers, *writers_of("facts"), *writers_of("indicator")}
    assert found == {"reports/triage/service.py", "reports/retention/erasure.py"}


def writers_of(table: str) -> list[str]:
    """The files whose SQL writes into a table of the reports."""
    writes = re.compile(rf"(INSERT INTO|UPDATE|DELETE FROM) reports_{table}\b")
    return [name_of(path) for path in CODE if writes.search(code_of(path))]


def test_the_chain_of_acts_is_written_by_its_sealer_alone() -> None:
    made = [name_of(path) for path in CODE for name, _ in called(path) if name == "EventSeal"]
    only_in("core/audit/chain.py", [*made, *writers_of("eventseal")])


@pytest.mark.parametrize(
    ("table", "writer"),
    [("report", "reports/submission/intake.py"), ("receipt", "reports/submission/intake.py")],
)
def test_sql_that_writes_evidence_stands_in_intake(table: str, writer: str) -> None:
    only_in(writer, writers_of(table))


@pytest.mark.parametrize(
    ("model", "writers"),
    [
        # Triage reads additions into objects that are never saved.
        ("Addition", {"reports/tracking/followups.py", "reports/triage/service.py"}),
        ("Message", {"reports/tracking/followups.py", "reports/cases/workflow.py"}),
    ],
)
def test_what_is_said_later_is_written_in_one_place(model: str, writers: set[str]) -> None:
    """A message of the reporter by intake's second door, one of the desk by the workflow."""
    made = re.compile(rf"{model}(\.objects\b.*create)?\(")
    found = {
        name_of(path)
        for path in CODE
        if f"reports.models.{model}" in imported(path)
        for _, call in called(path)
        if made.match(ast.unparse(call))
    }
    assert found == writers


@pytest.mark.parametrize("table", ["case", "event"])
def test_no_sql_of_ours_writes_decisions(table: str) -> None:
    assert writers_of(table) == []


def test_one_place_reads_who_forwarded() -> None:
    """It counts trusted proxies from the right; a second place would trust the visitor."""
    forwarded = re.compile(r"(?i)x[-_]forwarded[-_]for")
    only_in("core/client_ip.py", [name_of(p) for p in CODE if forwarded.search(code_of(p))])


def test_no_setting_is_read_while_importing() -> None:
    wrong = [
        name_of(path)
        for path in CODE
        # Addresses are settings too: the desk's path stands in the URL configuration.
        if name_of(path) not in {"portal/settings.py", "portal/celery.py", "portal/urls.py"}
        for statement in tree_of(path).body
        for node in reached_by_import(statement)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "settings"
    ]
    assert wrong == []


def reached_by_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when the module is imported: not the bodies of functions."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from reached_by_import(child)


def test_nobody_swallows_everything() -> None:
    wrong = [
        (name_of(path), node.lineno)
        for path in CODE
        for node in nodes_of(path)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or last_name(node.type) in {"Exception", "BaseException"})
    ]
    assert wrong == []


def test_every_function_says_its_types() -> None:
    wrong = [
        (name_of(path), node.name)
        for path in CODE
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is None
    ]
    assert wrong == []


@pytest.mark.parametrize("model", ["CampaignAct", "CampaignMove", "KeptApart"])
def test_what_people_do_with_campaigns_is_written_in_one_place(model: str) -> None:
    """By the acts, and by the rows that are part of them."""
    writes = re.compile(rf"{model}\.objects\b.*\.?(create|update|bulk_create|delete)\(")
    tables = writers_of(model.lower())
    found = {
        name_of(path)
        for path in CODE
        for _, call in called(path)
        if writes.match(ast.unparse(call))
    }
    assert {*found, *tables} <= {
        "reports/campaigns/manual_grouping.py",
        "reports/campaigns/membership.py",
    }
    assert {*found, *tables}
