"""A report of which everything is known: its page stays within its bound, nothing kept warm."""

import pytest

from reports.calendar import days_off
from reports.models import LegalHold, Report
from reports.reference import gazetteer, office_lexicon, units
from tests.desk.reports.test_messages import added, answered
from tests.support import report_factories
from tests.support.campaign_factories import add_to_campaign, campaign
from tests.support.desk_pages import page_of, press, statements
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

STORY = "Xưng công an, đòi chuyển 20 triệu vào STK 19031234567890."


@pytest.fixture
def rich(lead: Person) -> Report:
    """With a campaign, words of its reporter, corrections, a hold, clocks and a paper."""
    report_factories.triaged(STORY, caller_number="0550 000 123")
    report = report_factories.triaged(
        STORY, caller_number="0550 000 123", contact="0992 000 118", phrase="bến đò"
    )
    if not hasattr(report, "campaign_link"):
        add_to_campaign(report, campaign("Đ-26-AAA"))
    press(lead.client, report, "ask", reason="Mấy giờ?")
    answered(report, "Chín giờ.")
    added(report, story="Họ gọi lại.")
    press(lead.client, report, "act", reason="Đã chiếm đoạt. Gửi Cơ quan điều tra.")
    press(lead.client, report, "hand_over", unit="Công an xã Yên Định", reason="Địa bàn xã.")
    LegalHold.objects.create(report=report, reason="Đang điều tra", actor=lead.user)
    return report


def test_a_rich_report_takes_twenty_statements_with_nothing_kept_warm(
    lead: Person, rich: Report
) -> None:
    for each in (units, gazetteer, office_lexicon, days_off):
        each.clear_cache()
    every = statements(lead.client, page_of(rich))
    assert len(every) <= 20, "\n".join(each[:160] for each in every)
