"""The officers' table of institutions, as it is recognised in stories."""

from unittest import mock

import pytest
from django.db import OperationalError
from django.db.models import QuerySet
from pytest_django import DjangoAssertNumQueries

from reports.extraction.impersonation import claims as claimed
from reports.management import reference_data as reference
from reports.models import Office
from reports.reference import office_lexicon as office_names


def found(text: str) -> list[str]:
    return [
        code for claim in claimed.of_story(text, office_names.names()) for code in claim.offices
    ]


@pytest.mark.django_db
def test_a_row_that_an_officer_adds_is_recognised_by_its_other_names() -> None:
    Office.objects.create(codename="kho-bac", name="Kho bạc", other_names=["kho bạc nhà nước"])
    assert found("Nó xưng bên kho bạc nhà nước.") == ["kho-bac"]
    assert office_names.label("kho-bac") == "Kho bạc"


@pytest.mark.django_db
def test_a_row_that_an_officer_removes_is_recognised_no_more() -> None:
    reference.load_offices()
    assert found("Điện lực gọi bảo cắt điện.") == ["dien-luc"]
    Office.objects.filter(pk="dien-luc").delete()
    office_names.forget()
    assert found("Điện lực gọi bảo cắt điện.") == []


@pytest.mark.django_db
def test_the_table_is_not_asked_for_every_story(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    reference.load_offices()
    reference.load_communes()
    office_names.names()
    with django_assert_num_queries(0):
        assert office_names.names() is office_names.names()


@pytest.mark.django_db
def test_names_that_did_not_change_are_not_built_anew() -> None:
    reference.load_offices()
    first = office_names.names()
    office_names._kept.due = 0
    assert office_names.names() is first


@pytest.mark.django_db
def test_what_was_read_last_stands_while_the_database_is_away() -> None:
    first = office_names.names()
    office_names._kept.due = 0
    with mock.patch.object(QuerySet, "__iter__", side_effect=OperationalError):
        assert office_names.names() is first
        office_names.forget()
        with pytest.raises(OperationalError):
            office_names.names()


@pytest.mark.django_db
def test_the_data_files_say_the_same_as_the_rows_made_from_them() -> None:
    reference.load_offices()
    reference.load_communes()
    text = "Trưởng công an xã Hoằng Hóa gọi, nối máy sang công an phường Lam Sơn."
    rows, files = (
        claimed.together(claimed.of_story(text, names))
        for names in (office_names.names(), office_names.shipped())
    )
    assert rows.offices == files.offices
    assert sorted(rows.communes) == sorted(files.communes)


def test_an_unknown_code_stands_for_itself() -> None:
    office_names._kept.due = float("inf")
    assert office_names.label("x") == office_names.commune("x") == "x"
    assert office_names.label("cong-an") == "Công an, không rõ cấp nào"
