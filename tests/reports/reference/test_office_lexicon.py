"""The officers' table of institutions, as it is recognised in stories."""

from unittest import mock

import pytest
from django.db import OperationalError
from django.db.models import QuerySet
from pytest_django import DjangoAssertNumQueries

from portal.management import reference_data
from reports.extraction.impersonation import claims
from reports.models import Office
from reports.reference import office_lexicon


def find_offices(text: str) -> list[str]:
    return [
        code
        for claim in claims.claims_in_story(text, office_lexicon.office_lexicon())
        for code in claim.offices
    ]


@pytest.mark.django_db
def test_a_row_that_an_officer_adds_is_recognised_by_its_other_names() -> None:
    Office.objects.create(codename="kho-bac", name="Kho bạc", other_names=["kho bạc nhà nước"])
    assert find_offices("Nó xưng bên kho bạc nhà nước.") == ["kho-bac"]
    assert office_lexicon.label("kho-bac") == "Kho bạc"


@pytest.mark.django_db
def test_a_row_that_an_officer_removes_is_recognised_no_more() -> None:
    reference_data.load_offices()
    assert find_offices("Điện lực gọi bảo cắt điện.") == ["dien-luc"]
    Office.objects.filter(pk="dien-luc").delete()
    office_lexicon.clear_cache()
    assert find_offices("Điện lực gọi bảo cắt điện.") == []


@pytest.mark.django_db
def test_the_table_is_not_asked_for_every_story(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    reference_data.load_offices()
    reference_data.load_communes()
    office_lexicon.office_lexicon()
    with django_assert_num_queries(0):
        assert office_lexicon.office_lexicon() is office_lexicon.office_lexicon()


@pytest.mark.django_db
def test_names_that_did_not_change_are_not_built_anew() -> None:
    reference_data.load_offices()
    first = office_lexicon.office_lexicon()
    office_lexicon._table.due = 0
    assert office_lexicon.office_lexicon() is first


@pytest.mark.django_db
def test_what_was_read_last_stands_while_the_database_is_away() -> None:
    first = office_lexicon.office_lexicon()
    office_lexicon._table.due = 0
    with mock.patch.object(QuerySet, "__iter__", side_effect=OperationalError):
        assert office_lexicon.office_lexicon() is first
        office_lexicon.clear_cache()
        with pytest.raises(OperationalError):
            office_lexicon.office_lexicon()


@pytest.mark.django_db
def test_the_data_files_say_the_same_as_the_rows_made_from_them() -> None:
    reference_data.load_offices()
    reference_data.load_communes()
    text = "Trưởng công an xã Hoằng Hóa gọi, nối máy sang công an phường Lam Sơn."
    rows, files = (
        claims.merge_claims(claims.claims_in_story(text, names))
        for names in (office_lexicon.office_lexicon(), office_lexicon.bundled_lexicon())
    )
    assert rows.offices == files.offices
    assert sorted(rows.communes) == sorted(files.communes)


def test_an_unknown_code_stands_for_itself() -> None:
    office_lexicon._table.due = float("inf")
    assert office_lexicon.label("x") == office_lexicon.commune("x") == "x"
    assert office_lexicon.label("cong-an") == "Công an, không rõ cấp nào"
