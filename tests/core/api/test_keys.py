"""Keys of programs: shown once, two at a time, refused from the next request on."""

import base64
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from core.api import keys
from core.errors import ActionError
from core.models import ApiClient, ApiKey, AuditEvent
from tests.support.database_contents import words_in_tables
from tests.support.officers import create_officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead() -> User:
    return create_officer("lan", "lead")


@pytest.fixture
def program() -> ApiClient:
    return ApiClient.objects.create(name="UBND xã Yên Định")


def request(header: str, **meta: Any) -> Any:
    return RequestFactory().get("/", headers={"Authorization": header}, **meta)


def find(key: str) -> ApiClient | None:
    return keys.find_client(request(f"Bearer {key}"))


def test_a_key_is_found_with_its_client_and_stands_nowhere(program: ApiClient, lead: User) -> None:
    key = keys.issue(program, by=lead)
    assert find(key) == keys.find_client(request(f"bearer {key}")) == program  # RFC 9110, 11.1
    assert words_in_tables(key) == set()
    event = AuditEvent.objects.get(kind="api_key_issued")
    assert (event.actor, event.detail) == (lead, {"key": key[:12]})


def test_two_keys_are_valid_at_a_time_and_a_third_waits(program: ApiClient, lead: User) -> None:
    old, new = (keys.issue(program, by=lead) for _ in range(2))
    assert find(old)
    assert find(new)
    with pytest.raises(ActionError):
        keys.issue(program, by=lead)
    keys.revoke(ApiKey.objects.get(hint=old[:12]), by=lead)
    assert find(keys.issue(program, by=lead))


def test_the_database_itself_knows_no_third(program: ApiClient, lead: User) -> None:
    for _ in range(2):
        keys.issue(program, by=lead)
    for slot in (1, 2, 3):
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiKey.objects.create(client=program, slot=slot, digest=b"x", created_by=lead)


def test_a_revoked_key_is_refused_at_once_and_revoked_once(program: ApiClient, lead: User) -> None:
    key = keys.issue(program, by=lead)
    row = ApiKey.objects.get()
    keys.revoke(row, by=lead)
    assert find(key) is None
    with pytest.raises(ActionError):
        keys.revoke(row, by=lead)
    assert AuditEvent.objects.filter(kind="api_key_revoked").count() == 1


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer key_x",
        "Basic eA==",
        "Basic /w==",
        "Basic é",
        f"Bearer key_{'é' * 43}",
        "\0" * 52,
    ],
)
def test_what_is_no_key_costs_no_statement(
    header: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert keys.find_client(request(header), keys.read_bearer_or_basic) is None


def test_a_key_may_come_as_the_password_of_basic_where_nothing_is_written(
    program: ApiClient, lead: User
) -> None:
    key = keys.issue(program, by=lead)
    for named, is_found in (
        (f"any:{key}", True),
        (key, False),
        (f"{key}:", False),
        (f"a:b:{key}", False),
    ):
        credentials = base64.b64encode(named.encode()).decode()
        asked = request(f"Basic {credentials}")
        assert (keys.find_client(asked, keys.read_bearer_or_basic) is not None) == is_found
        assert keys.find_client(asked) is None


def test_the_day_of_its_last_use_is_written_once_a_day(
    program: ApiClient, lead: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    key = keys.issue(program, by=lead)
    find(key)
    assert ApiKey.objects.get().last_used_on == timezone.localdate()
    with django_assert_num_queries(1):
        find(key)


@pytest.mark.parametrize(
    ("networks", "address", "is_allowed"),
    [
        ([], "203.0.113.7", True),
        (["203.0.113.0/24"], "203.0.113.7", True),
        (["198.51.100.0/24", "2001:db8::/48"], "2001:db8:0:1::1", True),
        (["203.0.113.0/24"], "198.51.100.1", False),
        (["203.0.113.0/24"], "2001:db8::1", False),
        (["203.0.113.0/24"], "", False),
    ],
)
def test_a_key_is_good_in_the_networks_of_its_client(
    networks: list[str], address: str, is_allowed: bool
) -> None:
    client = ApiClient(networks=networks)
    assert keys.is_network_allowed(client, request("", REMOTE_ADDR=address)) is is_allowed
