"""The ground the suite stands on: real servers, no network."""

import os
import socket

import pytest
from django.conf import settings
from django.db import connection
from redis import Redis

from core.valkey import make_pool


@pytest.mark.django_db
def test_the_suite_runs_on_postgresql_17() -> None:
    connection.ensure_connection()
    assert connection.vendor == "postgresql"
    assert connection.connection.server_version >= 170000


def test_the_suite_runs_on_a_real_valkey() -> None:
    valkey = Redis(connection_pool=make_pool(settings.REDIS_URL))
    assert "valkey_version" in valkey.info("server")
    assert os.environ["REDIS_URL"].startswith("unix://")


def test_no_test_reaches_the_network() -> None:
    with socket.socket() as line, pytest.raises(UserWarning, match="connect"):
        line.connect(("192.0.2.1", 80))
