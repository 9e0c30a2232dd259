"""Every page of the desk, for every role and for a stranger, with both methods, by the table."""

from collections.abc import Iterator
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.template.response import SimpleTemplateResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from accounts import roles as people
from core.models import AuditEvent
from reports.models import UnitMember
from tests.support import database_reset, report_factories
from tests.support.admin_urls import METHODS, AdminUrls, answer, kind_of, pages
from tests.support.officers import Person, create_officer, log_in
from tests.support.permission_matrix import OF_ALL_UNITS, OF_RIGHTS, PAGES, THINGS

pytestmark = pytest.mark.django_db
_TABLE = "tests/support/permission_matrix.py"


def test_every_page_is_in_the_table() -> None:
    missing = pages().keys() - PAGES.keys()
    assert not missing, f"Say in PAGES ({_TABLE}) who may get and who may post: {sorted(missing)}"
    gone = PAGES.keys() - pages().keys()
    assert not gone, f"Take out of PAGES ({_TABLE}), there are no such pages: {sorted(gone)}"


def test_every_kind_of_thing_can_be_made() -> None:
    missing = {kind_of(name) for name in pages()} - THINGS.keys() - {""}
    assert not missing, f"Tell THINGS ({_TABLE}) how to make: {sorted(missing)}"


def test_the_table_names_roles_that_there_are() -> None:
    named = {role for page in PAGES.values() for roles in page for role in roles}
    assert named == set(people.ROLES), f"A role is missing from, or too many in, {_TABLE}"


@pytest.fixture(scope="module")
def desk(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[AdminUrls]:
    """A thing of each kind that there are pages of."""
    with database_reset.session_fixture_data(django_db_blocker):
        addresses = AdminUrls()
        for name, page in pages().items():
            addresses.build(name, page)
        yield addresses


def known_addresses(desk: AdminUrls) -> dict[str, str]:
    """The pages that the table knows; what is missing there has a test of its own."""
    return {name: desk.build(name, page) for name, page in pages().items() if name in PAGES}


def find_wrong_answers(
    who: User, method: str, addresses: dict[str, str], *, is_in: bool
) -> dict[str, str]:
    client = log_in(who)
    wrong = {}
    for name, address in addresses.items():
        with mock.patch.object(SimpleTemplateResponse, "rendered_content", ""):  # drawn elsewhere
            is_page = is_in and method == "get"  # how a refusal looks is the same everywhere
            status, is_on_record = answer(client, method, address, is_drawn=is_page)
        shut = status == 405 or (status == 403 and is_on_record)
        if status >= 500 or is_in == shut or (is_in and status == 403):
            wrong[name] = f"{status}, on record: {is_on_record}, the table says {is_in}"
    return wrong


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("role", people.ROLES)
def test_a_role_is_let_in_where_the_table_says(desk: AdminUrls, role: str, method: str) -> None:
    who = create_officer(f"vao.{role}", role)
    if role == "unit":
        UnitMember.objects.create(user=who, unit=report_factories.unit())
    let_in = {name for name in PAGES if role in PAGES[name][METHODS.index(method)]}
    addresses = {name: at for name, at in known_addresses(desk).items() if name in let_in}
    assert find_wrong_answers(who, method, addresses, is_in=True) == {}


OTHERS = {frozenset(people.ROLES) - set(roles) for page in PAGES.values() for roles in page}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("others", sorted(map(sorted, OTHERS - {frozenset()})), ids="+".join)
def test_all_roles_that_the_table_does_not_name_are_refused_on_record(
    desk: AdminUrls, others: list[str], method: str
) -> None:
    """Held by one person, who may do more than each alone."""
    who = create_officer("vao.dong", others[0])
    who.groups.add(*map(people.group_of, others))
    addresses = {
        name: at for name, at in known_addresses(desk).items()
        if frozenset(people.ROLES) - set(PAGES[name][METHODS.index(method)]) == set(others)
    }  # fmt: skip
    assert find_wrong_answers(who, method, addresses, is_in=False) == {}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("unit", ["Công an xã Kiên Thọ", ""])
def test_a_report_of_another_unit_is_closed_by_its_key_on_every_page(
    desk: AdminUrls, unit: str, method: str
) -> None:
    """Also to who was given the role and no unit yet."""
    who = create_officer("vao.unit", "unit")
    if unit:
        UnitMember.objects.create(user=who, unit=report_factories.unit(unit))
    client = log_in(who)
    at = {name: desk.build(name, page) for name, page in pages().items()}
    of_one = {name: here for name, here in at.items() if str(desk.made["report"]) in here}
    answers = {name: answer(client, method, here) for name, here in of_one.items()}
    assert [
        name for name, (status, on_record) in answers.items() if not (on_record or status == 405)
    ] == []


@pytest.mark.parametrize("method", METHODS)
def test_what_speaks_of_every_unit_is_closed_to_a_duty_officer_of_one(
    desk: AdminUrls, method: str
) -> None:
    addresses, who = known_addresses(desk), create_officer("vao.duty", "duty")
    UnitMember.objects.create(user=who, unit=report_factories.unit())
    client = log_in(who)
    answers = {name: answer(client, method, addresses[name]) for name in OF_ALL_UNITS}
    assert set(answers.values()) <= {(403, True), (405, False)}, answers


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("right", OF_RIGHTS)
def test_who_lacks_the_right_is_refused_on_record_whatever_the_role(
    desk: AdminUrls, duty: Person, right: str, method: str
) -> None:
    duty.revoke(right)
    addresses = known_addresses(desk)
    answers = {name: answer(duty.client, method, addresses[name]) for name in OF_RIGHTS[right]}
    assert set(answers.values()) <= {(403, True), (405, False)}, answers


def test_no_page_of_the_desk_takes_a_post_without_its_token(desk: AdminUrls, lead: Person) -> None:
    lead.client.handler.enforce_csrf_checks = True
    answers = {name: answer(lead.client, "post", at) for name, at in known_addresses(desk).items()}
    assert {name: each for name, each in answers.items() if each != (403, True)} == {}


def test_pages_that_add_something_say_so_in_the_words_of_the_desk() -> None:
    client = log_in(create_officer("vao.lead", "lead"))
    adds = [name for name, (get, _) in PAGES.items() if name.endswith("_add") and "lead" in get]
    texts = [client.get(reverse(f"admin:{name}")).content.decode() for name in adds]
    assert all("&rsaquo; Thêm " in page and "Thêm vào" not in page for page in texts)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("has_password", [False, True])
def test_a_stranger_is_sent_to_the_door_from_every_page(
    desk: AdminUrls, client: Client, has_password: bool, method: str
) -> None:
    """Also who has the password and has not given the second factor."""
    if has_password:
        client.force_login(create_officer("vao.lead", "lead"), "accounts.backends.DeskBackend")
    wrong = []
    for name, address in known_addresses(desk).items():
        response = getattr(client, method)(address)
        to_the_door = response.headers.get("Location", "").startswith("/admin/login/")
        if response.status_code != 302 or not to_the_door:
            wrong.append(name)
    assert wrong == []
    assert not AuditEvent.objects.filter(kind="refused").exists()
