"""A Zalo Official Account: the signature of its webhook, its tokens, a text to somebody who wrote to it.

Its access token lasts for as long as Zalo says, its refresh token for one use: both lie sealed in one
row, and begin anew when ZALO_URL names another refresh token.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import encryption
from core.errors import CodedError
from core.models import ZaloToken

# To connect and to answer: three requests, and a wait of lock_timeout for the tokens, are less than a lease.
TIMEOUT_SECONDS = (1.0, 3.0)
OAUTH = "https://oauth.zaloapp.com"
_TOKEN_REFUSED = -216
_SPARE = timedelta(minutes=5)  # before a token's end


class ZaloError(CodedError):
    """Zalo did not take a request; the code says why, as far as it is known."""


class ZaloTokenError(ZaloError):
    """Zalo takes none of the tokens, and gives no other."""


@dataclass(frozen=True)
class ZaloAccount:
    """An Official Account and the app that speaks for it; `api` and `oauth` are addresses of Zalo."""

    app_id: str
    app_secret: str
    webhook_secret: str
    refresh_token: str
    api: str
    oauth: str = OAUTH

    @property
    def digest(self) -> bytes:
        """SHA-256 of the refresh token that ZALO_URL gives."""
        return hashlib.sha256(self.refresh_token.encode()).digest()


@lru_cache(maxsize=1)
def parse_account(url: str) -> ZaloAccount | None:
    """Return the account of ZALO_URL, None for "". Raises ValueError, also where strangers could listen."""
    if not url:
        return None
    parts = urlsplit(url)
    query = {name: texts[-1] for name, texts in parse_qs(parts.query).items()}
    named = {name: query.pop(name, "") for name in ("webhook_secret", "refresh_token")}
    oauth = query.pop("oauth", OAUTH)
    app_id, app_secret = unquote(parts.username or ""), unquote(parts.password or "")
    if query or not (app_id and app_secret and all(named.values()) and parts.hostname):
        raise ValueError("not https://APP_ID:APP_SECRET@host/?webhook_secret=…&refresh_token=…")
    api = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    for each in map(urlsplit, (api, oauth)):
        if each.scheme != "https" and each.hostname != "127.0.0.1":
            raise ValueError("neither https nor this machine")
    return ZaloAccount(app_id, app_secret, api=api, oauth=oauth, **named)


def load_account() -> ZaloAccount | None:
    """Return the account, None where there is none or ZALO_URL is unreadable, which portal/checks.py reports."""
    try:
        return parse_account(settings.ZALO_URL)
    except ValueError:
        return None


def is_signed(account: ZaloAccount, body: bytes, timestamp: str, signature: str) -> bool:
    """Return whether Zalo signed the body: SHA-256 over app, body, time and secret, in hex."""
    time = timestamp.encode(errors="replace")  # a stranger's may hold half a character
    signed = account.app_id.encode() + body + time + account.webhook_secret.encode()
    expected = hashlib.sha256(signed).hexdigest()
    return hmac.compare_digest(signature.removeprefix("mac=").lower().encode(), expected.encode())


def is_shut_out() -> bool:
    """Return whether Zalo took none of our tokens last, and ZALO_URL names no other since."""
    account = load_account()
    return account is not None and ZaloToken.objects.filter(refused_digest=account.digest).exists()


def send_text(account: ZaloAccount, user_id: str, text: str) -> None:
    """Send a text to a user who wrote to the account. Raises ZaloError."""
    message = {"recipient": {"user_id": user_id}, "message": {"text": text}}
    try:
        _send_with_token(account, message)
    except ZaloTokenError:
        ZaloToken.objects.update_or_create(pk=1, defaults={"refused_digest": account.digest})
        raise
    ZaloToken.objects.exclude(refused_digest=None).update(refused_digest=None)


def _send_with_token(account: ZaloAccount, message: dict[str, Any]) -> None:
    token = _load_access_token(account)
    answer = _post_message(account, token, message)
    if answer.get("error") == _TOKEN_REFUSED:
        token = _load_access_token(account, refused=token)
        answer = _post_message(account, token, message)
    if answer.get("error") == _TOKEN_REFUSED:
        raise ZaloTokenError("zalo_token_refused")
    if answer.get("error") != 0:
        raise ZaloError(f"zalo_{answer.get('error')}")


def _post_message(account: ZaloAccount, token: str, message: dict[str, Any]) -> dict[str, Any]:
    address = f"{account.api}/v3.0/oa/message/cs"
    return _post(address, headers={"access_token": token}, json=message)


@transaction.atomic
def _load_access_token(account: ZaloAccount, refused: str = "") -> str:
    """Return a token that is not `refused`; one process at a time asks for the next. Raises ZaloError."""
    ZaloToken.objects.get_or_create(pk=1)
    row = ZaloToken.objects.select_for_update().get(pk=1)
    is_descended = row.given_digest is not None and bytes(row.given_digest) == account.digest
    token = encryption.decrypt_field(row, "access") if is_descended else None
    if token and token != refused and row.expires_at and row.expires_at > timezone.now() + _SPARE:
        return token
    refresh = encryption.decrypt_field(row, "refresh") if is_descended else account.refresh_token
    form = {"grant_type": "refresh_token", "app_id": account.app_id, "refresh_token": refresh}
    headers = {"secret_key": account.app_secret}
    answer = _post(f"{account.oauth}/v4/oa/access_token", headers=headers, data=form)
    try:
        token, refresh = str(answer["access_token"]), str(answer["refresh_token"])
        row.expires_at = timezone.now() + timedelta(seconds=int(answer["expires_in"]))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ZaloTokenError("zalo_no_token") from error
    row.access_sealed = encryption.encrypt(token, "access")
    row.refresh_sealed = encryption.encrypt(refresh, "refresh")
    row.given_digest, row.refused_digest = account.digest, None
    row.save()
    return token


def _post(address: str, **options: Any) -> dict[str, Any]:
    import requests  # noqa: PLC0415  # weighs on every process, and few portals have an account

    try:
        answer = requests.post(address, timeout=TIMEOUT_SECONDS, allow_redirects=False, **options)
        document = answer.json()
    except requests.RequestException as error:  # a JSONDecodeError is one
        raise ZaloError("zalo_unreachable") from error
    if not isinstance(document, dict):
        raise ZaloError("zalo_unreadable")
    return document
