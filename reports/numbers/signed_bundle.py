"""All confirmed numbers in one signed file, for programs that look up without asking anybody.

The file is canonical JSON (RFC 8785), so its payload is signed byte for byte as it stands there.
A finding may be taken back any day: a pack says until when it may be used.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import rfc8785
from django.utils import timezone

from core.keys import Signer
from reports.numbers import hash_api

KIND = "thanh-hoa/confirmed-numbers/1"  # stands in what is signed: a signature serves one end
USE_HOURS = 24


def pack(signer: Signer) -> bytes:
    """{"algorithm", "key_id", "payload": {"kind", "made_at", "numbers", "use_until"},
    "signature"}; the signature is of the payload as it stands in the file. One statement.
    """
    made_at = timezone.now().astimezone(UTC).replace(microsecond=0)
    payload: dict[str, Any] = {
        "kind": KIND,
        "made_at": _written(made_at),
        "use_until": _written(made_at + timedelta(hours=USE_HOURS)),
        "numbers": [entry.as_json() for entry in hash_api.all_entries()],
    }
    signature = signer.sign(rfc8785.dumps(payload))
    about: dict[str, Any] = {"algorithm": "Ed25519", "key_id": signer.id, "signature": signature}
    return rfc8785.dumps(about | {"payload": payload})


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
