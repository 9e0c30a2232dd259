"""deploy/monitoring: a rule for each alarm, on figures that there are, with the portal's own limits, each tried."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from reports.models import Alarm
from reports.monitoring import alarms, queue_stats
from tests.support.documents import list_anchors
from tools import write_reference

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "monitoring"
GROUPS = yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
RULES: dict[str, Any] = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}
PANELS: list[Any] = json.loads((FOLDER / "dashboard.json").read_text())["panels"]


def list_figures() -> set[str]:
    """Return the names of all figures that rules and dashboard use."""
    expressions = [rule["expr"] for rule in RULES.values()]
    expressions += [target["expr"] for panel in PANELS for target in panel["targets"]]
    return {name for each in expressions for name in re.findall(r"\bportal_\w+", each)}


@pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool is not here (Debian: prometheus)"
)
@pytest.mark.parametrize(
    "words", ["check config --syntax-only prometheus.yml", "check rules rules.yml", "test rules rules_test.yml"]
)  # fmt: skip
def test_prometheus_takes_them_and_each_rule_does_as_its_case_wants(words: str) -> None:
    done = subprocess.run(
        ["promtool", *words.split()], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_each_rule_has_a_moment_at_which_it_is_silent_and_one_at_which_it_alone_speaks() -> None:
    cases = yaml.safe_load((FOLDER / "rules_test.yml").read_text())["tests"]
    assert {case["name"] for case in cases} == RULES.keys()
    for case in cases:
        before, after = [each["exp_samples"] for each in case["promql_expr_test"]]
        assert (before, after) == ([], [{"labels": f'{{alertname="{case["name"]}"}}', "value": 1}])


def test_each_alarm_of_the_portal_has_a_rule_that_leads_to_its_part_of_the_runbook() -> None:
    anchors = list_anchors(ROOT / "docs" / "operations" / "runbook.md")
    pages = {rule["annotations"]["runbook"].partition("#") for rule in RULES.values()}
    assert [anchor for *_, anchor in pages if anchor not in anchors] == []
    parts = {
        rule["labels"].get("alarm", ""): rule["annotations"]["runbook"] for rule in RULES.values()
    }
    assert parts.keys() - {""} == set(Alarm.Kind.values)
    assert [kind for kind, part in parts.items() if kind not in part.partition("#")[2]] == []


def test_the_limits_are_the_portals_own() -> None:
    defaults = {row.name: row.default for row in write_reference.list_settings()}
    hours = int(defaults["BACKUP_ALARM_AFTER_HOURS"].split("`")[1])
    for alert, limit in {
        "PortalQueueUncounted": f"> {queue_stats.STALE_AFTER_SECONDS:.0f}",
        "PortalBackupMissing": f"> {hours * 3600}",
        "PortalDiskFull": f"< {alarms.MIN_FREE_BYTES}",
        "PortalConnectionsScarce": f">= {alarms.MAX_CONNECTIONS_SHARE}",
    }.items():
        assert RULES[alert]["expr"].endswith(limit)
