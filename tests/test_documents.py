"""The documents hold what they promise: decision records of one form."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
ADRS = sorted((DOCS / "adr").glob("[0-9]*.md"))
HEADINGS = ["Status", "Context", "Decision", "Consequences"]
MAX_ADR_LINES = 40


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("adr", ADRS, ids=relative)
def test_a_decision_record_has_four_headings_and_at_most_forty_lines(adr: Path) -> None:
    lines = adr.read_text("utf-8").splitlines()
    assert lines[0].startswith(f"# {adr.name[:4]}. ")
    assert [line[3:] for line in lines if line.startswith("## ")] == HEADINGS
    assert len(lines) <= MAX_ADR_LINES


def test_decision_records_are_numbered_without_gaps_and_all_in_the_index() -> None:
    assert [int(adr.name[:4]) for adr in ADRS] == list(range(1, len(ADRS) + 1))
    index = (DOCS / "adr" / "README.md").read_text("utf-8")
    titles = {adr.name: adr.read_text("utf-8").splitlines()[0][2:] for adr in ADRS}
    assert [name for name, title in titles.items() if f"[{title}]({name})" not in index] == []


def test_a_superseded_record_says_by_which() -> None:
    for adr in ADRS:
        status = adr.read_text("utf-8").split("## Status\n")[1].split("## ")[0].strip()
        assert status == "Accepted" or re.fullmatch(r"Superseded by \[\d{4}\]\(.+\.md\)", status)
