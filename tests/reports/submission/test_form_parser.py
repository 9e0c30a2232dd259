"""A report from the fields of its form: what is stored as it came, and what is parsed."""

import pytest
from django.utils import translation

from core.form_data import Fields
from reports.submission.form_parser import ReportFormParser
from reports.submission.intake import ReportSubmission


def parse(**fields: str) -> ReportSubmission:
    return ReportFormParser(Fields({name: [text] for name, text in fields.items()})).to_submission(
        ()
    )


@pytest.mark.parametrize(("language", "stored"), [("en", "en"), ("vi", "vi"), ("fr", "vi")])
def test_a_report_keeps_the_language_of_its_page(language: str, stored: str) -> None:
    with translation.override(language):
        assert parse(story="x").language == stored


@pytest.mark.parametrize("typed", ["police", "bank", "other"])
def test_the_code_of_an_office_is_kept_as_it_is(typed: str) -> None:
    submission = parse(claimed_office=typed, claimed_name="ông Hai")
    assert (submission.claimed_office, submission.claimed_name) == (typed, "ông Hai")


@pytest.mark.parametrize("typed", ["tôi là Bịa", "0550 000 111", "x" * 100])
def test_what_is_no_code_of_an_office_is_words(typed: str) -> None:
    submission = parse(claimed_office=typed, claimed_name="ông Hai")
    assert (submission.claimed_office, submission.claimed_name) == ("", f"{typed}\nông Hai")
