"""A report from the fields of its form: what is kept as it came, and what is read out of it."""

import pytest
from django.utils import translation
from django.utils.datastructures import MultiValueDict

from core.form_data import Fields
from reports.submission.form_parser import ReportFormParser


@pytest.mark.parametrize(("spoken", "kept"), [("en", "en"), ("vi", "vi"), ("fr", "vi")])
def test_a_report_keeps_the_language_of_its_page(spoken: str, kept: str) -> None:
    with translation.override(spoken):
        assert ReportFormParser(MultiValueDict({"story": ["x"]})).to_submission(()).language == kept


@pytest.mark.parametrize("typed", ["police", "bank", "other"])
def test_the_code_of_an_office_is_kept_as_it_is(typed: str) -> None:
    said = ReportFormParser(
        Fields({"claimed_office": [typed], "claimed_name": ["ông Hai"]})
    ).to_submission(())
    assert (said.claimed_office, said.claimed_name) == (typed, "ông Hai")


@pytest.mark.parametrize("typed", ["tôi là Bịa", "0550 000 111", "x" * 100])
def test_what_is_no_code_of_an_office_is_words(typed: str) -> None:
    said = ReportFormParser(
        Fields({"claimed_office": [typed], "claimed_name": ["ông Hai"]})
    ).to_submission(())
    assert (said.claimed_office, said.claimed_name) == ("", f"{typed}\nông Hai")
