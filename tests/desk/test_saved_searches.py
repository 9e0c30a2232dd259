"""Searches that officers keep: who may, what is kept, who is told."""

import pytest
from django.core import mail
from django.http import QueryDict
from pytest_django import Settings

from accounts import roles
from core.models import AuditEvent
from desk.models import SavedSearch
from desk.reports import saved_searches
from tests.support import report_factories
from tests.support.desk_pages import QUEUE, list_reports
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

SAVE = f"{QUEUE}save-search/"


def keep(person: Person, query: str = "?kieu=bank&viec=open", **said: object) -> int:
    data = {"name": "Ngân hàng", "query": query} | said
    return person.client.post(SAVE, data).status_code


def test_a_search_is_kept_counted_and_on_record(duty: Person) -> None:
    report_factories.add_facts(report_factories.report(), scenario="bank")
    assert keep(duty) == 302
    kept = SavedSearch.objects.get()
    assert (kept.owner, kept.hits, kept.query) == (duty.user, 1, "viec=open&kieu=bank")
    assert AuditEvent.objects.filter(kind="search_saved", actor=duty.user).count() == 1
    page = duty.read_page("/admin/")
    assert "Ngân hàng" in page
    assert "?viec=open&amp;kieu=bank" in page


@pytest.mark.parametrize(
    ("query", "is_offered"), [("", False), ("?kieu=bank", True), ("?q=dien+luc", True)]
)
def test_the_queue_offers_to_keep_what_narrows(duty: Person, query: str, is_offered: bool) -> None:
    assert ("Lưu tìm kiếm này" in duty.read_page(QUEUE + query)) is is_offered


def test_of_an_address_only_what_is_known_is_kept() -> None:
    asked = QueryDict("kieu=bank&p=4&story__contains=a&q=%00 điện&next=//evil&kieu=tax")
    assert saved_searches.allowed_query(asked) == "q=%C4%91i%E1%BB%87n&kieu=tax"


@pytest.mark.parametrize(
    ("said", "told"),
    [({"name": ""}, "Ghi tên"), ({"query": "?p=3"}, "không có gì để lưu"),
     ({"notify_threshold": "0"}, "từ 1 trở lên"), ({"notify_threshold": "9" * 30}, "không quá"),
     ({"notify_threshold": "x"}, "phải là số"), ({"query": "?q=" + "x" * 5000}, "Chưa lưu")],
)  # fmt: skip
def test_what_is_wrong_is_said_and_not_kept(duty: Person, said: dict[str, str], told: str) -> None:
    page = duty.client.post(SAVE, {"name": "a", "query": "?kieu=bank"} | said, follow=True)
    assert told in page.content.decode()
    assert not SavedSearch.objects.exists()


def test_one_name_is_kept_once_and_so_many_at_most(
    duty: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_searches, "MAX_SAVED_SEARCHES", 2)
    for name in ("a", "a", "b", "c"):
        keep(duty, name=name)
    assert list(SavedSearch.objects.values_list("name", flat=True)) == ["a", "b"]


def test_others_see_a_shared_search_and_its_owner_removes_it(duty: Person, lead: Person) -> None:
    keep(duty, name="Của tôi")
    keep(lead, name="Chung", is_shared="on")
    assert ("Của tôi" in lead.read_page("/admin/"), "Chung" in duty.read_page("/admin/")) == (
        False,
        True,
    )
    mine, shared = SavedSearch.objects.get(owner=duty.user), SavedSearch.objects.get(name="Chung")
    remove = QUEUE + "remove-search/{}/"
    assert duty.client.post(remove.format(shared.pk)).status_code == 403
    assert lead.client.post(remove.format(mine.pk)).status_code == 404
    assert duty.client.post(remove.format(mine.pk)).status_code == 302
    assert list(SavedSearch.objects.all()) == [shared]
    kinds = set(AuditEvent.objects.filter(actor=duty.user).values_list("kind", flat=True))
    assert {"search_saved", "refused", "search_removed"} <= kinds


@pytest.fixture
def mailed(duty: Person, settings: Settings) -> Person:
    """Who is told by mail."""
    settings.EMAIL_URL = "memorymail://"
    duty.user.email = "duty@example.invalid"
    duty.user.save()
    return duty


def test_its_owner_is_told_once_when_so_many_have_come(mailed: Person) -> None:
    keep(mailed, notify_threshold="2")
    for n in range(3):
        report_factories.add_facts(report_factories.report(f"tin {n}"), scenario="bank")
        saved_searches.count_all()
    (sent,) = mail.outbox
    assert (sent.to, "2 tin" in sent.subject) == (["duty@example.invalid"], True)
    assert "Đã tới mức 2" in mailed.read_page("/admin/")


def test_who_is_told_is_told_again_after_there_were_fewer(duty: Person) -> None:
    keep(duty, notify_threshold="1")
    kept = SavedSearch.objects.get()
    report = report_factories.report()
    report_factories.add_facts(report, scenario="bank")
    saved_searches.count_all()
    SavedSearch.objects.filter(pk=kept.pk, notified_at__isnull=False).update(name="told")
    report.case.status = "junk"
    report.case.save()
    saved_searches.count_all()
    kept.refresh_from_db()
    assert (kept.name, kept.notified_at, kept.hits) == ("told", None, 0)


@pytest.mark.parametrize(
    "query", ["?q=dien+luc", "?viec=all&kieu=bank", "?viec=overdue", "?q=26-2222-2222"]
)
def test_every_kind_of_search_is_counted(duty: Person, query: str) -> None:
    report_factories.triaged("Điện lực gọi.")
    keep(duty, query)
    assert SavedSearch.objects.get().hits == len(list_reports(duty.client, query))


def test_who_reads_no_reports_any_more_is_told_nothing(mailed: Person) -> None:
    """A role was changed, or the right to see more than a unit that is not there taken away."""
    keep(mailed, notify_threshold="1")
    mailed.user.groups.set([roles.group_of("auditor")])
    report_factories.add_facts(report_factories.report(), scenario="bank")
    saved_searches.count_all()
    assert (mail.outbox, SavedSearch.objects.get().hits) == ([], 0)
