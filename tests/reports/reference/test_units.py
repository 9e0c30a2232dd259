"""Units: whom the table knows, who works there, and which reports such an officer sees."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.test import Client

from core.audit import events
from portal.management import reference_data
from reports.cases import workflow
from reports.models import Case, Unit, UnitMember
from reports.reference import units
from tests.support import report_factories
from tests.support.officers import Person, create_officer

pytestmark = pytest.mark.django_db
QUEUE = "/admin/reports/report/"


@pytest.fixture
def seeded(db: None) -> None:
    reference_data.load_communes()
    reference_data.load_units()


def test_every_commune_has_its_police_and_seeding_again_leaves_what_officers_wrote(
    seeded: None,
) -> None:
    police = Unit.objects.filter(kind="commune")
    assert police.count() == 166
    assert police.get(commune="phuong_hac_thanh").name == "Công an phường Hạc Thành"
    assert police.get(commune="xa_yen_dinh").name == "Công an xã Yên Định"
    unsure = set(Unit.objects.filter(is_active=False).values_list("codename", flat=True))
    assert unsure == {"pa05", "pc02"}  # bodies that only habit names
    police.filter(commune="xa_yen_dinh").update(contact="trực ban", is_active=False)
    reference_data.load_units()
    unit = police.get(commune="xa_yen_dinh")
    assert (unit.contact, unit.is_active) == ("trực ban", False)


@pytest.mark.usefixtures("reference_rows")
def test_setup_desk_loads_the_units() -> None:
    assert Unit.objects.filter(codename="co-quan-canh-sat-dieu-tra", is_active=True).exists()


@pytest.mark.parametrize("typed", ["Công an xã Yên Định", "cong an xa yen dinh", " xã Yên Định "])
def test_a_unit_is_found_as_people_write_it(seeded: None, typed: str) -> None:
    unit = units.match_unit(typed)
    assert unit is not None
    assert unit.commune_id == "xa_yen_dinh"


@pytest.mark.parametrize("typed", ["", "Yên", "Công an", "%", "Phòng Cảnh sát hình sự (PC02)"])
def test_half_a_name_and_one_that_is_switched_off_find_nothing(seeded: None, typed: str) -> None:
    assert units.match_unit(typed) is None


def test_a_police_without_its_commune_is_refused_by_the_database(db: None) -> None:
    with pytest.raises(IntegrityError):
        report_factories.unit(kind="commune")


def test_a_units_report_has_no_officer_yet_and_what_is_taken_back_lies_at_pv01_again(
    lead: Person,
) -> None:
    unit, by = report_factories.unit(), lead.user
    case = report_factories.case()
    case = workflow.decide("take", case.pk, by=by, version=1)
    case = workflow.decide("assign_unit", case.pk, by=by, version=case.version, unit=unit.name)
    assert (case.officer, case.assigned_unit, case.status) == (None, unit, "in_review")
    # Who looks in from PV01 does not become its officer.
    case = workflow.decide("ask", case.pk, by=by, version=case.version, reason="Ở đâu?")
    assert (case.officer, case.assigned_unit) == (None, unit)
    case = workflow.decide("recall", case.pk, by=by, version=case.version, reason="gửi nhầm")
    assert (case.officer, case.assigned_unit, case.unit_name) == (None, None, "")
    assert events.events_for("report", case.pk)[0].kind == "unit_recalled"


def test_a_unit_that_nobody_knows_is_given_nothing(lead: Person) -> None:
    case = report_factories.case()
    with pytest.raises(workflow.UnknownUnitError):
        workflow.decide("assign_unit", case.pk, by=lead.user, version=1, unit="Công an xã Không Có")
    assert Case.objects.get(pk=case.pk).version == 1


@pytest.mark.parametrize(
    ("typed", "is_known"), [("cong an xa yen dinh", True), ("Viện kiểm sát khu vực", False)]
)
def test_a_hand_over_by_an_unmarked_name_reaches_the_unit_and_to_no_unit_keeps_the_name(
    lead: Person, typed: str, is_known: bool
) -> None:
    unit, words = report_factories.unit(), {"unit": typed, "reason": "đúng nơi"}
    case = report_factories.case()
    after = workflow.decide("hand_over", case.pk, by=lead.user, version=1, **words)
    expected = (unit.name, unit) if is_known else (typed, None)
    assert (after.unit_name, after.assigned_unit) == expected


def test_a_report_lies_where_its_officer_works(lead: Person) -> None:
    unit = report_factories.unit()
    local, case = report_factories.create_unit_officer(unit), report_factories.case()
    there = workflow.decide("assign", case.pk, by=lead.user, version=1, officer=local)
    assert (there.unit_name, there.assigned_unit) == (unit.name, unit)
    back = workflow.decide("take", case.pk, by=lead.user, version=there.version)
    assert (back.unit_name, back.assigned_unit) == ("", None)


def save(client: Client, unit: Unit, **typed: Any) -> int:
    rows = {f"members-{name}": value for name, value in
            {"TOTAL_FORMS": "1", "INITIAL_FORMS": "0", "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": "9",
             "0-user": "", "0-unit": unit.pk}.items()}  # fmt: skip
    form = {"name": unit.name, "contact": "", "is_active": "on", **rows, **typed}
    return client.post(f"/admin/reports/unit/{unit.pk}/change/", form).status_code


def test_a_lead_writes_a_contact_and_it_is_on_record(lead: Person) -> None:
    unit = report_factories.unit()
    assert save(lead.client, unit, contact="trực ban, 0550 000 111") == 302
    assert Unit.objects.get().contact == "trực ban, 0550 000 111"
    assert events.events_for("unit", unit.pk).get().kind == "unit_saved"


@pytest.mark.parametrize(
    "name", ["", "Gọi 0992 000 118 ngay", "<b>Công an</b>", "Công an https://x.vn"]
)
def test_a_name_that_no_resident_should_read_is_refused(lead: Person, name: str) -> None:
    unit = report_factories.unit()
    assert save(lead.client, unit, name=name) == 200
    assert Unit.objects.get().name == unit.name


def test_who_joins_a_unit_is_on_record_and_sees_less_from_then_on(lead: Person) -> None:
    unit, user = report_factories.unit(), create_officer("minh", "unit")
    assert save(lead.client, unit, **{"members-0-user": str(user.pk)}) == 302
    assert units.unit_code_of(User.objects.get(pk=user.pk)) == unit.pk
    joined = events.events_for("unit", unit.pk).get(kind="member_joined")
    assert (joined.actor, joined.detail) == (lead.user, {"officer": user.pk})


def test_nobody_is_put_into_two_units(lead: Person) -> None:
    user = report_factories.create_unit_officer(report_factories.unit())
    other = report_factories.unit("Công an xã Kiên Thọ")
    assert save(lead.client, other, **{"members-0-user": str(user.pk)}) == 200
    assert UnitMember.objects.get().unit == report_factories.unit()


def test_nobody_takes_themselves_out_of_a_unit_or_gives_their_own_row_to_a_colleague(
    lead: Person,
) -> None:
    unit, other = report_factories.unit(), create_officer("minh", "unit")
    mine = UnitMember.objects.create(user=lead.user, unit=unit)
    row = {"members-INITIAL_FORMS": "1", "members-0-id": mine.pk, "members-0-user": lead.user.pk}
    assert save(lead.client, unit, **row, **{"members-0-DELETE": "on"}) == 200
    assert save(lead.client, unit, **row | {"members-0-user": other.pk}) == 200
    assert UnitMember.objects.get().user == lead.user
    assert save(lead.client, unit, **row) == 302
