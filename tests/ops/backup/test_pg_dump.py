"""What PostgreSQL says reaches the administrator without what a row holds."""

import pytest

from ops.backup import pg_dump
from ops.backup.archive import BackupError


@pytest.mark.parametrize(
    "said",
    [
        'relation "reports_report" already exists',
        'null value in column "story" of relation "reports_report" violates not-null constraint',
        'duplicate key value violates unique constraint "reports_report_pkey"',
        'connection to server at "127.0.0.1", port 1 failed: Connection refused',
        "canceling statement due to lock timeout",
    ],
)
def test_names_and_reasons_are_told(said: str) -> None:
    assert pg_dump.redact_error_detail(f"{said}\nDETAIL:  Key (story)=(Ông ta) exists.") == said


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            'invalid input syntax for type integer: "Ông ta"',
            "invalid input syntax for type integer: …",
        ),
        (
            'invalid input syntax for type json: "a "relation "b" c',
            "invalid input syntax for type json: …",
        ),
        ('value "0992000111" is out of range for type integer', "value …"),
        ('syntax error at or near "Ông"', "syntax error at or near …"),
        ("syntaxe invalide : « Ông ta »", "syntaxe invalide : …"),
    ],
)
def test_values_are_not(said: str, told: str) -> None:
    assert pg_dump.redact_error_detail(said) == told


@pytest.mark.django_db
def test_a_script_that_fails_on_a_value_does_not_tell_it() -> None:
    with pytest.raises(BackupError) as failed, pg_dump.run_psql() as script:
        script.write("SELECT 'Ông ta'::integer;".encode())
    assert str(failed.value) == "invalid input syntax for type integer: …"
