"""The pages on people: a lead acts, an auditor reads, and a lock is lifted on record."""

import pytest
from django.test import Client
from pytest_django import Settings

from accounts import officer_accounts, roles
from core.audit import events
from tests.support.desk_login import code, enter
from tests.support.officers import Person, confirm_open, create_officer

pytestmark = pytest.mark.django_db
LIST = "/admin/auth/user/"


def page_of(person: Person) -> str:
    return f"{LIST}{person.user.pk}/change/"


def act(by: Person, on: Person, verb: str, **typed: str) -> str:
    """What the page says after the act."""
    answer = by.client.post(f"{LIST}{on.user.pk}/{verb}/", typed, follow=True)
    return answer.content.decode()


def link(by: Person, on: Person) -> None:
    """As one lead proposes and another confirms."""
    act(by, on, "link", subject=" canbo-01 ", reason="gặp tận mặt")
    confirm_open(officer_accounts.ACCOUNT, by=create_officer("hai", "lead"))


def test_a_lead_closes_and_reopens_an_account(lead: Person, duty: Person) -> None:
    assert "Đã khóa tài khoản" in act(lead, duty, "close", reason="nghỉ phép dài")
    assert duty.client.get("/admin/").status_code == 302
    assert "nghỉ phép dài" in lead.read_page(page_of(duty))
    assert "Đã mở lại" in act(lead, duty, "reopen", reason="đi làm lại")
    duty.user.refresh_from_db()
    assert duty.user.is_active


def test_a_lead_gives_another_role(lead: Person, duty: Person) -> None:
    role = roles.group_of("editor")
    assert "Đã đổi vai trò" in act(lead, duty, "role", role=str(role.pk), reason="chuyển việc")
    assert list(duty.user.groups.all()) == [role]


@pytest.mark.parametrize(("role", "has_none"), [("unit", True), ("duty", False), ("editor", False)])
def test_who_has_no_unit_yet_is_not_called_pv01(lead: Person, role: str, has_none: bool) -> None:
    """An officer of a unit sees nothing before the lead has given one."""
    page = lead.read_page(f"{LIST}{create_officer('moi', role).pk}/change/")
    assert ("Chưa giao, chưa thấy tin nào" in page) is has_none


@pytest.mark.parametrize("role", ["", "x", "999999", "9" * 40])
def test_a_role_that_is_none_changes_nothing(lead: Person, duty: Person, role: str) -> None:
    assert "Chọn một vai trò" in act(lead, duty, "role", role=role, reason="x")
    assert list(duty.user.groups.all()) == [roles.group_of("duty")]


@pytest.mark.parametrize("verb", ["close", "reopen", "role"])
def test_the_last_lead_cannot_act_on_their_own_account(lead: Person, verb: str) -> None:
    role = str(roles.group_of("duty").pk)
    assert "Không ai tự quyết" in act(lead, lead, verb, reason="x", role=role)
    assert "<button" not in lead.read_page(page_of(lead)).split('id="decide"')[1]
    assert lead.user in officer_accounts.active_leads()


def test_without_a_reason_nothing_is_done(lead: Person, duty: Person) -> None:
    assert "Ghi lý do" in act(lead, duty, "close", reason="  ")
    assert not events.events_for("user", duty.user.pk)


def test_who_was_invited_and_never_came_is_not_let_in_here(lead: Person, duty: Person) -> None:
    duty.user.set_unusable_password()
    duty.user.is_active = False
    duty.user.save()
    act(lead, duty, "reopen", reason="x")
    duty.user.refresh_from_db()
    assert not duty.user.is_active


def test_an_auditor_reads_acts_and_not_what_was_written_about_a_colleague(
    lead: Person, duty: Person, auditor: Person
) -> None:
    act(lead, duty, "close", reason="bị kỷ luật <b>")
    page = auditor.read_page(page_of(duty))
    assert "Khóa tài khoản" in page
    assert "kỷ luật" not in page
    assert "reason" not in page


def test_no_page_tells_the_hash_of_a_password(lead: Person, duty: Person) -> None:
    page = lead.read_page(page_of(duty))
    assert duty.user.password not in page
    assert lead.client.get(f"{LIST}?password__startswith=md5$").status_code == 400


def test_a_lead_sees_a_lock_and_lifts_it(lead: Person, duty: Person, client: Client) -> None:
    for _ in range(4):
        enter(client, name="duty", password="sai")
    assert "Đang khóa đăng nhập" not in lead.read_page(LIST)
    enter(client, name="duty", password="sai")
    assert enter(client, name="duty", token=code(duty.user)).status_code == 429
    assert "Đang khóa đăng nhập" in lead.read_page(LIST)
    page = lead.read_page(page_of(duty))
    assert "tự mở lúc" in page
    assert "127.0.0.1" not in page
    assert "Đã mở khóa đăng nhập" in act(lead, duty, "unlock")
    assert enter(client, name="duty", token=code(duty.user)).status_code == 302
    assert events.events_for("user", duty.user.pk).get().kind == "lock_lifted"


def test_what_was_typed_for_a_name_is_not_shown_where_it_is_nobodys(lead: Person) -> None:
    for _ in range(5):
        enter(Client(), name="mat-khau-go-nham", password="sai")
    assert "mat-khau-go-nham" not in lead.read_page(LIST)


def test_a_whole_office_that_errs_behind_one_address_locks_only_who_erred(lead: Person) -> None:
    office = Client(REMOTE_ADDR="198.51.100.4")
    for name in ("ai.do", "duty", "go.nham"):
        for _ in range(6):
            enter(office, name=name, password="sai")
    assert enter(office, name="lead", token=code(lead.user)).status_code == 302


@pytest.fixture
def _ministry(settings: Settings) -> None:
    settings.OIDC_ISSUER = "https://tai-khoan.example"


@pytest.mark.usefixtures("_ministry")
def test_a_lead_links_and_unlinks_an_account_of_the_ministry(lead: Person, duty: Person) -> None:
    link(lead, duty)
    assert officer_accounts.linked_to("canbo-01") == duty.user
    assert duty.client.get("/admin/").status_code == 302
    page = lead.read_page(page_of(duty))
    assert "gặp tận mặt" in page
    assert "Gỡ tài khoản ngành" in page
    assert "Đã gỡ" in act(lead, duty, "unlink", reason="chuyển đơn vị")
    assert officer_accounts.linked_to("canbo-01") is None
    kinds = [event.kind for event in events.events_for("user", duty.user.pk)]
    assert kinds == ["account_unlinked", "account_linked"]


@pytest.mark.usefixtures("_ministry")
@pytest.mark.parametrize("subject", ["", "  ", "x" * 256, "cán bộ", "a\u202eb", "a\nb", "a\0b"])
def test_what_no_provider_writes_is_not_linked(lead: Person, duty: Person, subject: str) -> None:
    assert "đúng như trang đăng nhập" in act(lead, duty, "link", subject=subject, reason="x")
    assert not officer_accounts.is_linked(duty.user)


@pytest.mark.usefixtures("_ministry")
def test_one_account_there_is_one_officer_here(lead: Person, duty: Person, editor: Person) -> None:
    link(lead, duty)
    assert "một cán bộ khác" in act(lead, editor, "link", subject="canbo-01", reason="x")
    assert "không có gì thay đổi" in act(lead, duty, "link", subject="canbo-01", reason="x")
    assert officer_accounts.linked_to("canbo-01") == duty.user
    assert "không có gì thay đổi" in act(lead, editor, "unlink", reason="x")


@pytest.mark.usefixtures("_ministry")
def test_a_lead_links_no_account_of_their_own_and_gives_a_reason(
    lead: Person, duty: Person
) -> None:
    assert "Không ai tự quyết" in act(lead, lead, "link", subject="canbo-01", reason="x")
    assert "Ghi lý do" in act(lead, duty, "link", subject="canbo-01", reason=" ")
    assert officer_accounts.linked_to("canbo-01") is None


def test_without_a_provider_there_is_nothing_to_link(lead: Person, duty: Person) -> None:
    assert "tài khoản ngành" not in lead.read_page(page_of(duty))
    assert "chưa có nơi cấp tài khoản" in act(lead, duty, "link", subject="canbo-01", reason="x")
    assert not officer_accounts.is_linked(duty.user)
