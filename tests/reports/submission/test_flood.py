"""A flood of junk: all of it is taken in, the real reports stay on top, the pages stay up.

A few hundred here; `make soak` sends ten thousand (FLOOD).
"""

import os
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.keys import form_token
from core.models import OutboxItem
from reports.facts import abuse_flags
from reports.models import Report
from reports.submission import flood_detection
from reports.triage import report_triage
from tests.support.desk_pages import list_reports
from tests.support.officers import Person
from tests.support.report_factories import count_pending

JUNK = int(os.environ.get("FLOOD", "300"))
A_FEW = 1000
# Each report's locks are held until its COMMIT: those of thousands do not fit into one transaction.
pytestmark = [pytest.mark.django_db(transaction=JUNK > A_FEW), pytest.mark.usefixtures("enforced")]
REAL = (
    "Một giọng nữ bảo mẹ tôi có bưu phẩm cấm rồi nối máy sang cán bộ điều tra, mẹ tôi đang ra ngân hàng.",
    "Họ xưng công an tỉnh, bắt bố tôi rút sổ tiết kiệm và dặn không được nói với ai, vẫn đang nghe máy.",
    "Xưng viện kiểm sát gửi lệnh bắt qua Zalo, đòi chuyển tiền vào tài khoản tạm giữ trong chiều nay.",
)
COPIED = "Công an gọi bắt chuyển tiền ngay bây giờ, tôi đang bị ép, đã mất một tỷ, cứu tôi với."


@pytest.fixture
def token() -> str:
    """Return the token of a page that was opened a minute ago, as a person's is."""
    with time_machine.travel(datetime.now(UTC) - timedelta(minutes=1), tick=False):
        return form_token()


def send(client: Client, token: str, address: str, **fields: str) -> int:
    data = {"form_token": token, "happening_now": "yes", **fields}
    answer = client.post("/bao-cao/gui/", data, REMOTE_ADDR=address)
    return answer.status_code


def junk(client: Client, token: str, number: int) -> int:
    """Send junk, by turns from one machine in new words, copied from everywhere, and by a robot."""
    far = f"198.51.{number // 250}.{number % 250}"
    if number % 3 == 0:
        return send(client, token, "192.0.2.66", story=f"{number} {COPIED} {number * 7}")
    if number % 3 == 1:
        return send(client, token, far, story=COPIED)
    return send(client, token, far, story=f"{COPIED} {number}", website="http://mua.example")


def test_real_reports_stay_on_top_of_a_flood_and_the_pages_up(
    client: Client, duty: Person, token: str
) -> None:
    taken = [junk(client, token, number) for number in range(JUNK // 2)]
    taken += [send(client, token, f"203.0.113.{n}", story=story) for n, story in enumerate(REAL)]
    taken += [junk(client, token, number) for number in range(JUNK // 2, JUNK)]
    assert set(taken) == {303}
    while count_pending():
        pass
    report_triage.process_items(OutboxItem.objects.order_by("pk").values_list("pk", flat=True))
    before_the_marks = flood_detection.FROM_ADDRESS + flood_detection.RULE_STORY
    with CaptureQueriesContext(connection) as queries:
        first = list_reports(duty.client)[: len(REAL) + before_the_marks]
    assert set(REAL) <= {report.story for report in first}
    assert not any(abuse_flags.is_deprioritized(report.all_flags) for report in first)
    assert len(first) == len(REAL) + before_the_marks
    assert len(queries) < 20
    assert client.get("/bao-cao/").status_code == 200
    assert Report.objects.count() == JUNK + len(REAL)
