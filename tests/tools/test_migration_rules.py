"""What a migration may do while the version before serves, and what PostgreSQL makes of it; that no released
migration is changed.
"""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.postgres.functions import RandomUUID
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import Error, connection, models
from django.db import migrations as m
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.functions import Now, Upper

from tools import migration_rules as rules

KEY = ("id", models.BigAutoField(primary_key=True))
# What the version before does, and the file in which its table lies.
INSERT = "INSERT INTO invented_call (number) VALUES ('0550 000 123')"
SELECT = "SELECT number, note, rings FROM invented_call"
FILE = "SELECT pg_relation_filenode(to_regclass('invented_call'))"
CHECK = models.CheckConstraint(condition=models.Q(rings__gt=0), name="rings")
INDEX = models.Index(fields=["number"], name="number")


def integer(**options: Any) -> models.IntegerField[Any, Any]:
    return models.IntegerField(**options)


def text(size: int, **options: Any) -> models.CharField[Any, Any]:
    return models.CharField(max_length=size, **options)


def add(field: models.Field[Any, Any]) -> Operation:
    return m.AddField("call", "ended", field)


def alter(name: str, field: models.Field[Any, Any]) -> Operation:
    return m.AlterField("call", name, field)


ALLOWED = {
    "may be empty": add(integer(null=True)),
    "a value for all": add(integer(db_default=7)),
    "the time of the migration": add(models.DateTimeField(db_default=Now())),
    "no index": add(models.ForeignKey("Call", models.CASCADE, null=True, db_index=False)),
    "a longer text": alter("number", text(40)),
    "a text of any length": alter("number", models.TextField()),
    "may be empty from now on": alter("number", text(20, null=True)),
    "other words about it": alter("rings", integer(verbose_name="rings", db_default=1)),
    "a new table": m.CreateModel("Answer", [KEY, ("text", models.TextField(db_index=True))]),
    "a rule for new rows": AddConstraintNotValid("call", CHECK),
    "taken out of the models alone": m.SeparateDatabaseAndState(
        [], [m.RemoveField("call", "note")]
    ),
}
UPPER = models.GeneratedField(
    expression=Upper("number"), output_field=models.TextField(), db_persist=True
)
REFUSED = {
    rules.NO_VALUE: [add(integer(default=7)), alter("rings", integer())],
    rules.VOLATILE: [add(models.UUIDField(db_default=RandomUUID())), add(UPPER)],
    rules.OTHER_TYPE: [
        alter("rings", models.BigIntegerField(db_default=1)),
        alter("number", text(10)),
        m.SeparateDatabaseAndState([alter("rings", models.TextField(db_default="1"))]),
    ],
    rules.EMPTY_ROWS: [alter("note", text(20))],
    rules.LOCKING_INDEX: [
        m.AddIndex("call", INDEX),
        add(integer(null=True, db_index=True)),
        alter("number", text(20, unique=True)),
    ],
    rules.SCANNED: [
        m.AddConstraint("call", CHECK),
        m.AlterUniqueTogether("call", {("number", "rings")}),
    ],
    rules.STILL_USED: [m.RemoveField("call", "note"), m.DeleteModel("Call")],
    rules.OTHER_NAME: [
        m.RenameField("call", "note", "remark"),
        m.RenameModel("Call", "Ring"),
        m.AlterModelTable("call", "ring"),
        alter("note", text(20, null=True, db_column="remark")),
    ],
    rules.ONE_TRANSACTION: [m.RunPython(m.RunPython.noop)],
}


def make_migration(*operations: Operation, atomic: bool = True) -> m.Migration:
    made = m.Migration("0003_new", "invented")
    made.operations, made.atomic = list(operations), atomic
    return made


def make_released_state() -> ProjectState:
    fields = [KEY, ("number", text(20)), ("note", text(20, null=True))]
    create = m.CreateModel("Call", [*fields, ("rings", integer(db_default=1))])
    return make_migration(create).mutate_state(ProjectState())


def find_problems(*operations: Operation, atomic: bool = True) -> list[str]:
    released, new = make_released_state(), make_migration(*operations, atomic=atomic)
    return list(rules.list_problems(new, released, set(released.models)))


@pytest.fixture
def released(db: None) -> ProjectState:
    """The table of a release, with a row."""
    state = make_released_state()
    with connection.schema_editor() as editor:
        editor.create_model(state.apps.get_model("invented", "Call"))
    with connection.cursor() as cursor:
        cursor.execute(INSERT)
    return state


def is_written_anew(released: ProjectState, operation: Operation) -> bool:
    """Migrate, and return whether the table lies in another file afterwards."""
    with connection.cursor() as cursor:
        cursor.execute(FILE)
        before = cursor.fetchone()
        with connection.schema_editor() as editor:
            make_migration(operation).apply(released, editor)
        cursor.execute(FILE)
        return cursor.fetchone() not in {before, (None,)}


@pytest.mark.parametrize("operation", ALLOWED.values(), ids=ALLOWED)
def test_what_is_let_through_leaves_the_table_in_its_place_and_the_older_version_its_rows(
    released: ProjectState, operation: Operation
) -> None:
    assert find_problems(operation) == []
    assert not is_written_anew(released, operation)
    with connection.cursor() as cursor:
        cursor.execute(INSERT)
        cursor.execute(SELECT)
        assert cursor.fetchall() == [("0550 000 123", None, 1)] * 2


@pytest.mark.parametrize(
    ("sentence", "operation"), [(sentence, each) for sentence in REFUSED for each in REFUSED[sentence]]
)  # fmt: skip
def test_what_is_refused_is_named_with_what_to_do_instead(
    sentence: str, operation: Operation
) -> None:
    (problem,) = find_problems(operation)
    assert problem.startswith("invented/0003_new: ")
    assert problem.endswith(f": {sentence}.")


@pytest.mark.parametrize("operation", [*REFUSED[rules.VOLATILE], *REFUSED[rules.OTHER_TYPE][:1]])
def test_what_is_said_to_write_the_table_anew_does(
    released: ProjectState, operation: Operation
) -> None:
    assert is_written_anew(released, operation)


@pytest.mark.parametrize(
    "operation", [*REFUSED[rules.NO_VALUE], *REFUSED[rules.STILL_USED], *REFUSED[rules.OTHER_NAME]]
)
def test_what_is_said_to_hinder_the_older_version_does(
    released: ProjectState, operation: Operation
) -> None:
    is_written_anew(released, operation)
    with connection.cursor() as cursor, pytest.raises(Error):
        cursor.execute(f"{INSERT}; {SELECT}")


def test_an_index_made_concurrently_and_rows_in_batches_are_let_through() -> None:
    steps = [AddIndexConcurrently("call", INDEX), m.RunPython(m.RunPython.noop)]
    assert find_problems(*steps, atomic=False) == []


def test_a_table_that_no_release_has_may_be_changed_at_will() -> None:
    assert find_problems(ALLOWED["a new table"], m.RemoveField("answer", "text")) == []


def test_our_own_migrations_keep_the_rules_and_do_so_beside_the_tables_of_the_first() -> None:
    assert rules.judge() == []
    first = {node for node in map(rules.get_node, rules.digest_migrations()) if "0001" in node[1]}
    assert rules.judge_new_migrations(first) == []


# --- the list of released migrations


@pytest.fixture
def initial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A migration that a release has, in the place of ours."""
    monkeypatch.setattr(rules, "ROOT", tmp_path)
    file = tmp_path / "reports/migrations/0001_initial.py"
    for path in (file, tmp_path / rules.RELEASED):
        path.parent.mkdir(parents=True)
    file.write_text("operations = []\n")
    rules.write_released(rules.digest_migrations())
    assert rules.judge(is_release=True) == []
    return file


@pytest.mark.parametrize("change", [Path.unlink, lambda file: file.write_text("operations = [1]")])
def test_a_released_migration_is_never_changed(initial: Path, change: Any) -> None:
    change(initial)
    (problem,) = rules.judge()
    assert problem.startswith("reports/migrations/0001_initial.py: a release has it")
    assert "write a new one" in problem


def test_a_release_has_every_migration_in_its_list(initial: Path) -> None:
    initial.with_name("0002_guards.py").write_text("operations = []\n")
    assert rules.judge() == []
    (problem,) = rules.judge(is_release=True)
    assert problem.startswith("reports/migrations/0002_guards.py: no release has it yet")
