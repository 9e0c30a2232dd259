"""What the desk needs after every migrate: roles, communes, offices."""

import time

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from accounts import roles
from reports.models import Commune, Office

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(db: None) -> None:
    call_command("setup_desk", verbosity=0)


def test_it_makes_six_roles_and_at_least_thirty_offices_that_are_impersonated(desk: None) -> None:
    names = {"Trực ban", "Chỉ huy", "Biên tập", "Người duyệt", "Kiểm tra", "Cán bộ đơn vị"}
    assert set(Group.objects.values_list("name", flat=True)) == names
    assert Office.objects.count() >= 30
    assert not Office.objects.filter(never_by_phone="")
    assert "phạt nguội" in Office.objects.get(codename="canh-sat-giao-thong").other_names


def test_it_makes_166_communes_with_their_former_names_sorted_by_name(desk: None) -> None:
    assert Commune.objects.count() == 166
    commune = Commune.objects.get(codename="xa_kien_tho")
    assert (commune.code, commune.name) == ("15112", "Xã Kiên Thọ")
    assert commune.former_districts == ["Huyện Ngọc Lặc"]
    assert Commune.objects.filter(former_communes=[]).count() == 0
    names = [name.split(" ", 1)[1] for name in Commune.objects.values_list("name", flat=True)]
    assert (names[:2], names[-1]) == (["An Nông", "Ba Đình"], "Yên Trường")


def test_a_second_time_changes_nothing_and_takes_no_time(desk: None) -> None:
    before = list(Office.objects.values()), list(Commune.objects.values())
    begun = time.process_time()
    call_command("setup_desk", verbosity=0)
    assert time.process_time() - begun < 1
    assert (list(Office.objects.values()), list(Commune.objects.values())) == before


def test_what_officers_changed_about_an_office_stays_and_a_commune_is_put_right(desk: None) -> None:
    Office.objects.filter(codename="thue").update(name="Thuế tỉnh Thanh Hóa")
    Commune.objects.filter(codename="xa_kien_tho").update(name="x")
    call_command("setup_desk", verbosity=0)
    assert Office.objects.get(codename="thue").name == "Thuế tỉnh Thanh Hóa"
    assert Commune.objects.get(codename="xa_kien_tho").name == "Xã Kiên Thọ"


def test_a_role_has_exactly_its_permissions(desk: None) -> None:
    group = roles.group_of("auditor")
    group.permissions.add(Permission.objects.get(codename="reveal_contact"))
    call_command("setup_desk", verbosity=0)
    names = {f"{p.content_type.app_label}.{p.codename}" for p in group.permissions.all()}
    assert names == roles.ROLES["auditor"].permissions


@pytest.mark.parametrize("role", roles.ROLES.values(), ids=roles.ROLES)
def test_no_role_may_edit_evidence_or_both_write_and_issue_a_warning(role: roles.Role) -> None:
    """One moves reports between campaigns, and edits none; one files reports as residents do."""
    assert not {"alerts.change_alert", "alerts.issue_alert"} <= role.permissions
    changing = {name for name in role.permissions if ".view_" not in name}
    changing -= {"reports.group_campaign", "reports.file_report"}
    guarded = ("_report", "_event", "_facts", "_indicator", "_campaign", "_commune")
    assert not {name for name in changing if name.endswith(guarded)}


def test_a_permission_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    role = roles.Role("X", frozenset({"reports.fly"}))
    monkeypatch.setattr(roles, "ROLES", {"x": role})
    with pytest.raises(LookupError, match=r"reports\.fly"):
        roles.establish_roles()
