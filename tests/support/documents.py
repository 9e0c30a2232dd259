"""Headings of Markdown pages as links name them, and what deploy/monitoring watches."""

import json
import re
from pathlib import Path
from typing import Any

import yaml

MONITORING = Path(__file__).resolve().parents[2] / "deploy" / "monitoring"
GROUPS = yaml.safe_load((MONITORING / "rules.yml").read_text())["groups"]
RULES: dict[str, Any] = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}


def list_anchors(page: Path) -> set[str]:
    """Return what may follow `#` in a link to the page."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in titles}


def list_figures() -> set[str]:
    """Return the names of all figures that rules and dashboard use."""
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    expressions = [rule["expr"] for rule in RULES.values()]
    expressions += [target["expr"] for panel in panels for target in panel["targets"]]
    return set(re.findall(r"\bportal_\w+", " ".join(expressions)))
