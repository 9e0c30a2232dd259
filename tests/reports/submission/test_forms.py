"""The form: its field names are a contract, its page is one that everybody can use."""

import re

import pytest
from django.http import QueryDict
from django.test import Client
from lxml import html

from reports.facts import choices
from reports.facts.choices import OFFICES, QUESTIONS
from reports.models import Report
from reports.submission.forms import CARRIED, ReportForm
from tests.support.resident_pages import REPORT, checked, hidden, value

FURTHER = {question.code for question in QUESTIONS}
CONTRACT = {
    "happening_now", "caller_number", "channel", "claimed_office", "claimed_name", "story", "demands",
    "money_lost", "money_lost_vnd", "accounts", "links", "called_day", "called_time", "commune",
    "urgent_phone", "contact_phone", "callback_phrase", "on_behalf",
    "submission_key", "contact_email",
}  # fmt: skip


@pytest.fixture
def page(client: Client, db: None) -> html.HtmlElement:
    return html.document_fromstring(client.get(REPORT).content)


def test_the_page_has_the_fields_and_values_of_the_contract(page: html.HtmlElement) -> None:
    names = {field.name for field in page.xpath("//form//*[@name]")}
    assert names == CONTRACT | FURTHER | {"form_token", "website"}
    assert not FURTHER & (CONTRACT | {"form_token", "website"}), "a question takes a field's name"

    def values(name: str) -> set[str]:
        return set(page.xpath(f"//input[@name='{name}']/@value"))

    assert values("happening_now") == values("on_behalf") == {"yes"}
    assert values("money_lost") == {"yes", "no"}
    assert values("channel") == {"number", "hidden", "app"}
    assert all(choices.is_known(code) for code in values("demands"))


def test_fields_have_labels_and_hints_and_errors_of_their_own(client: Client, db: None) -> None:
    page = html.document_fromstring(client.post(REPORT).content)
    ids, labelled = page.xpath("//@id"), page.xpath("//label/@for")
    assert len(ids) == len(set(ids))
    for field in page.xpath("//form//*[self::input or self::textarea][not(@type='hidden')]"):
        assert field.get("id") in labelled or field.xpath("ancestor::label")
    for described in page.xpath("//@aria-describedby"):
        assert set(described.split()) <= set(ids)


def test_a_fold_names_the_group_of_its_fields(page: html.HtmlElement) -> None:
    folds = page.xpath("//form//details[.//@name]")
    assert {fold.get("aria-label") == fold.findtext("summary") for fold in folds} == {True}
    assert not page.xpath("//form//details[@open]")


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("channel", "app"),
        ("claimed_name", "ông Hai"),
        ("called_day", "today"),
        ("called_time", "9 giờ"),
    ],
)
def test_a_fold_that_holds_something_stands_open(
    client: Client, db: None, name: str, typed: str
) -> None:
    page = html.document_fromstring(client.post(REPORT, {name: typed, "form_token": "x"}).content)
    assert name in page.xpath("//form//details[@open]//@name")


def test_an_empty_story_is_marked_where_it_stands() -> None:
    form = ReportForm(QueryDict(""))
    assert not form.is_valid()
    assert list(form.errors) == ["story"]
    assert 'aria-invalid="true"' in str(form["story"])


def test_nothing_is_refused_by_length_or_pattern_and_no_python_shows(
    page: html.HtmlElement,
) -> None:
    assert not page.xpath("//form//*[@required or @maxlength or @pattern]")
    assert "novalidate" in page.xpath("//form")[0].attrib
    assert "csrfmiddlewaretoken" not in html.tostring(page).decode()
    assert "None" not in page.text_content()


def test_the_trap_is_out_of_reach_for_people(page: html.HtmlElement) -> None:
    trap = page.xpath("//input[@name='website']")[0]
    assert trap.get("tabindex") == "-1"
    assert trap.xpath("ancestor::*[@aria-hidden='true']")


def test_codes_fit_their_columns_and_each_action_has_one_box() -> None:
    limit = Report._meta.get_field("claimed_office").max_length
    assert all(len(code) <= limit for code, _ in OFFICES)
    codes = {group.code for group in choices.GROUPS}
    assert all(re.fullmatch(r"[a-z_]{1,32}", code) for code in codes)
    actions = [action for group in choices.GROUPS for action in group.actions]
    assert not codes & set(actions)
    assert len(actions) == len(set(actions)) == 17
    assert set(CARRIED) <= codes


@pytest.mark.parametrize(
    ("answers", "ticked"),
    [
        ("?happening_now=yes&threat=yes", ["yes"]),
        ("?happening_now=no", []),
        ("?happening_now=%3Cscript%3E&urgent_phone=1&story=x", []),
    ],
)
def test_the_page_of_the_call_carries_its_ticks_and_nothing_else(
    client: Client, db: None, answers: str, ticked: list[str]
) -> None:
    page = client.get(REPORT + answers).content
    assert checked(page, "happening_now") == ticked
    assert not value(page, "urgent_phone")
    assert not value(page, "story")


def test_the_page_of_the_call_asks_whether_they_still_press(client: Client, db: None) -> None:
    form = html.document_fromstring(client.get("/dang-bi-goi/").content).xpath(
        "//form[@method='get']"
    )[0]
    assert form.action == REPORT
    assert "happening_now" in form.fields


@pytest.mark.parametrize("there", ["/en/bao-cao/", "/bao-cao/"])
def test_the_other_language_shows_all_that_was_typed_and_sends_nothing(
    client: Client, db: None, there: str
) -> None:
    typed = hidden(client) | {
        "story": "Họ gọi.",
        "demands": ["money", "threat"],
        "channel": "app",
        "accounts": "1903 VCB",
    }
    answer = client.post(there, typed | {"switch_language": "1"})
    page = answer.content
    assert (answer.status_code, Report.objects.count()) == (200, 0)
    assert (value(page, "story"), value(page, "accounts")) == ("Họ gọi.", "1903 VCB")
    assert (checked(page, "demands"), checked(page, "channel")) == (["threat", "money"], ["app"])
    assert value(page, "submission_key") == typed["submission_key"]
    assert b"error-summary" not in page


def test_enter_neither_sends_the_report_nor_changes_the_language(page: html.HtmlElement) -> None:
    buttons = page.xpath("//button[@form='report'] | //form[@id='report']//button")
    assert "disabled" in buttons[0].attrib
    assert buttons[1].get("formaction") == "/en/bao-cao/"
