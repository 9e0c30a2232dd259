"""Bursts in the database: counted in one go, kept with their time, shown on the desk."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import OutboxItem
from reports.campaigns import burst_monitor
from reports.management import demo_data
from reports.models import BurstSnapshot, Case, Commune
from reports.submission import intake
from reports.triage import service
from tests.support.officers import Person

pytestmark = pytest.mark.django_db


def submit_reports(
    days: float, place: str | None = "xa_mau", many: int = 1, scenario: str = ""
) -> None:
    """Reports of a commune, so many days ago."""
    at = timezone.now() - timedelta(days=days)
    for number in range(many):
        typed = intake.ReportSubmission(
            story=f"Có người gọi {days} {number} {scenario}", commune_id=place
        )
        intake.submit_demo_report(typed, f"burst-{place}-{days}-{number}", at)


@pytest.fixture
def commune() -> Commune:
    return Commune.objects.create(
        codename="xa_mau", code="1", name="Xã Mẫu", former_districts=[], former_communes=[]
    )


@pytest.fixture
def wave(commune: Commune) -> None:
    """Ten reports this week where one came every other week."""
    for week in (1.5, 3.5, 5.5, 9.5):
        submit_reports(7 * week)
    submit_reports(2, many=10)


@pytest.mark.usefixtures("wave")
def test_a_wave_in_a_commune_is_found() -> None:
    (burst,) = burst_monitor.detect()
    assert (burst.unit, burst.key, burst.days, burst.count) == ("commune", "xa_mau", 7, 10)
    assert burst.usual == pytest.approx(3 / 8, abs=0.1)


@pytest.mark.usefixtures("wave")
def test_junk_is_no_wave() -> None:
    Case.objects.update(status="junk")
    assert burst_monitor.detect() == []


@pytest.mark.usefixtures("commune")
def test_the_first_week_of_a_portal_is_no_burst() -> None:
    submit_reports(2, many=20)
    assert burst_monitor.detect() == []


@pytest.mark.usefixtures("wave")
def test_looking_is_two_statements() -> None:
    with CaptureQueriesContext(connection) as queries:
        burst_monitor.detect()
    asked = [query["sql"] for query in queries if query["sql"].lstrip().startswith("SELECT")]
    assert len(asked) == 2


@pytest.mark.usefixtures("wave")
def test_beat_keeps_what_it_found_and_does_not_count_again_at_once() -> None:
    burst_monitor.detect_if_due()
    kept = BurstSnapshot.objects.get()
    assert [row["key"] for row in kept.bursts] == ["xa_mau"]
    burst_monitor.detect_if_due()
    assert BurstSnapshot.objects.get().counted_at == kept.counted_at


@pytest.mark.usefixtures("wave")
@pytest.mark.parametrize("address", ["/admin/", "/admin/reports/campaign/"])
def test_the_desk_tells_of_it(duty: Person, address: str) -> None:
    burst_monitor.detect_and_store()
    page = duty.client.get(address).content.decode()
    assert "<b>Xã Mẫu</b>: 10 tin trong 7 ngày qua, thường chưa đến 1" in page
    assert "Số cũ" not in page


@pytest.mark.usefixtures("wave")
def test_an_old_count_is_said_to_be_old(duty: Person) -> None:
    burst_monitor.detect_and_store()
    BurstSnapshot.objects.update(counted_at=timezone.now() - timedelta(hours=2))
    assert "Số cũ" in duty.client.get("/admin/").content.decode()


def test_where_nothing_is_unusual_the_desk_says_so(duty: Person) -> None:
    assert "Chưa đếm lần nào" in duty.client.get("/admin/").content.decode()
    burst_monitor.detect_and_store()
    assert "không kiểu lừa nào tăng bất thường" in duty.client.get("/admin/").content.decode()


def test_the_two_bursts_of_the_demo_are_found_and_nothing_else(duty: Person) -> None:
    call_command("setup_desk", verbosity=0)
    demo_data.create_demo_data(duty.user)
    service.process_items(OutboxItem.objects.values_list("pk", flat=True))
    found = {(burst.unit, burst.key) for burst in burst_monitor.detect()}
    assert found == {("commune", "phuong_sam_son"), ("scenario", "provincial_leader")}
