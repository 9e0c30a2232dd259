"""What PostgreSQL says reaches the administrator without what a row holds."""

import pytest

from ops.backup import pg_dump
from ops.backup.archive import BackupError
from tests.support.data_files import read_cases


@pytest.mark.parametrize("said", read_cases("pg_errors.json", "names"))
def test_names_and_reasons_are_told(said: str) -> None:
    assert pg_dump.redact_error_detail(f"{said}\nDETAIL:  Key (story)=(Ông ta) exists.") == said


@pytest.mark.parametrize(("said", "told"), read_cases("pg_errors.json", "values"))
def test_values_are_not(said: str, told: str) -> None:
    assert pg_dump.redact_error_detail(said) == told


@pytest.mark.django_db
def test_a_script_that_fails_on_a_value_does_not_tell_it() -> None:
    with pytest.raises(BackupError) as failed, pg_dump.run_psql() as script:
        script.write("SELECT 'Ông ta'::integer;".encode())
    assert str(failed.value) == "invalid input syntax for type integer: …"
