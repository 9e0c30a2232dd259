"""python -m bench.blocking_client LETTERS RATE: four carriers on this machine, one of which takes what it is
sent and never answers; asks them in turn to block, then withdraws all, and prints the seconds until each
letter was there as JSON, by its kind.
"""

import json
import os
import sys
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import django

CARRIERS, PATIENCE_SECONDS = ("Viettel", "VinaPhone", "MobiFone", "Wintel"), 120.0
HANGS = CARRIERS[0]
_arrived: dict[tuple[str, int], float] = {}


class _Carrier(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        letter = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        _arrived.setdefault((letter["kind"], letter["request"]), time.time())
        if self.path == f"/{HANGS}":
            time.sleep(PATIENCE_SECONDS)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    letters, rate = int(sys.argv[1]), float(sys.argv[2])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Carrier)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    owners: dict[int, str] = {}
    began = defaultdict[str, dict[int, float]](dict)
    for kind, act in (("block", _ask), ("release", _withdraw)):
        carriers = _add_carriers(server.server_port) if kind == "block" else {}
        for number in range(letters):
            name = CARRIERS[number % len(CARRIERS)]
            request = act(number, carriers.get(name))
            began[kind][request] = time.time()
            owners[request] = name
            time.sleep(1 / rate)
        _wait_for(kind, {pk for pk, name in owners.items() if name != HANGS})
    print(
        json.dumps(
            {
                kind: [_arrived[kind, pk] - at for pk, at in rows.items() if owners[pk] != HANGS]
                for kind, rows in began.items()
            }
        )
    )


def _add_carriers(port: int) -> dict[str, Any]:
    from core import encryption  # noqa: PLC0415  # after the set-up
    from core.audit import proposals  # noqa: PLC0415
    from reports.models import BlockingPartner  # noqa: PLC0415

    with proposals.bypass_four_eyes():
        return {
            name: BlockingPartner.objects.create(
                kind="carrier", name=name, owns=[name], channel="webhook", contact="x",
                address=f"http://localhost:{port}/{name}", secret_sealed=encryption.encrypt("khoa", "secret"),
            )
            for name in CARRIERS
        }  # fmt: skip


def _ask(number: int, carrier: Any) -> int:
    """Confirm what somebody proposed, as the second officer's press does; return the request."""
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.db.models.functions import Now  # noqa: PLC0415

    from core.audit import proposals  # noqa: PLC0415
    from reports.blocking import requests  # noqa: PLC0415
    from reports.models import BlockRequest, NumberFinding  # noqa: PLC0415

    first, second = (
        User.objects.get_or_create(username=name, defaults={"is_superuser": True})[0]
        for name in ("mot", "hai")
    )
    digits = f"550{number:06}"
    finding = NumberFinding.objects.create(
        key=f"+84{digits}", number=f"0{digits}", finding="confirmed", reason="x", proposed_by=first,
        confirmed_by=second, confirmed_at=Now(), valid_until="2099-01-01",
    )  # fmt: skip
    proposal = requests.propose(finding.pk, carrier.pk, "x", by=first)
    proposals.confirm(requests.BLOCK, proposal.pk, by=second)
    return BlockRequest.objects.get(finding=finding).pk


def _withdraw(number: int, _: Any) -> int:
    """Withdraw a finding as two officers do; return its request."""
    from django.contrib.auth.models import User  # noqa: PLC0415

    from core.audit import proposals  # noqa: PLC0415
    from reports.models import BlockRequest  # noqa: PLC0415
    from reports.numbers import findings  # noqa: PLC0415

    request = BlockRequest.objects.get(finding__key=f"+84550{number:06}")
    first, second = (User.objects.get(username=name) for name in ("mot", "hai"))
    proposal = findings.withdraw(request.finding_id, "x", by=first)
    assert proposal
    proposals.confirm(findings.WITHDRAWAL, proposal.pk, by=second)
    return request.pk


def _wait_for(kind: str, requests: set[int]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while any((kind, pk) not in _arrived for pk in requests):
        assert time.monotonic() < end, f"{kind}: letters that never came"
        time.sleep(0.1)


if __name__ == "__main__":
    main()
