"""deploy/monitoring: a rule for each alarm, on figures that there are, with the portal's own limits, each tried."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from reports.models import Alarm
from reports.monitoring import alarms, queue_stats
from tests.support.documents import MONITORING, RULES, list_anchors
from tools import write_reference

RUNBOOK = Path(__file__).resolve().parents[2] / "docs" / "operations" / "runbook.md"
COMMANDS = (
    "check config --syntax-only prometheus.yml", "check rules rules.yml", "test rules rules_test.yml",
)  # fmt: skip


@pytest.mark.skipif(
    not shutil.which("promtool") and not os.environ.get("REQUIRE_BROWSER"),
    reason="no promtool here (Debian: prometheus); .ci/run installs it and demands it",
)
@pytest.mark.parametrize("words", COMMANDS)
def test_prometheus_takes_them_and_each_rule_does_as_its_case_wants(words: str) -> None:
    subprocess.run(["promtool", *words.split()], cwd=MONITORING, check=True)


def test_each_rule_has_a_moment_of_silence_and_one_at_which_it_alone_speaks() -> None:
    cases = yaml.safe_load((MONITORING / "rules_test.yml").read_text())["tests"]
    assert {case["name"] for case in cases} == RULES.keys()
    for case in cases:
        silent, loud = [each["exp_samples"] for each in case["promql_expr_test"]]
        alone = {"labels": f'{{alertname="{case["name"]}"}}', "value": 1}
        assert (silent, loud) == ([], [alone])


def test_each_alarm_has_a_rule_that_leads_to_its_part_of_the_runbook() -> None:
    leads = {name: rule["annotations"]["runbook"].split("#")[1] for name, rule in RULES.items()}
    assert set(leads.values()) <= list_anchors(RUNBOOK)
    kinds = {rule["labels"].get("alarm", ""): leads[name] for name, rule in RULES.items()}
    assert kinds.keys() - {""} == set(Alarm.Kind.values)
    assert all(kind in part for kind, part in kinds.items())


def test_the_limits_are_the_portals_own() -> None:
    defaults = {row.name: row.default for row in write_reference.list_settings()}
    hours = int(defaults["BACKUP_ALARM_AFTER_HOURS"].split("`")[1])
    expressions = [
        RULES[f"Portal{name}"]["expr"].rpartition(") ")[2].split()[-1]
        for name in ("QueueUncounted", "BackupMissing", "DiskFull", "ConnectionsScarce")
    ]
    limits = (queue_stats.STALE_AFTER_SECONDS, hours * 3600, alarms.MIN_FREE_BYTES)
    assert [float(each) for each in expressions] == [*limits, alarms.MAX_CONNECTIONS_SHARE]
