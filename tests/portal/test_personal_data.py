"""What is personal is said of every field, told in the docs, and hidden from who audits."""

from collections import Counter
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.models import BinaryField, Model
from django.test import Client

from ops import key_rotation
from portal.personal_data import HEAD, load_classifications, render_inventory
from reports.cases import workflow
from reports.facts.merged_report import Caller
from reports.models import Case, Report
from reports.numbers import disputes
from reports.numbers.disputes import DisputeSubmission
from reports.submission.sources import IntakeSource
from reports.tracking import followups
from tests.support import report_factories
from tests.support.admin_urls import AdminUrls, pages
from tests.support.officers import Person
from tests.support.permission_matrix import PAGES

CLASSIFIED = load_classifications()
MODELS: dict[str, type[Model]] = {
    model._meta.label: model
    for model in apps.get_models(include_auto_created=True)
    if not model._meta.proxy
}
# In a field of a package, which takes characters alone (accounts/second_factor_encryption.py).
SEALED_AS_CHARS = {"otp_totp.TOTPDevice": {"key"}}
DOCS = Path(__file__).parents[2] / "docs" / "personal.md"
# One for each field of a report that tells something of a person.
MARKS = {
    "story": "mocke1x", "story_sealed": "038012345678", "contact_sealed": "0550000117",
    "phrase_sealed": "mochen2x", "claimed_name": "moctenx", "caller_number": "0550000123",
    "money_lost_raw": "97 trieu mocx", "commune_raw": "mocxomx", "commune": "mocxomx",
    "called_on_raw": "mocgiox", "accounts": "mocstkx 0992000457", "links": "mocx.example",
    "external_id": "mocmax-17",
}  # fmt: skip


def fields_of(label: str) -> set[str]:
    return {field.name for field in MODELS[label]._meta.concrete_fields}


def test_every_model_says_what_is_personal() -> None:
    assert MODELS.keys() == CLASSIFIED.keys(), MODELS.keys() ^ CLASSIFIED.keys()


@pytest.mark.parametrize("label", sorted(CLASSIFIED))
def test_every_field_is_declared_and_no_other(label: str) -> None:
    each = CLASSIFIED[label]
    named = Counter(" ".join((each.about_nobody, each.ties, each.sealed, *each.clear)).split())
    assert not [name for name, times in named.items() if times > 1], "said twice"
    assert fields_of(label) == named.keys(), fields_of(label) ^ named.keys()


def test_what_is_declared_sealed_is_sealed_and_rotated() -> None:
    for label, fields in CLASSIFIED.items():
        by_name = {name for name in fields_of(label) if name.endswith(key_rotation.SEALED)}
        assert set(fields.sealed.split()) == by_name | SEALED_AS_CHARS.get(label, set()), label
        kinds = [type(MODELS[label]._meta.get_field(name)) for name in by_name]
        assert set(kinds) <= {BinaryField}, label


def test_whoever_leaves_something_in_clear_says_why() -> None:
    reasons = chain.from_iterable(fields.clear.values() for fields in CLASSIFIED.values())
    assert all(len(why.split()) > 3 for why in reasons)


def test_the_docs_hold_the_same_table() -> None:
    told = DOCS.read_text().partition(HEAD)
    assert told[1] + told[2] == render_inventory() + "\n", (
        "write it anew: manage.py write_personal_data_inventory > docs/personal.md"
    )


@pytest.fixture
def full(db: None, duty: Person) -> Report:
    """A report with a mark in whatever it says of a person, read, answered and added to."""
    names = ("claimed_name", "caller_number", "money_lost_raw", "commune_raw", "called_on_raw")
    report = report_factories.report(
        f"Họ gọi {MARKS['story']}, đọc số căn cước {MARKS['story_sealed']} của tôi.",
        contact=MARKS["contact_sealed"],
        phrase=MARKS["phrase_sealed"],
        accounts=(MARKS["accounts"],),
        links=(f"http://{MARKS['links']}",),
        source=IntakeSource(external_id=MARKS["external_id"]),
        **{name: MARKS[name] for name in names},
    )
    callers = (Caller(number=MARKS["caller_number"]),)
    report_factories.add_followup(report, story=MARKS["story"], callers=callers)
    followups.submit_reply(report, MARKS["phrase_sealed"], "key-of-a-page-2")
    report_factories.read_all(report)
    dispute = DisputeSubmission(MARKS["caller_number"], MARKS["story"])
    disputes.submit_dispute(dispute, "key-of-a-page-3")
    version = Case.objects.get(report=report).version
    workflow.decide(
        "note", report.pk, by=duty.user, version=version, reason=f"Gọi {MARKS['contact_sealed']}"
    )
    return report


def test_each_personal_field_of_a_report_has_a_mark() -> None:
    assert MARKS.keys() == CLASSIFIED["reports.Report"].personal_fields()


def test_the_auditor_sees_nothing_that_tells_of_a_reporter_as_an_officer_does(
    full: Report, auditor: Person, duty: Person
) -> None:
    addresses = AdminUrls()
    mine = {name: page for name, page in pages().items() if "auditor" in PAGES[name][0]}
    seen = {name: body(auditor.client, addresses.build(name, page)) for name, page in mine.items()}
    assert len(seen) > 10
    assert not {
        (name, mark) for name, text in seen.items() for mark in MARKS.values() if mark in text
    }
    text = body(duty.client, f"/admin/reports/report/{full.pk}/change/")
    assert MARKS["story"] in text
    assert MARKS["caller_number"] in text


def body(client: Client, address: str) -> str:
    answer: Any = client.get(address)
    whole = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(whole.decode(errors="replace"))
