"""read_phones, read_stories, link_stories: one answer for each line, in order."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

_ROOT = Path(__file__).parents[3]


def _ask(command: str, *lines: str) -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command(command, stdin=io.StringIO("".join(line + "\n" for line in lines)), stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


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
    answers = _ask("read_phones", "0550 000 123", "", "113", "không nhớ")
    assert [answer["raw"] for answer in answers] == ["0550 000 123", "", "113", "không nhớ"]
    assert answers[0] == {
        "raw": "0550 000 123",
        "kind": "mobile",
        "key": "+84550000123",
        "flags": ["unlisted_range"],
    }
    assert [answer["kind"] for answer in answers[1:]] == ["invalid", "shortcode", "invalid"]


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity"])
def test_a_number_that_is_no_json_is_refused(number: str) -> None:
    (answer,) = _ask("read_stories", f'{{"id": {number}, "text": "a"}}')
    assert answer == {"id": None, "error": "not a line of JSON"}


def test_read_stories_answers_the_facts_and_every_reason() -> None:
    text = "Nó xưng công an, bắt chuyển 20 triệu. Tôi chưa chuyển."
    (answer,) = _ask("read_stories", json.dumps({"id": "x", "text": text}))
    assert set(answer) == {
        "id", "scenario", "actions", "money_lost_vnd", "ongoing", "priority", "reasons",
    }  # fmt: skip
    assert (answer["id"], answer["scenario"], answer["money_lost_vnd"]) == ("x", "police_case", 0)
    for reason in answer["reasons"]:
        assert set(reason) == {"fact", "rule", "words", "start", "end", "points"}
        if reason["start"] is not None:
            assert text[reason["start"] : reason["end"]] == reason["words"]


def test_the_points_of_the_priority_add_up_to_it() -> None:
    (answer,) = _ask("read_stories", json.dumps({"id": 1, "text": "con tôi bị bắt cóc ở nhà nghỉ"}))
    points = [r["points"] for r in answer["reasons"] if r["fact"] == "priority"]
    assert sum(points) == answer["priority"] > 50


@pytest.mark.parametrize("command", ["read_stories", "link_stories"])
def test_a_bad_line_is_answered_and_the_next_ones_are_read(command: str) -> None:
    answers = _ask(command, "{", "", "[1]", '{"id": "n", "text": 5}', '{"id": "y", "text": "a"}')
    assert [answer["id"] for answer in answers] == [None, None, None, "n", "y"]
    assert ["error" in answer for answer in answers] == [True, True, True, True, False]


def test_a_story_without_text_is_a_bad_line() -> None:
    assert _ask("read_stories", '{"id": 4}') == [{"id": 4, "error": '"text" must be text'}]


def test_link_stories_answers_in_order_with_null_for_a_single() -> None:
    callers = ["0550000123", "0992000001", "+84 550 000 123"]
    lines = [json.dumps({"id": n, "caller_number": each}) for n, each in enumerate(callers)]
    first, alone, third = _ask("link_stories", *lines)
    assert alone == {"id": 1, "campaign": None, "reasons": []}
    assert first["campaign"] == third["campaign"] is not None
    assert first["reasons"] == [
        {
            "kind": "same_number",
            "value": "+84550000123",
            "strength": 0.8,
            "reason": "Cùng số gọi 0550 000 123",
            "stories": 2,
        }
    ]


def test_a_bad_line_among_linked_stories_keeps_its_place() -> None:
    same = '{"id": 1, "caller_number": "0550000123"}'
    first, bad, last = _ask("link_stories", same, "?", same)
    assert first == last
    assert bad == {"id": None, "error": "not a line of JSON"}


def test_the_doors_need_no_database_no_secret_and_no_locale() -> None:
    out = _run("read_phones", "số ẩn\n".encode(), LC_ALL="C", PYTHONIOENCODING="ascii")
    assert json.loads(out[0])["raw"] == "số ẩn"
    assert "số ẩn".encode() in out[0]  # UTF-8, not \\u1ea9


def test_bytes_that_are_no_utf8_are_answered() -> None:
    out = _run("read_phones", b"0550 000 123 \xff\n\x00\n113\r\n")
    assert [json.loads(line)["kind"] for line in out] == ["mobile", "invalid", "shortcode"]


def test_half_a_surrogate_pair_comes_back_as_json() -> None:
    out = _run("read_stories", b'{"id": "\\ud800", "text": "cong an \\udc00"}\n')
    answer = json.loads(out[0])
    assert (answer["id"], answer["scenario"]) == ("\ud800", "police_case")


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
