"""Submit, issue, update, cancel: who may, in which order, and what is recorded."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from alerts import publishing
from alerts.models import Alert, AlertRevision, AlertStep
from alerts.models.content import Content, digest
from alerts.publishing import PublishingError
from core.audit import events
from tests.support.alert_factories import (
    approved,
    cancelled,
    draft,
    issued,
    person,
    rewritten,
    submitted,
)
from tests.support.warning_pages import find_missing

pytestmark = pytest.mark.django_db


def list_events(alert: Alert) -> list[str]:
    return [event.kind for event in events.events_for("alert", alert.pk)][::-1]


def test_a_word_is_given_by_two_people_and_the_record_says_by_whom() -> None:
    revision = issued()
    assert (revision.author, revision.issued_by) == (person("editor"), person("approver"))
    assert AlertRevision.objects.in_force().get() == revision
    assert list_events(revision.alert) == ["alert_submitted", "alert_issued"]
    act = events.events_for("alert", revision.alert.pk)[0]
    assert (act.actor, act.detail) == (person("approver"), {"identifier": revision.identifier})


def test_who_submits_a_text_stands_for_it_and_does_not_issue() -> None:
    alert = draft()
    publishing.submit(alert, by=person("approver"))
    with pytest.raises(PublishingError, match="Người soạn"):
        approved(alert)
    publishing.issue(alert, by=person("editor"))


def test_the_author_neither_issues_nor_cancels() -> None:
    with pytest.raises(PublishingError, match="Người soạn"):
        publishing.issue(submitted("mot"), by=person("editor"))
    revision = issued("hai")
    with pytest.raises(PublishingError, match="Người soạn"):
        publishing.cancel(revision.alert, by=person("editor"))
    assert AlertRevision.objects.in_force().get() == revision


def send_back_submitted() -> Alert:
    alert = submitted()
    publishing.send_back(alert, by=person("approver"), reason="Bớt câu dọa.")
    assert list_events(alert) == ["alert_submitted", "alert_sent_back"]
    return alert


@pytest.mark.parametrize("make", [draft, send_back_submitted, lambda: issued().alert])
def test_only_what_is_in_review_is_issued(make: Callable[[], Alert]) -> None:
    alert = make()
    before = AlertRevision.objects.count()
    with pytest.raises(PublishingError, match="chờ duyệt"):
        approved(alert)
    assert AlertRevision.objects.count() == before


def test_an_approver_issues_only_the_text_that_was_read() -> None:
    alert = submitted()
    read_etag = publishing.draft_etag(alert)
    publishing.send_back(alert, by=person("editor"))
    Alert.objects.update(summary="Khác hẳn.")
    publishing.submit(alert, by=person("editor"))
    with pytest.raises(PublishingError, match="đã đổi"):
        publishing.issue(alert, by=person("approver"), read_etag=read_etag)


@pytest.mark.parametrize(
    "change", ["summary", "title", "sms", "advice", "document_number", "audience", "loudspeaker"]
)
def test_a_change_of_any_text_changes_the_digest(change: str) -> None:
    alert = submitted()
    before = publishing.draft_etag(alert)
    setattr(alert, change, "Khác")
    assert publishing.draft_etag(alert) != before


def test_a_change_of_a_step_or_of_the_end_changes_the_digest() -> None:
    alert = submitted()
    before = publishing.draft_etag(alert)
    AlertStep.objects.update(quote="Khác")
    between = publishing.draft_etag(alert)
    alert.expires = timezone.now() + timedelta(days=1)
    assert len({before, between, publishing.draft_etag(alert)}) == 3


def test_an_incomplete_draft_says_all_that_is_missing() -> None:
    alert = draft(summary="", sms="Cảnh báo có dấu")
    AlertStep.objects.all().delete()
    with pytest.raises(PublishingError) as refused:
        publishing.submit(alert, by=person("editor"))
    assert find_missing(["Tóm tắt", "Tin nhắn", "từ một đến 12 bước"], str(refused.value)) == []


def test_identifiers_follow_the_year_the_warning_and_the_version() -> None:
    with time_machine.travel("2026-12-31T16:59:00+00:00"):  # still 2026 in Thanh Hóa
        first, second = issued("mot"), issued("hai")
    with time_machine.travel("2026-12-31T17:01:00+00:00"):
        third, again = issued("ba"), rewritten(first)
    assert [revision.identifier for revision in (first, second, third, again)] == [
        "TH-PV01-2026-0001-1",
        "TH-PV01-2026-0002-1",
        "TH-PV01-2027-0001-1",
        "TH-PV01-2026-0001-2",
    ]


def test_a_new_word_leaves_the_old_one_as_it_was() -> None:
    first = issued()
    second = rewritten(first, title="Tiêu đề mới")
    first.refresh_from_db()
    assert (first.version, second.version) == (1, 2)
    assert first.frozen_content.title == "Giả điện lực, dọa cắt điện"
    assert AlertRevision.objects.in_force().get() == second


def test_a_text_is_submitted_once_until_it_says_something_else() -> None:
    alert = submitted()
    with pytest.raises(PublishingError, match="đã được trình"):
        publishing.submit(alert, by=person("editor"))
    approved(alert)
    with pytest.raises(PublishingError, match="Chưa có gì khác"):
        publishing.submit(alert, by=person("editor"))
    Alert.objects.update(expires=timezone.now() + timedelta(days=9))
    publishing.submit(alert, by=person("editor"))


def test_each_later_word_refers_to_all_before_as_cap_does() -> None:
    first = issued()
    references = cancelled(rewritten(first)).references
    sender, sent = first.frozen_content.message.sender, timezone.localtime(first.sent).isoformat()
    assert first.references == ""
    assert references.split(" ")[0] == f"{sender},{first.identifier},{sent}"
    assert len(references.split(" ")) == 2
    assert re.search(r"\d\d:\d\d:\d\d\+07:00$", references)


def test_a_cancel_repeats_what_was_said_not_what_is_being_written() -> None:
    first = issued()
    Alert.objects.update(title="Chưa duyệt")
    cancel = cancelled(first)
    assert cancel.frozen_content.title == first.frozen_content.title
    assert not AlertRevision.objects.in_force().exists()


def test_a_cancelled_warning_says_no_more() -> None:
    revision = issued()
    cancelled(revision)
    with pytest.raises(PublishingError, match="đã hủy"):
        publishing.submit(revision.alert, by=person("editor"))
    with pytest.raises(PublishingError, match="đã hủy"):
        cancelled(revision)


def test_a_text_whose_end_has_passed_is_not_issued() -> None:
    alert = submitted(expires=timezone.now() + timedelta(minutes=1))
    later = time_machine.travel(timezone.now() + timedelta(hours=1))
    with later, pytest.raises(PublishingError, match="đã qua"):
        approved(alert)


def test_the_hash_is_that_of_the_stored_content() -> None:
    revision = issued()
    revision.refresh_from_db()
    assert revision.content_hash == digest(revision.content)
    assert Content.from_json(revision.content).as_json() == revision.content


def test_the_content_names_the_portal_not_the_visitor(settings: Settings) -> None:
    settings.PORTAL_URL = "https://baolua.example.vn"
    message = issued().frozen_content.message
    assert message.sender == "baolua.example.vn"
    assert message.web == "https://baolua.example.vn/canh-bao/gia-dien-luc/"
