"""A whole portal for the tests of several modules: some seconds to build, so they share it."""

from collections.abc import Iterator

import pytest

from tests.faults.support.resident_load import assert_balanced
from tests.support.nginx_front import NGINX
from tools.portal_stack import PortalStack, portal_stack


@pytest.fixture(scope="session")
def running_stack() -> Iterator[PortalStack]:
    """Every role up, with a trap for web processes; the front server too where nginx is installed."""
    settings = "tests.faults.support.kill_after_commit_settings"
    with portal_stack(front=NGINX is not None, DJANGO_SETTINGS_MODULE=settings) as running:
        yield running


@pytest.fixture(scope="module")
def stack(running_stack: PortalStack) -> Iterator[PortalStack]:
    """A test that stops something starts it again; nothing may be missing in the end."""
    yield running_stack
    assert_balanced(running_stack)
