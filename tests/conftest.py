"""What every test stands on: no network, and passwords that cost no time."""

import gc
import re
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import pytest_socket
from django.template import Context, RequestContext, Template
from django.test import TransactionTestCase
from django.test.signals import template_rendered
from django.utils.safestring import SafeString
from pytest_django import DjangoDbBlocker, Settings
from redis import Redis
from whitenoise.middleware import WhiteNoiseMiddleware

pytest_plugins = ["tests.support.fake_zalo", "tests.support.object_store", "tests.support.officers"]
# Tables are read at the first example, and other tests share the machine: what must be quick is
# held by tests of its own.
# The examples are the same in every run; `make fuzz` looks for others (profile "search").
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("suite")

NEAR = ["127.0.0.1", "::1", "localhost"]
_resolved: dict[str, set[str]] = {}


def pytest_runtest_setup() -> None:
    """Allow this machine and unix sockets, nothing else."""
    pytest_socket.socket_allow_hosts(NEAR, allow_unix_socket=True, resolution_cache=_resolved)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: who collects rubbish passes it over, and comes more rarely. A
    fifth of the time of all tests went there.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="session", autouse=True)
def _empty_again_in_no_time() -> Iterator[None]:
    """After a test that committed; see tests/support/database_reset.py."""
    from tests.support import database_reset

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            TransactionTestCase, "_fixture_teardown", lambda _: database_reset.truncate_all()
        )
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_looked_for_once() -> Iterator[None]:
    """And not by the first request of each client."""
    found: dict[str, object] = {}
    look_for = WhiteNoiseMiddleware.add_files_from_finders

    def look_once(middleware: WhiteNoiseMiddleware) -> None:
        if not found:
            look_for(middleware)
            found.update(middleware.files)
        middleware.files = found

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(WhiteNoiseMiddleware, "add_files_from_finders", look_once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _contexts_of_pages_alone_are_copied(django_test_environment: None) -> Iterator[None]:
    """And not those of the hundred templates of which a page is made."""

    def render(template: Template, context: Context) -> SafeString:
        if template is context.template and isinstance(context, RequestContext):
            template_rendered.send(sender=template, template=template, context=context)
        return template.nodelist.render(context)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Template, "_render", render)
        yield


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Drop no database: it goes with its server, and dropping it may outlast the statement timeout."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Migrations are run once, however many workers there are. What fails is to fail by what it does,
    not because the machine stood still for two seconds.
    """
    from django.db import connection

    from tests.support import database_reset

    limits = connection.settings_dict["OPTIONS"]["options"]
    limits = re.sub(r"(statement|lock|session)_timeout=\d+", r"\1_timeout=30000", limits)
    connection.settings_dict["OPTIONS"]["options"] = limits
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = database_reset.migrate_once()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Roles are there. Tests write as commands do what takes two officers; those of two people say
    otherwise.
    """
    from django.db import connection

    from accounts.roles import establish_roles

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET core.proposal = 'command'")
        cursor.execute("SET core.proposal = 'command'")
        establish_roles()


@pytest.fixture(autouse=True)
def _other_tests_are_not_felt(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their guesses refuse nobody, what they left in memory is forgotten, and a busy machine may be
    slow with what counts; passwords cost no time.
    """
    from core import rate_limits, valkey
    from tests.support import database_reset

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.RATE_LIMITS = "count"
    monkeypatch.setattr(valkey, "TIMEOUT_SECONDS", 5.0)
    rate_limits.reset_connection()
    database_reset.forget()


@pytest.fixture
def own_data_folder(settings: Settings, tmp_path: Path) -> None:
    """What is kept beside the database lies in a folder of the test."""
    settings.DATA_DIR = tmp_path


@pytest.fixture
def room_for_files(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of reports lie in a folder of the test, are not scanned, and have the whole disk."""
    from reports.attachments import storage

    settings.FILES_DIR = tmp_path / "files"
    settings.CLAMD_URL = ""
    monkeypatch.setattr(storage, "RESERVED_BYTES", 0)


@pytest.fixture
def enforced(settings: Settings) -> Iterator[Redis]:
    """Limits that refuse, in an empty Valkey."""
    from core import rate_limits as limits

    settings.RATE_LIMITS = "enforce"
    client = Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    yield client
    limits.reset_connection()
    client.flushdb()
