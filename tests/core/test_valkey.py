"""What REDIS_URL may name, and what Celery and our own connections make of it."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from core.valkey import make_celery_options, make_celery_url, make_pool, parse_sentinels

SENTINELS = "redis+sentinel://:a%2Fsecret@one.example:26379,two.example:26380/portal"


@pytest.mark.parametrize(
    ("url", "celery"),
    [
        ("redis://:secret@host:6379/3", "redis://:secret@host:6379/3"),
        ("unix:///run/valkey.sock?db=2", "redis+socket:///run/valkey.sock?virtual_host=2"),
        ("", "redis://127.0.0.1:6379/0"),
    ],
)
def test_one_server_is_what_it_says(url: str, celery: str) -> None:
    assert (make_celery_url(url), make_celery_options(url)) == (celery, {})
    assert "host" in make_pool(url).connection_kwargs or url.startswith("unix")


def test_sentinels_are_asked_for_the_master_without_its_password() -> None:
    sentinel = "sentinel://:a%2Fsecret@{}/0"
    hosts = ("one.example:26379", "two.example:26380")
    assert make_celery_url(SENTINELS) == ";".join(map(sentinel.format, hosts))
    options = make_celery_options(SENTINELS)
    pool = make_pool(SENTINELS)
    assert options["master_name"] == "portal"
    assert pool.connection_kwargs["password"] == "a/secret"
    asked = [each.connection_pool.connection_kwargs for each in pool.sentinel_manager.sentinels]
    assert [(each["host"], each["port"]) for each in asked] == [
        ("one.example", 26379),
        ("two.example", 26380),
    ]
    assert not any(each.get("password") for each in (*asked, options["sentinel_kwargs"]))


@pytest.mark.parametrize(
    "rest", ["host:26379", "host/portal", ":1/portal", "a:1,b/portal", "/portal"]
)
def test_sentinels_without_a_port_or_the_masters_name_are_refused(rest: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="host:port/NAME"):
        parse_sentinels(f"redis+sentinel://{rest}")
