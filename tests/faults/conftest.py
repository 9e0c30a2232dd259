"""A whole house for the tests of one module: some seconds to build, so they share it."""

from collections.abc import Iterator

import pytest

from bench.house import House, house
from tests.portal.test_nginx import NGINX


@pytest.fixture(scope="module")
def home() -> Iterator[House]:
    """Every role up, the front server too where nginx is installed. A test that stops something
    starts it again.
    """
    with house(front=NGINX is not None) as ours:
        yield ours
