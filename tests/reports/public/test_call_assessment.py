"""Which signs of a scam are found in what was said, and how sure the answer is."""

import pytest

from reports.public import call_assessment
from reports.public.call_assessment import CallAssessment, Strength
from reports.reference.office_lexicon import bundled_lexicon
from tests.support.data_files import read_csv

CLEAR, SOME, NONE = Strength.CLEAR, Strength.SOME, Strength.NONE


def assess(text: str, office: str = "", *demands: str) -> CallAssessment:
    return call_assessment.assess_call(text, office, demands, bundled_lexicon())


def quotes(text: str) -> dict[str, tuple[str, ...]]:
    return {sign.code: sign.quotes for sign in assess(text).signs}


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("công an tỉnh gọi bảo tôi dính vụ án rửa tiền, không được kể với ai", CLEAR),
        ("cong an goi noi toi lien quan vu an ma tuy", CLEAR),
        ("Ngân hàng gọi hỏi mã otp để khóa thẻ giúp", CLEAR),
        ("họ bảo tôi trúng thưởng xe máy, đóng phí 500 nghìn", CLEAR),
        ("[VCB] Tai khoan cua quy khach bi khoa, vao https://vcb-digibank.vip de mo", CLEAR),
        ("vào dichvucong-gov.top khai lại căn cước", CLEAR),
        ("lãnh đạo sở gọi nói có đơn tố cáo, bảo giữ kín, gặp riêng", CLEAR),
        ("police called me about a money laundering case and told me to keep secret", CLEAR),
        ("công an phường gọi bảo mai lên phường làm lại định danh mức 2, có thật không?", NONE),
        ("người ta bảo làm qua điện thoại, khỏi lên phường, đọc số căn cước là xong", CLEAR),
        ("nhà mạng bảo bấm **21*0550000123# để khỏi bị khóa sim", CLEAR),
        ("bảo hiểm nói tôi trục lợi rồi nối máy sang công an", CLEAR),
        ("trường thông báo đóng học phí tại phòng tài vụ", NONE),
        ("trường thông báo chuyển khoản học phí vào số tài khoản mới, giục nộp ngay", CLEAR),
        ("công an gọi", SOME),
        ("điện lực gọi bảo nợ tiền điện, bấm phím 9", SOME),
        ("bưu điện gọi báo có bưu phẩm chưa nhận, hẹn chiều giao", NONE),
        ("Bác sĩ bệnh viện gọi nhắc lịch tái khám thứ hai", NONE),
        ("", NONE),
    ],
)
def test_an_answer_is_one_of_three(text: str, strength: Strength) -> None:
    assert assess(text).strength == strength


@pytest.mark.parametrize(
    ("office", "demands", "strength"),
    [
        ("police", ["money"], CLEAR),
        ("police", ["threat"], CLEAR),
        ("bank", ["secrets"], CLEAR),
        ("", ["money", "isolation"], CLEAR),
        ("", ["promise"], SOME),
        ("police", [], SOME),
        ("other", ["contact"], SOME),
    ],
)
def test_boxes_alone_are_answered_too(office: str, demands: list[str], strength: Strength) -> None:
    assert assess("", office, *demands).strength == strength


def test_each_sign_stands_with_the_words_that_show_it() -> None:
    found = quotes("nó xưng công an, dọa bắt giam, bảo chuyển 50 triệu và không được kể với ai")
    assert "bắt giam" in " ".join(found["threat"])
    assert "chuyển 50 triệu" in " ".join(found["money"])
    assert "không được kể" in " ".join(found["isolation"])


@pytest.mark.parametrize(
    ("kind", "right", "tolerated"),
    [
        ("scam", {CLEAR}, {CLEAR, SOME}),
        ("early", {CLEAR, SOME}, {CLEAR, SOME}),
        ("genuine", {NONE}, {NONE, SOME}),
        ("unsure", {NONE, SOME}, {NONE, SOME}),
    ],
)
def test_questions_are_answered_as_a_person_answers_them(
    kind: str, right: set[Strength], tolerated: set[Strength]
) -> None:
    """Of a scam that demands something, one that demands nothing yet, a genuine call, and neither."""
    answers = {
        row["question"]: assess(row["question"]).strength
        for row in read_csv("questions.csv")
        if row["kind"] == kind
    }
    assert [each for each, answer in answers.items() if answer not in tolerated] == []
    assert sum(answer in right for answer in answers.values()) >= 0.95 * len(answers)


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("ngân hàng dặn đừng đọc mã otp cho ai", set()),
        ("họ không hỏi mật khẩu, mã OTP hay số thẻ", set()),
        ("công an nhắc mang căn cước lên xã", set()),
        ("shipper thu 150 nghìn khi nhận hàng", set()),
        ("họ bảo đọc mã otp, tôi không đọc", {"secrets"}),
        ("nó bảo không chuyển thì bắt giam", {"threat", "money"}),
        ("họ không hỏi mật khẩu mà bảo bấm link", {"software"}),
        ("không cần lên xã, gửi ảnh căn cước qua zalo", {"identity", "contact", "remote"}),
        ("tôi ra ngân hàng hỏi vì họ bảo nộp 5 triệu", {"money"}),
        ("ngân hàng không bao giờ gửi link", set()),
        ("dặn bà con không chuyển tiền, không đọc mã OTP", set()),
        ("cảnh giác kẻ gian giả danh công an đòi chuyển tiền", set()),
        ("nó bảo cảnh giác kẻ gian, chuyển tiền vào tài khoản an toàn", {"money"}),
        ("no bao doc ma otp", {"secrets"}),
        ("So du 2,310,000VND. ND: chuyen tien hoc", set()),
        ("công an bảo căn cước của tôi chưa có", set()),
    ],
)
def test_what_is_denied_advised_or_done_in_person_is_no_sign(text: str, signs: set[str]) -> None:
    assert quotes(text).keys() - {"claim"} == signs


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("gửi cho nó 3 củ", SOME),
        ("dua no 5 xi", SOME),
        ("tổ trưởng nhắn nộp tiền rác 25 nghìn", SOME),
        ("trường nhắn nộp học phí vào tài khoản của trường", NONE),
        ("trường nhắn nộp học phí vào số tài khoản mới ngay hôm nay", CLEAR),
        ("công ty chuyển lương 8 triệu vào tài khoản", NONE),
        ("gui cho con 3 trieu de lam giay to", NONE),
    ],
)
def test_a_sum_weighs_by_who_gets_it(text: str, strength: Strength) -> None:
    assert assess(text).strength == strength


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("nợ tiền điện, họ bảo trả qua cái link", "money", ("bảo trả qua cái link",)),
        ("công an gửi link tải VNeID mới", "software", ("tải VNeID mới", "gửi link")),
        ("nó xin mã otp", "secrets", ("xin mã otp",)),
        ("bắt chuyển hết tiền tiết kiệm", "money", ("bắt chuyển hết tiền tiết kiệm",)),
    ],
)
def test_a_quote_holds_what_is_demanded(text: str, code: str, words: tuple[str, ...]) -> None:
    assert quotes(text)[code] == words


def test_five_signs_are_shown_at_most_the_strongest_first() -> None:
    every = "xưng công an, dọa bắt giam, bảo chuyển 5 triệu, đọc mã otp, không được kể, gọi video, gấp trong hôm nay"
    codes = [sign.code for sign in assess(every).signs]
    assert codes[:2] == ["secrets", "isolation"]
    assert len(codes) == 5


def test_an_answer_of_some_signs_shows_one() -> None:
    answers = [assess(row["question"]) for row in read_csv("questions.csv")]
    assert [each for each in answers if each.strength == SOME and not each.signs] == []
    assert assess("", "police").signs


def test_words_with_which_nothing_is_demanded_are_no_sign() -> None:
    assert quotes("chị bán hàng gọi hỏi địa chỉ giao bánh chưng") == {}


def test_of_a_wide_claim_of_the_state_one_office_is_named_and_of_a_carrier_none() -> None:
    assert assess("công an gọi").offices == ("cong-an-tinh",)
    assert assess("nhà mạng gọi bảo khóa sim").offices == ()
