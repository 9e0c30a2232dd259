"""python -m bench.desk_client PAGE REPORTS SECONDS|plans: opens pages of the desk as an officer does,
over the database that the environment names (bench/desk_rows.py fills it), and prints as JSON how
long one takes and how many statements; with "plans", how PostgreSQL ran each of them.
"""

import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from itertools import cycle, islice
from typing import Any
from urllib.parse import urlencode

import django

QUEUE, LEADERS = "/admin/reports/report/", "/admin/leaders/"
WARM = 8
MAX_CUT_OFF = 5  # times in a row
# Words as officers type them: everywhere, here and there, hardly anywhere, half and wrongly typed.
SEARCHES = (
    "công an", "chuyen tien tai khoan", "sổ tiết kiệm", "dien luc cat dien", "phó chủ tịch tỉnh",
    "anh trai goi zalo", "vneid đồng bộ", "hang buu dien", "con gái sinh viên bắt cóc", "nỏ",
    "vietcomb", "ba trieu sau tram", "khongcochunao", "chuyn khoan", "gia danh vien kiem sat",
)  # fmt: skip


def main() -> None:
    page, reports, seconds = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    opened, addresses = log_in(), PAGES[page](reports)
    warm_up(opened, addresses)
    if seconds == "plans":
        print(json.dumps(explain_page(opened, next(addresses))))
    else:
        print(json.dumps(time_pages(opened, addresses, float(seconds))))


def log_in() -> Callable[[str], None]:
    """Opens a page as somebody of the desk who has logged in. Its answer has to be a page."""
    from django.conf import settings  # noqa: PLC0415  # after the set-up
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django_otp import DEVICE_ID_SESSION_KEY  # noqa: PLC0415

    from accounts import roles  # noqa: PLC0415
    from accounts.models import EncryptedTOTPDevice  # noqa: PLC0415

    settings.ALLOWED_HOSTS = ["testserver"]
    user = User.objects.get(username="officer1")
    user.groups.add(roles.group_of("duty"))
    device = EncryptedTOTPDevice.objects.filter(user=user).first() or EncryptedTOTPDevice.issue(
        user, "bench"
    )
    client = Client()
    client.force_login(user, backend="accounts.backends.DeskBackend")
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    session.save()

    def opened(address: str) -> None:
        answer = client.get(address, secure=settings.PORTAL_URL.startswith("https"))
        assert answer.status_code == 200, (answer.status_code, address)

    return opened


def warm_up(opened: Callable[[str], None], addresses: Iterator[str]) -> None:
    """Read from the disk what the pages ask for. What PostgreSQL cuts off meanwhile is asked again, as an
    officer would, and read a little further each time.
    """
    from django.db import OperationalError  # noqa: PLC0415  # after the set-up

    for address in islice(addresses, WARM):
        for _ in range(MAX_CUT_OFF):
            with suppress(OperationalError):
                opened(address)
                break


def _list_queue_pages(*queries: Mapping[str, object]) -> Callable[[int], Iterator[str]]:
    return lambda _reports: cycle([f"{QUEUE}?{urlencode(query)}" for query in queries])


def _list_number_searches(reports: int) -> Iterator[str]:
    """Numbers over the whole table, in several spellings."""
    chance = random.Random(12)  # noqa: S311
    while True:
        digits = f"{chance.randrange(reports) // 10:09}"
        for typed in (f"+999{digits}", f"+999 {digits[:3]} {digits[3:]}", f"00999.{digits}"):
            yield f"{QUEUE}?{urlencode({'q': typed})}"


def _list_leader_pages(_reports: int) -> Iterator[str]:
    """A week and a month, once the sweep has counted every day."""
    from django.utils import timezone  # noqa: PLC0415  # after the set-up

    from reports.models import DailyCount  # noqa: PLC0415
    from reports.monitoring import daily_counts  # noqa: PLC0415

    while DailyCount.objects.count() < daily_counts.KEPT_DAYS:
        daily_counts.update_daily_counts()
    return cycle(
        [LEADERS, f"{LEADERS}?{urlencode({'unit': 'month', 'day': timezone.localdate()})}"]
    )


# What is opened, by name.
PAGES: dict[str, Callable[[int], Iterator[str]]] = {
    "leaders": _list_leader_pages,
    "start": lambda _reports: cycle(["/admin/"]),
    "queue": _list_queue_pages({}),
    "filters": _list_queue_pages(
        {"viec": "ongoing"}, {"viec": "mine"}, {"viec": "waiting"}, {"viec": "answered"},
        {"kieu": "police_case"}, {"tien": "much"}, {"viec": "all"},
    ),
    "numbers": _list_number_searches,
    "deep": _list_queue_pages(
        *({"gop": "0"} | page for page in ({"p": 40}, {"p": 25}, {"p": 40, "viec": "all"}))
    ),
    "words": _list_queue_pages(*({"q": typed} for typed in SEARCHES)),
    **{f"words {typed}": _list_queue_pages({"q": typed}) for typed in SEARCHES},
}  # fmt: skip


def time_pages(
    opened: Callable[[str], None], addresses: Iterator[str], seconds: float
) -> dict[str, float]:
    """The median and the most in milliseconds, and the most statements of a page."""
    taken: list[float] = []
    statements = 0
    for _ in range(WARM):
        statements = max(statements, len(_list_statements(opened, next(addresses))))
    end = time.perf_counter() + seconds
    while (started := time.perf_counter()) < end or len(taken) < WARM:
        opened(next(addresses))
        taken.append(1000 * (time.perf_counter() - started))
    figures = {"p50": statistics.median(taken), "most": max(taken), "pages": len(taken)}
    return figures | {"statements": statements}


def explain_page(opened: Callable[[str], None], address: str) -> list[str]:
    """What each statement of a page does, in PostgreSQL's own words."""
    from django.db import connection  # noqa: PLC0415

    plans = []
    for statement in _list_statements(opened, address):
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {statement}")
            plans.append("\n".join([statement, *(line for (line,) in cursor.fetchall())]))
    return plans


def _list_statements(opened: Callable[[str], None], address: str) -> list[str]:
    """What is asked of the database for a page; a transaction's bounds are none."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    with CaptureQueriesContext(connection) as seen:
        opened(address)
    statements: list[dict[str, Any]] = seen.captured_queries
    return [
        each["sql"] for each in statements if each["sql"].lstrip().startswith(("SELECT", "WITH"))
    ]


if __name__ == "__main__":
    main()
