"""Programs of agencies at the desk: a lead registers one, gives it keys and revokes them."""

import re

import pytest

from core.audit import events
from core.models import ApiClient, ApiKey
from reports.models import Report
from tests.support.api_program import Program
from tests.support.officers import Person
from tests.support.report_factories import STORY

pytestmark = pytest.mark.django_db
LIST = "/admin/core/apiclient/"
TYPED = {"name": "UBND xã Yên Định", "scopes": ["reports:write"], "max_per_minute": "60"}


@pytest.fixture
def program(lead: Person) -> ApiClient:
    lead.client.post(f"{LIST}add/", TYPED | {"networks": "203.0.113.7\r\n2001:db8::1/48"})
    return ApiClient.objects.get()


def issue(lead: Person, program: ApiClient) -> str:
    """The key on the page that shows it."""
    page = lead.client.post(f"{LIST}{program.pk}/issue/", follow=True).content.decode()
    found = re.search(r"key_[\w-]{43}", page)
    return found[0] if found else ""


def test_what_a_program_may_do_and_from_where_is_kept_on_record(program: ApiClient) -> None:
    assert program.networks == ["203.0.113.7/32", "2001:db8::/48"]
    event = events.events_for("api_client", program.pk)[0]
    assert (event.kind, event.detail["scopes"]) == ("api_client_saved", ["reports:write"])


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"networks": "mạng của xã"}, "không phải địa chỉ mạng"),
        ({"max_per_minute": "100000"}, "600"),
        ({"scopes": ["desk:write"]}, "desk:write"),
        ({"scopes": []}, "errorlist"),
    ],
    ids=str,
)
def test_a_lead_is_told_what_cannot_be(lead: Person, typed: dict[str, str], words: str) -> None:
    answer = lead.client.post(f"{LIST}add/", TYPED | typed)
    assert words in answer.content.decode()
    assert not ApiClient.objects.exists()


def test_a_saved_program_leads_on_to_where_its_key_is_made(lead: Person) -> None:
    page = lead.client.post(f"{LIST}add/", TYPED, follow=True)
    assert "Làm khóa mới" in page.content.decode()


def test_a_key_is_shown_once_and_works(lead: Person, program: ApiClient) -> None:
    key = issue(lead, program)
    assert key not in lead.read_page(f"{LIST}{program.pk}/change/")
    assert key[:12] in lead.read_page(LIST)
    ApiClient.objects.update(networks=[])
    Program(program, key).send(story=STORY)
    report = Report.objects.get()
    page = lead.read_page(f"/admin/reports/report/{report.pk}/change/")
    assert "Phần mềm của cơ quan gửi, UBND xã Yên Định" in page


def test_a_third_key_waits_until_one_is_revoked(lead: Person, program: ApiClient) -> None:
    assert issue(lead, program)
    assert issue(lead, program)
    assert not issue(lead, program)
    old = ApiKey.objects.order_by("pk")[0]
    page = lead.client.post(f"{LIST}{program.pk}/revoke/", {"key": old.pk}, follow=True)
    assert f"Đã thu hồi khóa {old}" in page.content.decode()
    assert issue(lead, program)


@pytest.mark.parametrize("key", ["", "x", "0", "9" * 99])
def test_only_a_key_of_the_program_is_revoked(lead: Person, program: ApiClient, key: str) -> None:
    other = ApiClient.objects.create(name="Ngân hàng A")
    issue(lead, program)
    theirs = ApiKey.objects.get()
    for typed in (key, str(theirs.pk)):
        answer = lead.client.post(f"{LIST}{other.pk}/revoke/", {"key": typed})
        assert answer.status_code == 404
    assert ApiKey.objects.get().revoked_at is None


def test_a_program_is_never_deleted(lead: Person, program: ApiClient) -> None:
    assert lead.client.post(f"{LIST}{program.pk}/delete/", {"post": "yes"}).status_code == 403
