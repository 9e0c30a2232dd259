"""Where people live, as they write it."""

import pytest
from django.core.management import call_command
from django.db import OperationalError

from reports.reference import gazetteer as places
from reports.reference.gazetteer import AMBIGUOUS, UNKNOWN, Place, find

PLACES = (
    Place("xa_lam_son", "Xã Lam Sơn", ("Huyện Thọ Xuân",), ("Thị trấn Lam Sơn", "Xã Xuân Bái")),
    Place("xa_tho_xuan", "Xã Thọ Xuân", ("Huyện Thọ Xuân",), ("Thị trấn Thọ Xuân",)),
    Place("xa_minh_son", "Xã Minh Sơn", ("Huyện Ngọc Lặc",), ("Xã Lam Sơn", "Xã Minh Sơn")),
    Place("phuong_hac_thanh", "Phường Hạc Thành", ("Thành phố Thanh Hóa",), ("Phường Lam Sơn",)),
    Place("xa_ngoc_lien", "Xã Ngọc Liên", ("Huyện Ngọc Lặc",), ()),
    Place("xa_ba_dinh", "Xã Ba Đình", ("Huyện Nga Sơn",), ("Xã Nga Văn",)),
)


@pytest.mark.parametrize(
    ("typed", "codename"),
    [
        ("xa_lam_son", "xa_lam_son"),
        ("Xã Lam Sơn (Thọ Xuân)", "xa_lam_son"),
        ("Lam Sơn, Thọ Xuân", "xa_lam_son"),
        ("lam son tho xuan", "xa_lam_son"),
        ("LAM SƠN - huyện Thọ Xuân - tỉnh Thanh Hóa", "xa_lam_son"),
        ("xã Lam Sơn, h. Ngọc Lặc", "xa_minh_son"),
        ("P. Lam Sơn", "phuong_hac_thanh"),
        ("phường Lam Sơn, TP Thanh Hóa", "phuong_hac_thanh"),
        ("TT Lam Sơn", "xa_lam_son"),
        ("hac thanh", "phuong_hac_thanh"),
        ("xã Hạc Thành", "phuong_hac_thanh"),  # people keep the old type
        ("xuân bái", "xa_lam_son"),
        ("xã Thọ Xuân", "xa_tho_xuan"),
        ("  Ba Đình  ", "xa_ba_dinh"),
        ("Ba Đi\u0300nh", "xa_ba_dinh"),  # marks typed apart
    ],
)
def test_a_place_is_found(typed: str, codename: str) -> None:
    assert find(typed, PLACES).codename == codename


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
    found = find(typed, PLACES)
    assert (found.codename, found.flag) == (None, AMBIGUOUS)
    assert among <= set(found.candidates)


@pytest.mark.parametrize("typed", ["ngoc lac", "xa ngoc lac", "huyen ngoc lac"])
def test_a_district_is_known_as_one_whatever_it_is_called(typed: str) -> None:
    found = find(typed, PLACES)
    assert (found.name, found.is_district) == ("Huyện Ngọc Lặc", True)


@pytest.mark.parametrize("typed", ["Lam Sn", "Hà Nội", "😱", "x", "xã", "1", "lam " * 100_000])
def test_an_unknown_place_is_said_to_be_unknown(typed: str) -> None:
    assert find(typed, PLACES) == places.Found(flag=UNKNOWN)


@pytest.mark.parametrize("typed", ["", "  \n"])
def test_no_place_is_no_trouble(typed: str) -> None:
    assert find(typed, PLACES) == places.Found()


def test_without_a_table_nothing_is_known() -> None:
    assert find("Lam Sơn", ()).flag == UNKNOWN


@pytest.mark.django_db
def test_every_label_of_the_real_table_leads_to_its_own_commune() -> None:
    call_command("setup_desk")
    table = places.communes()
    assert len(table) == 166
    assert len({place.label for place in table}) == 166
    assert all(find(place.label, table).codename == place.codename for place in table)


@pytest.mark.django_db
def test_a_name_of_today_is_never_taken_for_another_commune() -> None:
    call_command("setup_desk")
    table = places.communes()
    for place in table:
        found = find(place.name, table)
        assert found.codename == place.codename or place.codename in found.candidates


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["Tĩnh Gia", "huyen tinh gia", "H. Tĩnh Gia, Thanh Hóa"])
def test_what_was_a_whole_district_is_not_settled_as_the_ward_of_its_name(typed: str) -> None:
    call_command("setup_desk")
    found = find(typed, places.communes())
    assert (found.codename, found.flag, len(found.candidates)) == (None, AMBIGUOUS, 10)
    assert find("phường Tĩnh Gia", places.communes()).codename == "phuong_tinh_gia"


@pytest.mark.django_db
def test_names_that_differ_by_their_marks_are_told_with_their_marks() -> None:
    call_command("setup_desk")
    found = find("thanh lam", places.communes())
    assert (found.flag, found.name) == (AMBIGUOUS, "Thành Lâm / Thanh Lâm")


@pytest.mark.django_db
def test_while_the_database_is_away_the_communes_stay_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    call_command("setup_desk")
    table = places.communes()
    monkeypatch.setattr(places._table, "due", 0.0)
    monkeypatch.setattr(places._Table, "read", away)
    assert places.communes() == table
    monkeypatch.undo()
    assert places.communes() is table  # and the database is left alone for a while


def test_without_a_database_from_the_start_no_commune_is_made_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places._Table, "read", away)
    with pytest.raises(OperationalError):
        places.communes()


def away(table: object) -> None:
    raise OperationalError
