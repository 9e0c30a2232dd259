"""A whole portal for the tests of one module: some seconds to build, so they share it."""

from collections.abc import Iterator

import pytest

from tests.portal.test_nginx import NGINX
from tools.portal_stack import PortalStack, portal_stack


@pytest.fixture(scope="module")
def stack() -> Iterator[PortalStack]:
    """Every role up, the front server too where nginx is installed. A test that stops something
    starts it again.
    """
    with portal_stack(front=NGINX is not None) as ours:
        yield ours
