"""What a partner's program is told of a version, and how it knows that we said so."""

import hmac
import json
import time
from http import HTTPStatus

from alerts.delivery import safe_http
from alerts.models import AlertRevision
from core.province import province

_ACCEPTED = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)


def payload(revision: AlertRevision, confirm: str) -> bytes:
    """JSON in UTF-8. `confirm` is the page where an agency says that it put the version to use."""
    message = revision.frozen_content.message
    told = {
        "kind": "warning",
        "identifier": revision.identifier,
        "msg_type": revision.msg_type,
        "slug": revision.frozen_content.slug,
        "web": message.web,
        "sent": message.sent.isoformat(),
        "content": revision.content,
        "confirm": confirm,
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()


def signature(secret: str, timestamp: str, content: bytes) -> str:
    """HMAC-SHA-256 over "time.body", in hex, as the header carries it."""
    mac = hmac.digest(secret.encode(), timestamp.encode() + b"." + content, "sha256")
    return f"sha256={mac.hex()}"


def send(url: str, secret: str, delivery: int, content: bytes) -> int:
    """Post, and give the status of a partner that took it. Raises OutsideError; `refused` is any
    other answer, a redirect too, with its status.
    """
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"{province.office}-{province.slug}",
        "X-Portal-Delivery": str(delivery),
        "X-Portal-Timestamp": timestamp,
        "X-Portal-Signature": signature(secret, timestamp, content),
    }
    status = safe_http.post(url, content, headers)
    if status not in _ACCEPTED:
        raise safe_http.WebhookDeliveryError("refused", status)
    return status
