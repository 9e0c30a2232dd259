import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from portal import people
from reports.models import Commune, Office

pytestmark = pytest.mark.django_db


def test_setup_desk_makes_roles_communes_and_offices() -> None:
    call_command("setup_desk", verbosity=0)
    assert set(Group.objects.values_list("name", flat=True)) == {
        "Trực ban", "Chỉ huy", "Biên tập", "Người duyệt", "Kiểm tra",
    }  # fmt: skip
    assert Commune.objects.count() == 166
    assert Office.objects.count() >= 30
