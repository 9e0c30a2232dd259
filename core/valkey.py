"""What REDIS_URL names: one Valkey, or Sentinels that know which of several is the master.

    redis://:password@host:6379/0
    unix:///path/of/its.socket?db=0
    redis+sentinel://:password@host:26379,host:26379/NAME

The last means database 0 of the master of that name. The password is Valkey's; Sentinels ask for none.
"""

from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

DEFAULT_URL = "redis://127.0.0.1:6379/0"
TIMEOUT_SECONDS = 0.05  # for a connection or an answer
CELERY_TIMEOUT_SECONDS = 0.5  # of a Sentinel alone, for the worker


class Sentinels(NamedTuple):
    """The servers that know the master called `name`; `login` is that of Valkey."""

    login: str
    hosts: tuple[str, ...]
    name: str


def parse_sentinels(url: str) -> Sentinels | None:
    """Return the Sentinels of an address, None for one server. Raises ImproperlyConfigured."""
    address = urlsplit(url)
    if address.scheme != "redis+sentinel":
        return None
    login, _, hosts = address.netloc.rpartition("@")
    found = Sentinels(login, tuple(hosts.split(",")), address.path.strip("/"))
    if not found.name or not all(_parse_host(each)[1] for each in found.hosts):
        raise ImproperlyConfigured("REDIS_URL: redis+sentinel://:password@host:port,host:port/NAME")
    return found


def _parse_host(text: str) -> tuple[str, int]:
    """Return host and port, 0 where none is given."""
    host, _, port = text.rpartition(":")
    return host, int(port) if host and port.isdecimal() else 0


def make_celery_url(url: str) -> str:
    """Return the address as Celery writes it. Raises ImproperlyConfigured."""
    if found := parse_sentinels(url):
        login = f"{found.login}@" if found.login else ""
        return ";".join(f"sentinel://{login}{host}/0" for host in found.hosts)
    celery_url = url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    return celery_url or DEFAULT_URL


def make_celery_options(url: str) -> dict[str, Any]:
    """Return what Celery's transport must know besides. Raises ImproperlyConfigured."""
    found = parse_sentinels(url)
    waits = dict.fromkeys(("socket_timeout", "socket_connect_timeout"), CELERY_TIMEOUT_SECONDS)
    return {"master_name": found.name, "sentinel_kwargs": waits} if found else {}


def make_pool(url: str) -> ConnectionPool:
    """Return connections that wait for nothing longer than TIMEOUT_SECONDS. Raises ImproperlyConfigured."""
    options: dict[str, Any] = {
        "socket_timeout": TIMEOUT_SECONDS,
        "socket_connect_timeout": TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
    found = parse_sentinels(url)
    if not found:
        return ConnectionPool.from_url(url or DEFAULT_URL, **options)
    user, _, password = map(unquote, found.login.partition(":"))
    login = {"username": user or None, "password": password or None}
    hosts = list(map(_parse_host, found.hosts))
    manager = Sentinel(hosts, sentinel_kwargs=options)  # type: ignore[no-untyped-call]
    return SentinelConnectionPool(found.name, manager, **login, **options)  # type: ignore[no-untyped-call]
