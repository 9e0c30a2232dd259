"""What the reporter reads after a hand-over: whom to ring, what the unit did, what comes next."""

import pytest

from reports.models import Office, OfficeNumber, Unit
from tests.support import report_factories
from tests.support.officers import Person
from tests.support.report_factories import decide
from tests.support.resident_pages import Resident

NEXT = "Việc ở nơi đó đến đâu, trang này ghi đến đó."
pytestmark = pytest.mark.django_db


def publish(unit: Unit, number: str = "0237 3000 111") -> OfficeNumber:
    """A number of the unit that two officers have confirmed."""
    office, _ = Office.objects.get_or_create(codename="cong-an-xa-phuong", name="Công an xã")
    return OfficeNumber.objects.create(
        office=office, unit=unit, number=number, key="+842373000111", label=unit.name,
        address="Thôn 1, xã Yên Định", source="quyết định niêm yết", verified_on="2026-11-05",
    )  # fmt: skip


def test_the_unit_is_told_with_its_number_and_address(resident: Resident, lead: Person) -> None:
    unit = report_factories.unit()
    decide("hand_over", resident.report, lead, unit=unit.name)
    before = resident.read_status()
    assert f"Tin đã chuyển đến {unit.name}. Cần hỏi, tự bấm 02373.725.725, đọc số tin" in before
    assert "Đừng tìm số trên mạng." in before
    publish(unit)
    after = resident.read_status()
    assert "Cần hỏi, gọi 0237 3000 111, đọc số tin ở trên. Địa chỉ: Thôn 1, xã Yên Định." in after
    assert "Cần hỏi, tự bấm" not in after


def test_a_number_of_another_unit_is_not_told(resident: Resident, lead: Person) -> None:
    decide("hand_over", resident.report, lead, unit=report_factories.unit().name)
    publish(
        Unit.objects.create(
            codename="khac", name="Nơi khác", name_normalized="noi khac", kind="other"
        )
    )
    assert "0237 3000 111" not in resident.read_status()


def test_what_comes_next_stays_until_the_unit_has_answered(
    resident: Resident, lead: Person
) -> None:
    unit = report_factories.unit()
    commune = report_factories.create_unit_officer(unit)
    decide("hand_over", resident.report, lead, unit=unit.name)
    page = resident.read_status()
    assert page.index("Đã chuyển nơi xử lý") < page.index("Nơi đó nhận tin") < page.index(NEXT)
    decide("receive", resident.report, commune)
    page = resident.read_status()
    assert page.index("Nơi đó đã nhận tin") < page.index("Nơi đó trả lời") < page.index(NEXT)
    decide("answer", resident.report, commune, result="no_grounds", reason="chỉ cán bộ biết")
    page = resident.read_status()
    assert "Nơi đó đã trả lời" in page
    assert "Chưa đủ để làm tiếp. Có gì mới, bạn ghi thêm ở đây." in page
    assert NEXT not in page
    assert "chỉ cán bộ biết" not in page
