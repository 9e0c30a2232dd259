"""Keys of programs: issue and revoke them, and find the client whose key a request bears.

A key is 256 random bits, shown once: a plain digest of it reveals nothing. A client has at most two,
so that its program can change to the new one before the old one is revoked.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone

from core import rate_limits
from core.audit import events
from core.client_ip import client_ip
from core.database import PreparedStatement, call_or_reconnect, execute_pipeline
from core.errors import ActionError
from core.models import ApiClient, ApiKey
from core.rate_limits import Window

HINT_CHARS = 12
_KEY_BYTES = 32
_KEY = re.compile("key_[A-Za-z0-9_-]{43}")
_BEARER = re.compile(rf"(?i:Bearer) ({_KEY.pattern})")
_SLOTS = {1, 2}
# As SQL: the ORM would take longer to write it than the whole rest of the check.
_FIELDS = ("id", "name", "scopes", "networks", "max_per_minute")
_FIND_CLIENT = PreparedStatement(
    "find_client",
    f"""
SELECT {", ".join(f"client.{name}" for name in _FIELDS)}, key.id, key.last_used_on
  FROM core_apikey AS key JOIN core_apiclient AS client ON client.id = client_id
 WHERE digest = %(digest)s AND revoked_at IS NULL
""",  # noqa: S608  # names of ours  # nosec B608
)


@transaction.atomic
def issue(client: ApiClient, *, by: User) -> str:
    """Return a new key of the client. Raises ActionError while two are valid."""
    ApiClient.objects.select_for_update().get(pk=client.pk)
    valid = client.keys.filter(revoked_at=None)
    free = _SLOTS - set(valid.values_list("slot", flat=True))
    if not free:
        raise ActionError("Đang có hai khóa dùng được. Thu hồi khóa cũ rồi làm khóa mới.")
    key = f"key_{secrets.token_urlsafe(_KEY_BYTES)}"
    row = ApiKey.objects.create(
        client=client, slot=min(free), hint=key[:HINT_CHARS], digest=_digest(key), created_by=by
    )
    events.log_event("api_client", client.pk, "api_key_issued", by=by, key=row.hint)
    return key


@transaction.atomic
def revoke(key: ApiKey, *, by: User) -> None:
    """Refuse the key from the next request on. Raises ActionError where it was revoked before."""
    valid = ApiKey.objects.filter(pk=key.pk, revoked_at=None)
    if not valid.update(revoked_by=by, revoked_at=Now()):
        raise ActionError("Khóa này đã thu hồi rồi.")
    events.log_event("api_client", key.client_id, "api_key_revoked", by=by, key=key.hint)


def read_bearer(request: HttpRequest) -> str:
    """Return the key in the header of a request, "" for none."""
    bearer = _BEARER.fullmatch(request.headers.get("Authorization", ""))
    return bearer[1] if bearer else ""


def read_bearer_or_basic(request: HttpRequest) -> str:
    """Return the key in the header of a request, also as the password of Basic, which is all that many
    programs can send. Not for what writes: a browser repeats Basic by itself.
    """
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return read_bearer(request)
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def find_client(
    request: HttpRequest, read_key: Callable[[HttpRequest], str] = read_bearer
) -> ApiClient | None:
    """Return the client whose valid key the request bears, None for any other."""
    key = read_key(request)
    if not _KEY.fullmatch(key):
        return None
    row = call_or_reconnect(lambda: _select_client(_digest(key)))
    if row is None:
        return None
    *values, key_id, used_on = row
    if used_on != (today := timezone.localdate()):
        ApiKey.objects.filter(pk=key_id).update(last_used_on=today)
    return ApiClient.from_db(connection.alias, _FIELDS, values)


def _select_client(digest: bytes) -> Any:
    """Return the row of a valid key, None for none."""
    with connection.cursor() as cursor:
        execute_pipeline(cursor, {"digest": digest}, _FIND_CLIENT)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def is_network_allowed(client: ApiClient, request: HttpRequest) -> bool:
    address = client_ip(request)
    allowed = map(ip_network, client.networks)
    return not client.networks or (
        address is not None and any(address in network for network in allowed)
    )


def consume_rate(client: ApiClient) -> bool:
    """Take one request from the client's minute; return False when none was left."""
    minute = Window("api_client", client.max_per_minute, minutes=1)
    return rate_limits.consume_key(minute, str(client.pk)) or settings.RATE_LIMITS == "count"


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
