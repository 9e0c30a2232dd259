"""read_phones, read_stories, link_stories: one answer for each line, in order."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.json_lines import run_json_lines

_ROOT = Path(__file__).parents[3]


def _run(command: str, data: bytes, **environment: str) -> list[bytes]:
    """The real command, with no database, no secret and no locale."""
    done = subprocess.run(
        [sys.executable, "manage.py", command],
        cwd=_ROOT,
        env={"PATH": os.environ["PATH"], "DATA_DIR": "no-such-folder", **environment},
        input=data,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return done.stdout.splitlines()


def test_read_phones_answers_every_line_in_order() -> None:
    answers = run_json_lines("read_phones", "0550 000 123", "", "113", "không nhớ")
    assert [answer["raw"] for answer in answers] == ["0550 000 123", "", "113", "không nhớ"]
    first = {"kind": "mobile", "key": "+84550000123", "flags": ["unlisted_range"]}
    assert answers[0] == {"raw": "0550 000 123", **first}
    assert [answer["kind"] for answer in answers[1:]] == ["invalid", "shortcode", "invalid"]


@pytest.mark.parametrize(
    ("line", "number", "error"),
    [(f'{{"id": {number}, "text": "a"}}', None, "not a line of JSON")
     for number in ("1e999", "-1e999", "NaN", "Infinity")]
    + [('{"id": 4}', 4, '"text" must be text')],
)  # fmt: skip
def test_a_number_that_is_no_json_and_a_story_without_text_are_refused(
    line: str, number: int | None, error: str
) -> None:
    assert run_json_lines("read_stories", line) == [{"id": number, "error": error}]


def test_read_stories_answers_the_facts_and_every_reason() -> None:
    text = "Nó xưng công an, bắt chuyển 20 triệu. Tôi chưa chuyển."
    (answer,) = run_json_lines("read_stories", json.dumps({"id": "x", "text": text}))
    assert set(answer) == {
        "id", "scenario", "actions", "money_lost_vnd", "loss", "ongoing", "priority",
        "danger", "accounts", "reasons",
    }  # fmt: skip
    assert (answer["id"], answer["scenario"], answer["money_lost_vnd"]) == ("x", "police_case", 0)
    (told,) = answer["loss"].pop("sums")
    assert answer["loss"] == {"state": "none", "proposed_vnd": 0}
    assert (told["vnd"], told["role"]) == (20_000_000, "demanded")
    assert text[told["start"] : told["end"]] == "20 triệu"
    for reason in answer["reasons"]:
        assert set(reason) == {"fact", "rule", "words", "start", "end", "points"}
        if reason["start"] is not None:
            assert text[reason["start"] : reason["end"]] == reason["words"]
    points = [r["points"] for r in answer["reasons"] if r["fact"] == "priority"]
    assert sum(points) == answer["priority"] > 0


@pytest.mark.parametrize("command", ["read_stories", "link_stories"])
def test_a_bad_line_is_answered_and_the_next_ones_are_read(command: str) -> None:
    answers = run_json_lines(
        command, "{", "", "[1]", '{"id": "n", "text": 5}', '{"id": "y", "text": "a"}'
    )
    assert [answer["id"] for answer in answers] == [None, None, None, "n", "y"]
    assert ["error" in answer for answer in answers] == [True, True, True, True, False]


def test_link_stories_answers_in_order_with_null_for_a_single_and_the_error_of_a_bad_line() -> None:
    callers = ["0550000123", "0992000001", "+84 550 000 123"]
    lines = [json.dumps({"id": n, "caller_number": each}) for n, each in enumerate(callers)]
    first, bad, alone, third = run_json_lines("link_stories", lines[0], "?", *lines[1:])
    assert bad == {"id": None, "error": "not a line of JSON"}
    assert alone == {"id": 1, "campaign": None, "reasons": []}
    assert first["campaign"] == third["campaign"] is not None
    assert first["reasons"] == [
        {"kind": "same_number", "value": "+84550000123", "strength": 0.8,
         "reason": "Cùng số gọi 0550 000 123", "stories": 2},
    ]  # fmt: skip


def test_the_doors_need_no_database_no_secret_no_locale_and_no_utf8() -> None:
    data = "số ẩn\n".encode() + b"0550 000 123 \xff\n\x00\n113\r\n"
    out = _run("read_phones", data, LC_ALL="C", PYTHONIOENCODING="ascii")
    assert "số ẩn".encode() in out[0]  # UTF-8, not \\u1ea9
    kinds = [json.loads(line)["kind"] for line in out]
    assert kinds == ["hidden", "mobile", "invalid", "shortcode"]
    assert json.loads(out[0])["raw"] == "số ẩn"


def test_half_a_surrogate_pair_comes_back_as_json() -> None:
    out = _run("read_stories", b'{"id": "\\ud800", "text": "cong an \\udc00"}\n')
    answer = json.loads(out[0])
    assert (answer["id"], answer["scenario"]) == ("\ud800", "unclear")


def test_each_line_is_answered_before_the_next_is_asked() -> None:
    with subprocess.Popen(
        [sys.executable, "manage.py", "read_phones"],
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as door:
        assert door.stdin is not None
        assert door.stdout is not None
        for number in (b"113\n", b"0550000123\n"):
            door.stdin.write(number)
            door.stdin.flush()
            assert json.loads(door.stdout.readline())["raw"] == number.decode().strip()
        door.stdin.close()
