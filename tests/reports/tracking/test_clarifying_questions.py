"""What a report leaves open is asked back, in words that its reporter can answer."""

from dataclasses import replace

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from reports.extraction.language.amounts import parse_money_field
from reports.extraction.loss.classifier import Loss, ToldSum
from reports.reference.gazetteer import CommunePlace
from reports.tracking.clarifying_questions import ClarifyingQuestion, ReporterInput, open_questions
from tests.support.data_files import read_cases

PLACES = (
    CommunePlace("xa_lam_son", "Xã Lam Sơn", ("Huyện Thọ Xuân",), ("Thị trấn Lam Sơn",)),
    CommunePlace("xa_minh_son", "Xã Minh Sơn", ("Huyện Ngọc Lặc",), ("Xã Lam Sơn",)),
    CommunePlace("xa_ba_dinh", "Xã Ba Đình", ("Huyện Nga Sơn",), ("Xã Nga Văn",)),
)
CALLER = "0992 000 123"


def ask(**words: object) -> list[ClarifyingQuestion]:
    return open_questions(ReporterInput(**words), PLACES)  # type: ignore[arg-type]


def one(**words: object) -> ClarifyingQuestion:
    (question,) = ask(**words)
    return question


def test_a_plain_report_is_asked_nothing() -> None:
    fields = {"caller_number": CALLER, "commune": "Ba Đình", "contact": "0550 000 111"}
    assert ask(**fields, phrase="ấm và chảo", flags=("same_network", "flood")) == []


@pytest.mark.parametrize("flag", ["too_fast", "trap_filled", "address_busy", "same_words"])
def test_who_looks_like_a_machine_is_asked_for_a_sentence(flag: str) -> None:
    question = one(caller_number=CALLER, flags=(flag,))
    assert question.field == "story"
    assert "Tin đã nhận" in question.text
    (only,) = ask(missing=("story",), flags=(flag,))
    assert "chưa có lời kể" in only.text


def test_a_readable_sum_is_said_in_words_of_the_page_to_confirm() -> None:
    question = one(money="35.500.000đ")
    assert question.field == "money_lost_vnd"
    sum_in_words = "35.500.000 đồng (ba mươi lăm triệu năm trăm nghìn đồng)"
    assert question.text == f"Có phải {sum_in_words} không?"
    with translation.override("en"):
        assert "thirty-five million five hundred thousand đồng" in one(money="35,5 triệu").text


def make_loss(state: str, *paid: int) -> Loss:
    return Loss(state, tuple(ToldSum(dong, "paid", 0, 1, "") for dong in paid))


def test_the_sums_of_a_story_are_offered_where_it_has_no_plain_total() -> None:
    question = one(loss=make_loss("some", 90_000_000, 80_000_000, 80_000_000))
    assert question.field == "money_lost_vnd"
    assert question.choices == (
        ("250000000 đồng", "Mất cả: 250.000.000 đồng (hai trăm năm mươi triệu đồng)"),
        ("90000000 đồng", "Chỉ mất 90.000.000 đồng"),
        ("80000000 đồng", "Chỉ mất 80.000.000 đồng"),
        ("", "Số khác, hoặc chưa rõ"),
    )
    values = [parse_money_field(answer).value for answer, _ in question.choices]
    assert values == [250_000_000, 90_000_000, 80_000_000, None]


def test_who_says_both_nothing_lost_and_paid_is_asked_which() -> None:
    question = one(loss=make_loss("unclear", 12_000_000))
    assert "Có chỗ bạn nói chưa mất tiền" in question.text
    assert [answer for answer, _ in question.choices] == ["0 đồng", "12000000 đồng", ""]


def test_a_plain_total_is_not_asked_about() -> None:
    assert ask(loss=replace(make_loss("some", 5_000_000), proposed_vnd=5_000_000)) == []
    assert ask(loss=make_loss("none")) == ask(loss=make_loss("unclear")) == []


@pytest.mark.parametrize(("typed", "sentence"), read_cases("clarifying_questions.json", "sums"))
def test_a_sum_that_cannot_be_read_is_quoted_and_asked(typed: str, sentence: str) -> None:
    assert sentence in one(money=typed).text


@pytest.mark.parametrize("typed", ["", "  ", "0", "không mất"])
def test_nothing_lost_is_no_question(typed: str) -> None:
    assert ask(money=typed) == []


def test_the_same_old_name_in_two_districts_is_asked_about() -> None:
    question = one(commune="lam sơn")
    assert question.text == "Trước đây có mấy nơi tên Lam Sơn. Chọn một:"
    assert question.choices == (
        ("xa_lam_son", "Xã Lam Sơn (Thọ Xuân cũ)"),
        ("xa_minh_son", "Xã Minh Sơn (Ngọc Lặc cũ)"),
        ("", "Nơi khác, hoặc không rõ"),
    )


@pytest.mark.parametrize("typed", ["tho xuan", "huyen Tho Xuan", "h. thọ xuân cũ", "Thọ Xuân"])
def test_a_district_is_asked_for_its_commune(typed: str) -> None:
    place = CommunePlace("xa_tho_xuan", "Xã Thọ Xuân", ("Huyện Thọ Xuân",), ("Thị trấn Thọ Xuân",))
    (question,) = open_questions(ReporterInput(commune=typed), (*PLACES, place))
    assert question.text == "Huyện Thọ Xuân cũ nay chia thành nhiều xã. Bạn ở xã nào?"


def test_an_unknown_place_is_asked_once_more_unless_the_list_of_communes_is_away() -> None:
    question = one(commune="Lam Sn")
    assert question.text.startswith("Chưa tìm thấy “Lam Sn”.")
    assert question.choices == ()
    assert open_questions(ReporterInput(commune="Lam Sn"), ()) == []


@pytest.mark.parametrize(
    ("words", "field", "sentence"), read_cases("clarifying_questions.json", "numbers")
)
def test_a_number_that_cannot_be_is_kept_and_asked_about(
    words: dict[str, str], field: str, sentence: str
) -> None:
    question = one(**words)
    assert question.field == field
    assert sentence in question.text


def test_what_is_sealed_is_not_repeated_in_a_question() -> None:
    questions = ask(contact="0992000", phrase="số 0992000", caller_number=CALLER)
    assert [question.field for question in questions] == ["contact_phone", "callback_phrase"]
    assert not [question for question in questions if "0992000" in question.text]


@pytest.mark.parametrize(
    ("phrase", "why"),
    [
        ("gọi từ số 0992000123", "số của bạn hoặc số gọi đến"),
        ("4711 4712", "ngắn quá"),
        ("ấm", "ngắn quá"),
        ("Mật khẩu là gì", "Nhiều người hay đặt câu như vậy"),
        ("mat khau 123", "Nhiều người hay đặt câu như vậy"),
    ],
)
def test_a_phrase_that_is_easy_to_guess_is_asked_for_anew_for_its_own_reason(
    phrase: str, why: str
) -> None:
    (question,) = ask(phrase=phrase, contact="0550 000 111", caller_number=CALLER)
    assert question.field == "callback_phrase"
    assert "kẻ gian dễ đoán. Chọn câu khác" in question.text
    assert why in question.text


def test_masked_digits_may_have_been_the_account_that_the_money_went_to() -> None:
    assert one(flags=("masked_card", "flood")).field == "accounts"


def test_what_is_quoted_stays_short_and_cannot_turn_the_line_around() -> None:
    assert len(one(money="lắm " * 10_000).text) < 200
    assert "“abc”" in one(money="a\u202eb\x07c").text


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_whatever_was_typed_the_questions_can_be_asked(
    caller: str, money: str, commune: str, contact: str
) -> None:
    questions = ask(caller_number=caller, money=money, commune=commune, contact=contact)
    assert all(question.field and question.text for question in questions)
    assert len({question.field for question in questions}) == len(questions)
