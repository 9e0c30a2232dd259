"""The list of breaks fits the code as it is; `make mutants` then runs them."""

import re
from pathlib import Path

import pytest

from bench import mutants

ALL = mutants.read_list()


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.name)
def test_each_break_fits_the_code_and_names_real_tests(mutant: mutants.Mutant) -> None:
    text = (mutants.ROOT / mutant.file).read_text()
    assert mutant.applied_to(text) != text
    for test in mutant.tests:
        file, *names = test.split("::")
        source = (mutants.ROOT / file).read_text()
        assert all(re.search(rf"def {name.split('[')[0]}\b", source) for name in names)


def test_no_break_is_listed_twice() -> None:
    assert len({(one.file, one.old, one.new) for one in ALL}) == len(ALL)


def test_a_break_that_no_longer_fits_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("a = 1\na = 1\n")
    mutant = mutants.Mutant("twice", "code.py", "a = 1", "a = 2", ("tests",))
    assert mutants.verdict(mutant, tmp_path).startswith("DOES NOT FIT")


@pytest.mark.parametrize(
    ("code", "word"), [(1, "killed"), (0, "SURVIVED"), (5, "ERROR"), (2, "ERROR")]
)
def test_only_a_failed_test_kills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, word: str
) -> None:
    file = tmp_path / "code.py"
    file.write_text("a = 1\n")
    monkeypatch.setattr(mutants, "run_tests", lambda *_: code)
    mutant = mutants.Mutant("one", "code.py", "a = 1", "a = 2", ("tests",))
    assert mutants.verdict(mutant, tmp_path).startswith(word)
    assert file.read_text() == "a = 1\n"
