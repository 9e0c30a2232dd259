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
RULES: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"]]
CASES: list[dict[str, Any]] = yaml.safe_load((FOLDER / "rules_test.yml").read_text())["tests"]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())


@pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool is not here (Debian: prometheus)"
)
@pytest.mark.parametrize(
    "command", ["check config --syntax-only prometheus.yml", "check rules rules.yml", "test rules rules_test.yml"]
)  # fmt: skip
def test_prometheus_takes_them_and_each_rule_says_what_its_case_wants(command: str) -> None:
    done = subprocess.run(
        ["promtool", *command.split()], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_each_rule_has_a_moment_at_which_it_is_silent_and_one_at_which_it_alone_speaks() -> None:
    assert {case["name"] for case in CASES} == {rule["alert"] for rule in RULES}
    for case in CASES:
        before, after = case["promql_expr_test"]
        assert before["exp_samples"] == []
        (sample,) = after["exp_samples"]
        assert sample == {"labels": f'{{alertname="{case["name"]}"}}', "value": 1}


def test_each_alarm_of_the_portal_has_a_rule_that_leads_to_its_part_of_the_runbook() -> None:
    anchors = list_anchors(ROOT / "docs" / "operations" / "runbook.md")
    by_alarm = {}
    for rule in RULES:
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (page, anchor in anchors) == ("docs/operations/runbook.md", True)
        assert rule["labels"]["severity"] in {"page", "ticket"}
        by_alarm[rule["labels"].get("alarm")] = anchor
    assert by_alarm.keys() - {None} == set(Alarm.Kind.values)
    own = [kind for kind in Alarm.Kind.values if kind in by_alarm[kind].partition("-the-")[0]]
    assert own == Alarm.Kind.values


def test_the_limits_are_the_portals_own() -> None:
    defaults = {row.name: row.default for row in write_reference.list_settings()}
    hours = int(defaults["BACKUP_ALARM_AFTER_HOURS"].split("`")[1])
    expressions = {rule["alert"]: rule["expr"] for rule in RULES}
    for alert, limit in {
        "PortalQueueUncounted": f"> {queue_stats.STALE_AFTER_SECONDS:.0f}",
        "PortalBackupMissing": f"> {hours * 3600}",
        "PortalDiskFull": f"< {alarms.MIN_FREE_BYTES}",
        "PortalConnectionsScarce": f">= {alarms.MAX_CONNECTIONS_SHARE}",
    }.items():
        assert expressions[alert].endswith(limit)


def test_no_two_panels_of_the_dashboard_share_a_place() -> None:
    panels = DASHBOARD["panels"]
    places = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(places) == len(set(places))
    assert max(x for x, _ in places) == 23
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["datasource"]["uid"] == "${source}"
        assert all('job="$job"' in target["expr"] for target in panel["targets"])


def list_figures() -> set[str]:
    """Return the names of all figures that rules and dashboard use."""
    expressions = [rule["expr"] for rule in RULES]
    expressions += [target["expr"] for each in DASHBOARD["panels"] for target in each["targets"]]
    return {name for each in expressions for name in re.findall(r"\bportal_\w+", each)}
