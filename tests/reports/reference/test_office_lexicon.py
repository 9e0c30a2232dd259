"""The officers' table of offices, as it is recognised in stories."""

from unittest import mock

import pytest
from django.db import OperationalError
from django.db.models import QuerySet
from pytest_django import DjangoAssertNumQueries

from portal.management import reference_data
from reports.extraction.impersonation import claims
from reports.extraction.language.cue_matcher import tokenize
from reports.models import Office
from reports.reference import gazetteer, office_lexicon

pytestmark = pytest.mark.django_db


def find_offices(text: str) -> list[str]:
    found = claims.claims_in_story(tokenize(text), office_lexicon.office_lexicon())
    return [code for claim in found for code in claim.offices]


def test_a_row_that_an_officer_adds_is_recognised_by_its_other_names_and_removed_no_more() -> None:
    Office.objects.create(codename="kho-bac", name="Kho bạc", other_names=["kho bạc nhà nước"])
    assert find_offices("Nó xưng bên kho bạc nhà nước.") == ["kho-bac"]
    assert office_lexicon.label("kho-bac") == "Kho bạc"
    Office.objects.filter(pk="kho-bac").delete()
    office_lexicon.clear_cache()
    assert find_offices("Nó xưng bên kho bạc nhà nước.") == []


def test_the_table_is_not_asked_for_every_story_and_names_that_did_not_change_not_built_anew(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    reference_data.load_offices()
    reference_data.load_communes()
    first = office_lexicon.office_lexicon()
    with django_assert_num_queries(0):
        assert office_lexicon.office_lexicon() is first
    office_lexicon._offices.expires_at = 0
    assert office_lexicon.office_lexicon() is first


def test_what_was_read_last_stands_while_the_database_is_away() -> None:
    reference_data.load_offices()
    reference_data.load_communes()
    first = office_lexicon.office_lexicon()
    office_lexicon._offices.expires_at = 0
    with mock.patch.object(QuerySet, "__iter__", side_effect=OperationalError):
        assert office_lexicon.office_lexicon() is first
        office_lexicon.clear_cache()
        with pytest.raises(OperationalError):
            office_lexicon.office_lexicon()


def test_the_data_files_say_the_same_as_the_rows_made_from_them() -> None:
    reference_data.load_offices()
    reference_data.load_communes()
    text = "Trưởng công an xã Hoằng Hóa gọi, nối máy sang công an phường Lam Sơn."
    rows, files = (
        claims.merge_claims(claims.claims_in_story(tokenize(text), names))
        for names in (office_lexicon.office_lexicon(), office_lexicon.bundled_lexicon())
    )
    assert rows.offices == files.offices
    assert sorted(rows.communes) == sorted(files.communes)


def test_an_unknown_code_stands_for_itself() -> None:
    for table in (office_lexicon._offices, gazetteer._communes):
        table.expires_at = float("inf")
    assert office_lexicon.label("x") == office_lexicon.commune("x") == "x"
    assert office_lexicon.label("cong-an") == "Công an, không rõ cấp nào"
