"""How well the reader reads: counted by hand on readings that we give it."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from reports.extraction import evaluation
from reports.extraction.evaluation import EvaluatedStory
from reports.extraction.language.scoring import Explanation
from reports.extraction.loss.classifier import Loss
from reports.extraction.story_reader import StoryReading
from tests.support.data_files import read_cases


def judged(meant: dict[str, Any], **facts: Any) -> EvaluatedStory:
    fields = {"scenario": "tax", "actions": (), "loss": Loss(), "ongoing": False}
    return EvaluatedStory(meant, StoryReading(**({"reasons": ()} | fields | facts)))


THREE = [
    judged({"scenario": "tax"}, scenario="tax"),
    judged({"scenario": "tax"}, scenario="bank"),
    judged({"scenario": "bank"}, scenario="bank"),
]


def test_precision_and_recall_are_counted_per_code_and_what_is_taken_for_what() -> None:
    scores = evaluation.scenarios(THREE)
    assert (scores["tax"].precision, scores["tax"].recall) == (1.0, 0.5)
    assert (scores["bank"].precision, scores["bank"].recall) == (0.5, 1.0)
    assert evaluation.macro_f1(scores) == pytest.approx(2 / 3)
    assert evaluation.accuracy(THREE) == pytest.approx(2 / 3)
    assert evaluation.confusion_pairs(THREE) == [("tax", "bank", 1)]


def test_of_the_surest_readings_the_right_ones_are_counted() -> None:
    def judge_points(code: str, points: float) -> EvaluatedStory:
        why = Explanation("scenario", f"{code}: words “thẻ”", "thẻ", 0, 3, points)
        return judged({"scenario": "tax"}, scenario=code, reasons=(why,))

    counts = evaluation.calibration(
        [judge_points("tax", 9), judge_points("bank", 9), judge_points("tax", -99)]
    )
    assert counts["scenario", "sure", True] == counts["scenario", "sure", False] == 1
    assert counts["scenario", "guess", True] == 1


def test_several_demands_are_as_sure_as_the_least_sure_one() -> None:
    reasons = [("give_otp: words “mã”", 40.0), ("add_zalo: words “zalo”", 1.0)]
    assert evaluation.certainty("actions", reasons) == "guess"
    assert evaluation.certainty("actions", reasons[:1]) == "sure"
    assert evaluation.certainty("money_lost_vnd", reasons) == ""


def test_demands_are_counted_one_by_one() -> None:
    meant = {"actions": ["give_otp", "add_zalo"]}
    scores = evaluation.actions([judged(meant, actions=("give_otp", "scan_qr"))])
    assert evaluation.micro_average(scores).f1 == pytest.approx(0.5)
    assert (scores["add_zalo"].missed, scores["scan_qr"].wrong) == (1, 1)


def test_none_unknown_and_a_sum_are_three_answers() -> None:
    rows = [
        judged({"money_lost_vnd": 0}),
        judged({"money_lost_vnd": None}),
        judged({"money_lost_vnd": 5}, loss=Loss("some", (), 6)),
        judged({"money_lost_vnd": 5}, loss=Loss("none", (), 0)),
    ]
    assert evaluation.accuracy(rows, "money_lost_vnd") == 0.25
    assert evaluation.loss_confusion(rows)["none", "not_said"] == 1
    assert evaluation.loss_metrics(rows) == (0.5, 0.25)


def test_what_a_label_does_not_say_is_not_judged() -> None:
    assert evaluation.accuracy(THREE, "money_lost_vnd") == 0
    assert evaluation.ongoing(THREE).f1 == 0
    assert not evaluation.actions(THREE)


def evaluate(folder: Path, *lines: str) -> str:
    """What the command says of a file of these lines."""
    (folder / "labels.jsonl").write_text("\n".join(lines), encoding="utf-8")
    out = io.StringIO()
    call_command("evaluate", str(folder / "labels.jsonl"), stdout=out)
    return out.getvalue()


def test_the_command_prints_every_figure(tmp_path: Path) -> None:
    label = {"text": "Xưng cán bộ thuế, đòi mã OTP.", "scenario": "tax", "actions": ["give_otp"]}
    output = evaluate(tmp_path, json.dumps(label), "")
    for line in ("1 stories", "scenario macro F1 1.000", "money exact", "ongoing F1", "how sure"):
        assert line in output
    # A character that only looks like a line's end ends none.
    assert "1 stories" in evaluate(tmp_path, '\ufeff{"text": "a\u2028b"}')


@pytest.mark.parametrize(("line", "message"), read_cases("text_cases.json", "bad_labels"))
def test_a_bad_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        evaluate(tmp_path, line)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("evaluate", str(tmp_path / "none.jsonl"))


def test_weights_are_learnt_without_the_portal() -> None:
    env = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    command = [sys.executable, "-m", "tools.train_reader", "--help"]
    completed = subprocess.run(command, env=env, capture_output=True, check=False)
    assert completed.returncode == 0
