"""What a migration may do while the version before still serves; which migrations a release has.

    python -m tools.migration_rules             judge those that no release has; exit status 1 when a rule is broken
    python -m tools.migration_rules --release   and fail when the list of released ones lacks one
    python -m tools.migration_rules --freeze    write that list, once a release (docs/releases.md)

Every table of a release counts as large. What SQL of ours does to them is judged by `make upgrade-test`.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import django
from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    AlterModelTable,
    AlterUniqueTogether,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
    RunPython,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import GeneratedField, ManyToManyField, Value
from django.db.models.functions import Now

from tools.source import ROOMS, ROOT

RELEASED = Path("tools/data/released_migrations.sha256")  # as sha256sum writes and checks it
STILL_USED = (
    "the version before still uses it. Take it out of the models alone (SeparateDatabaseAndState, state_operations), let"
    " its column be empty or have a db_default, and drop it by RunSQL in the version after"
)
OTHER_NAME = "the version before knows only the old name. Keep the name in the database (db_column, db_table)"
OTHER_TYPE = (
    "it writes the table anew, and the version before knows the old type. Add a field beside it, write both, fill the old"
    " rows in batches, and take the old one out a version later"
)
LOCKING_INDEX = "nobody can write while the index is made. Use AddIndexConcurrently in a migration of its own with atomic = False"
SCANNED = (
    "nobody can read or write while the rows are checked. Use AddConstraintNotValid, and ValidateConstraint in a migration"
    " of its own; for a unique one make its index CONCURRENTLY first"
)
NO_VALUE = "the version before writes rows without it. Give it null=True or a db_default"
VOLATILE = "it writes the table anew: each row has a value of its own. Add it with null=True and fill the old rows in batches"
EMPTY_ROWS = (
    "the version before writes rows without a value. Give it a db_default now and fill the old rows; NOT NULL comes a"
    " version later"
)
ONE_TRANSACTION = "it holds the rows that it writes to its end. Set atomic = False, and write them in batches, each in a transaction"
FROZEN = "a release has it, and databases have run it as it was. Put it back as it was, and write a new one"
UNRELEASED = (
    "no release has it yet: python -m tools.migration_rules --freeze, and commit what it writes"
)
_VARCHAR = re.compile(r"varchar\((\d+)\)")
Node = tuple[str, str]


@dataclass(frozen=True)
class Step:
    """One operation on the database, and the models before and after it."""

    operation: Operation
    migration: Migration
    before: ProjectState
    after: ProjectState

    @property
    def model(self) -> Node:
        """Return the model that it changes; of SQL and Python none."""
        named = getattr(self.operation, "model_name", getattr(self.operation, "name", ""))
        return self.migration.app_label, str(named or "").lower()

    def get_field(self, state: ProjectState) -> Any:
        """Return the field that it alters, as it is in these models."""
        assert isinstance(self.operation, AlterField)
        return state.apps.get_model(*self.model)._meta.get_field(self.operation.name)  # noqa: SLF001


def judge_added_field(step: Step) -> str:
    assert isinstance(step.operation, AddField)
    field = step.operation.field
    if isinstance(field, ManyToManyField):
        return ""
    if isinstance(field, GeneratedField):
        return VOLATILE
    if _is_indexed(field):
        return LOCKING_INDEX
    if field.has_db_default():
        is_constant = not hasattr(field.db_default, "resolve_expression")
        return "" if is_constant or isinstance(field.db_default, Value | Now) else VOLATILE
    return "" if field.null else NO_VALUE


def judge_altered_field(step: Step) -> str:
    old, new = step.get_field(step.before), step.get_field(step.after)
    if old.column != new.column:
        return OTHER_NAME
    if not _holds_all_of(new.db_type(connection) or "", old.db_type(connection) or ""):
        return OTHER_TYPE
    if old.null and not new.null:
        return EMPTY_ROWS
    if old.has_db_default() and not (new.has_db_default() or new.null):
        return NO_VALUE
    return LOCKING_INDEX if _is_indexed(new) and not _is_indexed(old) else ""


def judge_python(step: Step) -> str:
    assert isinstance(step.operation, RunPython)
    own = step.operation.atomic
    is_atomic = step.migration.atomic if own is None else own
    return ONE_TRANSACTION if is_atomic else ""


def _is_indexed(field: Any) -> bool:
    return bool(field.unique or field.db_index)


def _holds_all_of(new: str, old: str) -> bool:
    """Return whether PostgreSQL takes the new type for the old one without a look at the rows."""
    old_size, new_size = _VARCHAR.fullmatch(old), _VARCHAR.fullmatch(new)
    is_longer = old_size and new_size and int(old_size[1]) <= int(new_size[1])
    return new == old or bool(is_longer or (old_size and new == "text"))


# By the very class: AddIndexConcurrently and AddConstraintNotValid are none of these.
RULES: dict[type[Operation], Callable[[Step], str]] = {
    AddField: judge_added_field,
    AlterField: judge_altered_field,
    RunPython: judge_python,
    AddIndex: lambda _: LOCKING_INDEX,
    AddConstraint: lambda _: SCANNED,
    AlterUniqueTogether: lambda _: SCANNED,
    RemoveField: lambda _: STILL_USED,
    DeleteModel: lambda _: STILL_USED,
    RenameField: lambda _: OTHER_NAME,
    RenameModel: lambda _: OTHER_NAME,
    AlterModelTable: lambda _: OTHER_NAME,
}


def list_problems(
    migration: Migration, state: ProjectState, old_models: set[Node]
) -> Iterator[str]:
    """Yield what a migration does that no release may; tables of `old_models` are in use meanwhile."""
    for step in _list_steps(migration, state):
        operation, rule = step.operation, RULES.get(type(step.operation))
        is_in_use = step.model in old_models or isinstance(operation, RunPython)
        if problem := rule(step) if rule and is_in_use else "":
            yield f"{migration.app_label}/{migration.name}: {operation.describe()}: {problem}."


def _list_steps(migration: Migration, state: ProjectState) -> Iterator[Step]:
    for operation in migration.operations:
        within = state
        for each in _list_database_operations(operation):
            before, within = within, within.clone()
            each.state_forwards(migration.app_label, within)
            yield Step(each, migration, before, within)
        state = state.clone()
        operation.state_forwards(migration.app_label, state)


def _list_database_operations(operation: Operation) -> list[Operation]:
    if not isinstance(operation, SeparateDatabaseAndState):
        return [operation]
    return [
        each for part in operation.database_operations for each in _list_database_operations(part)
    ]


def judge_new_migrations(released: set[Node]) -> list[str]:
    """Return what migrations of ours do that no release has."""
    loader = MigrationLoader(None)
    old_models = set(loader.project_state(sorted(released)).models) if released else set()
    return [
        problem
        for node in sorted(loader.graph.nodes.keys() - released)
        if node[0] in ROOMS
        for problem in list_problems(
            loader.get_migration(*node), loader.project_state(node, at_end=False), old_models
        )
    ]


def digest_migrations() -> dict[str, str]:
    """Return the SHA-256 of every migration of ours by its path."""
    paths = sorted(ROOT.glob("*/migrations/[0-9]*.py"))
    return {str(path.relative_to(ROOT)): sha256(path.read_bytes()).hexdigest() for path in paths}


def read_released() -> dict[str, str]:
    """Return the list of released migrations as digest_migrations does; before 1.0.0 it is empty."""
    file = ROOT / RELEASED
    lines = file.read_text().splitlines() if file.exists() else []
    return {path: digest for digest, _, path in (line.partition("  ") for line in lines)}


def write_released(digests: dict[str, str]) -> None:
    lines = (f"{digest}  {path}\n" for path, digest in digests.items())
    (ROOT / RELEASED).write_text("".join(lines))


def get_node(path: str) -> Node:
    """Return app and name of a migration, as Django calls it."""
    app, _, name = path.removesuffix(".py").split("/")
    return app, name


def judge(*, is_release: bool = False) -> list[str]:
    """Return what is wrong with the migrations, each as a sentence."""
    released, here = read_released(), digest_migrations()
    changed = [path for path, digest in released.items() if here.get(path) != digest]
    if changed:
        return [f"{path}: {FROZEN}." for path in changed]
    missing = [path for path in here if is_release and path not in released]
    return [
        *judge_new_migrations(set(map(get_node, released))),
        *(f"{path}: {UNRELEASED}." for path in missing),
    ]


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    if "--freeze" in sys.argv:
        write_released(digest_migrations())
    problems = judge(is_release="--release" in sys.argv)
    print(*problems, sep="\n", end="\n" if problems else "")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
