"""Where people live, as they write it."""

from unittest.mock import Mock

import pytest
from django.db import OperationalError

from reports.reference import gazetteer
from reports.reference.gazetteer import AMBIGUOUS, UNKNOWN, CommunePlace, match_place
from tests.support.data_files import read_cases

PLACES = (
    CommunePlace(
        "xa_lam_son", "Xã Lam Sơn", ("Huyện Thọ Xuân",), ("Thị trấn Lam Sơn", "Xã Xuân Bái")
    ),
    CommunePlace("xa_tho_xuan", "Xã Thọ Xuân", ("Huyện Thọ Xuân",), ("Thị trấn Thọ Xuân",)),
    CommunePlace("xa_minh_son", "Xã Minh Sơn", ("Huyện Ngọc Lặc",), ("Xã Lam Sơn", "Xã Minh Sơn")),
    CommunePlace(
        "phuong_hac_thanh", "Phường Hạc Thành", ("Thành phố Thanh Hóa",), ("Phường Lam Sơn",)
    ),
    CommunePlace("xa_ngoc_lien", "Xã Ngọc Liên", ("Huyện Ngọc Lặc",), ()),
    CommunePlace("xa_ba_dinh", "Xã Ba Đình", ("Huyện Nga Sơn",), ("Xã Nga Văn",)),
)


@pytest.mark.parametrize(("typed", "codename", "why"), read_cases("places.json", "found"))
def test_a_place_is_found(typed: str, codename: str, why: str) -> None:
    assert match_place(typed, PLACES).codename == codename, why


@pytest.mark.parametrize(
    ("typed", "among"),
    [
        ("Lam Sơn", {"xa_lam_son", "xa_minh_son", "phuong_hac_thanh"}),
        ("xã lam son", {"xa_lam_son", "xa_minh_son"}),
        ("Thọ Xuân", {"xa_lam_son", "xa_tho_xuan"}),
        ("huyện Thọ Xuân", {"xa_lam_son", "xa_tho_xuan"}),
        ("xa ngoc lac", {"xa_minh_son", "xa_ngoc_lien"}),  # people call a district a commune
        ("Xã Lam Sơn, Nga Sơn", {"xa_lam_son", "xa_ba_dinh"}),
    ],
)
def test_the_same_name_in_two_places_is_never_settled(typed: str, among: set[str]) -> None:
    match = match_place(typed, PLACES)
    assert (match.codename, match.flag) == (None, AMBIGUOUS)
    assert among <= set(match.candidates)


@pytest.mark.parametrize("typed", ["ngoc lac", "xa ngoc lac", "huyen ngoc lac"])
def test_a_district_is_known_as_one_whatever_it_is_called(typed: str) -> None:
    match = match_place(typed, PLACES)
    assert (match.name, match.is_district) == ("Huyện Ngọc Lặc", True)


@pytest.mark.parametrize("typed", ["Lam Sn", "Hà Nội", "😱", "x", "xã", "1", "lam " * 100_000])
def test_an_unknown_place_is_said_to_be_unknown(typed: str) -> None:
    assert match_place(typed, PLACES) == gazetteer.PlaceMatch(flag=UNKNOWN)


@pytest.mark.parametrize("typed", ["", "  \n"])
def test_no_place_is_no_trouble_and_without_a_table_any_is_unknown(typed: str) -> None:
    assert match_place(typed, PLACES) == gazetteer.PlaceMatch()
    assert match_place("Lam Sơn", ()).flag == UNKNOWN


@pytest.mark.usefixtures("reference_rows")
def test_every_label_of_the_real_table_leads_to_its_own_commune_and_no_name_to_another() -> None:
    table = gazetteer.communes()
    assert len(table) == len({place.label for place in table}) == 166
    for place in table:
        assert match_place(place.label, table).codename == place.codename
        match = match_place(place.name, table)
        assert match.codename == place.codename or place.codename in match.candidates
    match = match_place("thanh lam", table)  # names that differ by their marks
    assert (match.flag, match.name) == (AMBIGUOUS, "Thành Lâm / Thanh Lâm")


@pytest.mark.usefixtures("reference_rows")
@pytest.mark.parametrize("typed", ["Tĩnh Gia", "huyen tinh gia", "H. Tĩnh Gia, Thanh Hóa"])
def test_what_was_a_whole_district_is_not_settled_as_the_ward_of_its_name(typed: str) -> None:
    match = match_place(typed, gazetteer.communes())
    assert (match.codename, match.flag, len(match.candidates)) == (None, AMBIGUOUS, 10)
    assert match_place("phường Tĩnh Gia", gazetteer.communes()).codename == "phuong_tinh_gia"


@pytest.mark.usefixtures("reference_rows")
def test_while_the_database_is_away_the_communes_stay_known_and_none_is_made_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = gazetteer.communes()
    away = Mock(side_effect=OperationalError)
    monkeypatch.setattr(gazetteer._communes, "expires_at", 0.0)
    with monkeypatch.context() as outage:
        outage.setattr(gazetteer._communes, "read", away)
        assert gazetteer.communes() == table
    assert gazetteer.communes() is table  # and the database is left alone for a while
    monkeypatch.setattr(gazetteer._communes, "read", away)
    gazetteer.clear_cache()
    with pytest.raises(OperationalError):
        gazetteer.communes()
