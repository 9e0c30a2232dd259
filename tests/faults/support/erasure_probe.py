"""One report with a mark of its own in each field, and its erasure; run as a program, on the
database of its environment.

    python -m tests.faults.support.erasure_probe fill MARKS.json | erase
"""

import json
import sys
from pathlib import Path

import django

from tests.faults.support.canary_marks import make_number, make_word

# What stands in clear in a row while the report is there, and what never stands anywhere.
CLEAR = (
    "story", "caller", "name", "commune", "money", "later", "caller_name", "bank", "link", "called", "note",
    "closed", "held", "slip", "right", "asked",
)  # fmt: skip
SEALED = ("phrase", "told", "file", "filename", "request")
WAY = ("take", "note", "message", "correct", "hand_over", "reopen", "close")


def new_marks() -> dict[str, str]:
    """A mark for each field; the contact is a number."""
    words = {name: make_word() for name in (*CLEAR, *SEALED)}
    return words | {"contact": make_number("0992", 6)}


def fill(marks: dict[str, str]) -> None:
    """The report, what is said and sent later, and what officers write beside it."""
    from reports.cases import legal_holds
    from reports.facts.merged_report import Caller
    from reports.retention import erasure_requests
    from reports.submission import intake
    from reports.submission.intake import ReportSubmission
    from reports.tracking import followups
    from tests.support.officers import create_officer
    from tests.support.report_factories import unit
    from tests.support.sanitized_copies import store_file

    report = intake.submit_report(
        ReportSubmission(
            story=f"Hắn xưng công an, bảo {marks['story']} và chuyển tiền.",
            caller_number=f"0992 000 777 {marks['caller']}", channel="number",
            claimed_name=marks["name"], commune_raw=marks["commune"], money_lost_raw=marks["money"],
            contact=marks["contact"], phrase=marks["phrase"], called_on_raw=marks["called"],
            accounts=(f"stk {marks['bank']}",), links=(f"http://{marks['link']}.example/y",),
        ),
        "key-of-the-marks",
    ).report  # fmt: skip
    typed = followups.FollowupSubmission(
        story=f"Tôi kể thêm {marks['later']}", callers=(Caller(name=marks["caller_name"]),),
        accounts=(f"stk {marks['bank']}",), links=(f"http://{marks['link']}.example/x",),
        called_on_raw=marks["called"],
    )  # fmt: skip
    followups.submit_followup(report, typed, "key-of-the-followup")
    followups.submit_reply(report, marks["asked"], "key-of-the-message")
    picture = b"\x89PNG\r\n\x1a\n" + marks["file"].encode()
    store_file(picture, report, f"{marks['filename']}.png")
    # Somebody else, who stays: of a table that is empty PostgreSQL keeps its older statistics.
    intake.submit_report(
        ReportSubmission(story="Họ xưng công an.", caller_number="0992 000 555"), "key-of-another"
    )
    lead = create_officer("chief", "lead")
    unit()
    _decide(report.pk, lead, marks)
    legal_holds.place_hold(report.pk, by=lead, reason=marks["held"])
    legal_holds.lift_hold(report.pk, by=lead, reason=marks["held"])
    erasure_requests.request_erasure(report, marks["request"])


def _judge(mark: str) -> object:
    """A correction, and a name that an officer added."""
    from reports.cases.corrections import CorrectedValue, Judgement
    from reports.facts.named_things import NamedChanges, parse_typed

    added = NamedChanges(added=tuple(parse_typed("person", mark))).to_json()
    values = (CorrectedValue("ongoing", True), CorrectedValue("named", added))
    return Judgement(corrected=values, reason=mark)


def _decide(pk: object, lead: object, marks: dict[str, str]) -> None:
    from reports.cases import corrections, workflow

    fields = {
        "note": {"reason": marks["note"]},
        "message": {"reason": marks["told"]},
        "correct": {"judgement": _judge(marks["right"])},
        "hand_over": {
            "reason": marks["slip"],
            "uncalled_reason": marks["slip"],
            "unit": "Công an xã Yên Định",
        },
        "reopen": {"reason": marks["note"]},
        "close": {"reason": marks["closed"], "outcome": "insufficient"},
    }
    for version, verb in enumerate(WAY, 1):
        words = fields.get(verb, {}) | {"by": lead, "version": version}
        if verb == "correct":
            corrections.judge_facts(pk, **words)
        else:
            workflow.decide(verb, pk, **words)


def erase() -> None:
    """As the lead grants it."""
    from django.contrib.auth.models import User

    from reports.models import Case, Report
    from reports.retention import erasure_requests as rights

    pk = Report.objects.get(submission_key="key-of-the-marks").pk
    lead = User.objects.get(username="chief")
    rights.grant_erasure(pk, by=lead, version=Case.objects.get(pk=pk).version)


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "fill":
        fill(json.loads(Path(sys.argv[2]).read_text()))
    else:
        erase()
