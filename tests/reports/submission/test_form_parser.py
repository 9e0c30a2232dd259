"""A posted body, read our faster way, says what Django's own reading of it says."""

from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import translation
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import strategies as st

from reports.submission.form_parser import Fields, ReportFormParser, post_data, sanitize
from tests.support.resident_pages import REPORT

URLENCODED = "application/x-www-form-urlencoded"
texts = st.text(st.characters(codec="utf-8"), max_size=40)
pairs = st.lists(st.tuples(texts, texts), max_size=8)


def posted(body: bytes, content_type: str = URLENCODED) -> HttpRequest:
    request = RequestFactory().post(REPORT, body, content_type=content_type)
    request.encoding = "utf-8"
    return request


def as_django_reads(body: bytes) -> dict[str, list[Any]]:
    return dict(sanitize(posted(body).POST).lists())


@given(pairs)
def test_what_a_browser_sends_is_read_as_django_reads_it(said: list[tuple[str, str]]) -> None:
    body = urlencode(said).encode()
    assert dict(post_data(posted(body)).lists()) == as_django_reads(body)


@given(st.binary(max_size=60) | st.text("%&=+;0dDcCaAfF \r\n_", max_size=60).map(str.encode))
def test_what_no_browser_sends_is_read_as_django_reads_it(body: bytes) -> None:
    assert dict(post_data(posted(body)).lists()) == as_django_reads(body)


@pytest.mark.parametrize("text", ["đ=%3D+&", "100%", "_ = _", "a\r\nb", "😱", ""])
def test_signs_that_mean_something_to_an_encoding_come_through(text: str) -> None:
    body = f"story={quote_plus(text)}".encode()
    assert post_data(posted(body))["story"] == text


def test_a_multipart_body_is_read_too() -> None:
    request = RequestFactory().post(REPORT, {"story": "Họ gọi\0", "demands": ["a", "b"]})
    read = post_data(request)
    assert (read["story"], read.getlist("demands")) == ("Họ gọi\ufffd", ["a", "b"])


@pytest.mark.parametrize("body", [b"story=a%00b", b"story=a\0b"])
def test_nul_is_replaced_however_it_comes(body: bytes) -> None:
    assert post_data(posted(body))["story"] == "a\ufffdb"


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
