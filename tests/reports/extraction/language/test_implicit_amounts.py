"""Sums whose unit goes without saying, balances, lists and repeated sums of a story."""

import pytest

from reports.extraction.language.amounts import parse_money_field
from reports.extraction.language.ngram_model import LinearModel, Scores
from reports.extraction.language.parsed_story import parse_story
from reports.extraction.loss.classifier import collect_loss_evidence, extract_loss, loss_features
from reports.extraction.loss.phrase_rules import PhraseEvidence, apply_phrase_rules

TABLE = LinearModel(("none", "unknown", "sum"), {}, {}, [], [0], b"", [])
SUM = Scores(TABLE, {"none": 0, "unknown": 0, "sum": 1}, (), ())  # money is gone


@pytest.mark.parametrize(
    ("story", "millions"),
    [
        ("Nó đòi 40. Tôi đưa 15 trước.", [40, 15]),
        ("tôi nộp 55, giấy phép có thật", [55]),
        ("gửi 48 triệu, chiều gửi thêm 12", [48, 12]),
        ("nạp 8 triệu, rồi 14, rồi 30.", [8, 14, 30]),
        ("đòi 20 triệu, em trả một nửa", [20, 10]),
        ("đòi 20 triệu, em đưa trước một nửa", [20, 10]),
        ("đòi 20 triệu, em đưa trước một nửa là 10 triệu", [20, 10]),
        ("gửi một lần 100, một lần 70 triệu", [100, 70]),
        ("bà cọc mười sáu, giữ năm", [16]),
        ("she sent twelve million", [12]),
        ("gửi ba lần, 20 với 20 rồi 25 triệu", [20, 20, 25]),
        ("Đợt đầu 30, đợt sau 22 triệu", [30, 22]),
        ("Chi 25, toi 30 trieu", [25, 30]),
        ("mất tầm 5, 6 triệu", [6]),
        ("mất 5, 6 triệu", [6]),
        ("lần đầu 20, 30 triệu", [30]),
        ("ngày 5, 3 triệu", [3]),
        ("số 0550 871 022, 3 triệu", [3]),
        ("gọi 3 lần rồi 5 triệu", [5]),
        ("20 với 25 triệu tôi chuyển", [20, 25]),
        ("nó đòi 20 với 25 triệu", [20, 25]),
        ("lần đầu 2, lần sau 3 tỷ", [2000, 3000]),
        ("tôi gửi 10 với 20 triệu, nó trả một nửa", [10, 20, 10]),
        ("chuyển bốn lần: 50, 50, 40, 24 triệu", [50, 50, 40, 24]),
        ("ứng ba lần là 15, 20, 30 triệu", [15, 20, 30]),
        ("bỏ vào ba lần, 50, 60 rồi 100 triệu", [50, 60, 100]),
        ("nạp lần lượt 20, 30 và 100 triệu", [20, 30, 100]),
        ("Lần 1: 10, lần 2: 20 triệu", [10, 20]),
        ("hai đợt 80 với 44 triệu", [80, 44]),
        ("Chuyển 5 triệu, 7, 20 triệu", [5, 7, 20]),
        ("Tôi chuyển 50, rồi 1 tỷ", [50, 1000]),
        ("Tôi chuyển 50 rồi 5 triệu nữa", [50, 5]),
        ("mất khoảng 20, 30 triệu", [30]),
        ("Mẹ em 72, 50 triệu trong sổ mất sạch", [50]),
        ("Tối 12, 8 triệu trong thẻ bay sạch", [8]),
        ("Em đặt bộ 3, 5 triệu", [5]),
        ("Em đưa 05, 3 triệu", [3]),
        ("20 và 21, 5 triệu bay mất", [5]),
        ("Lúc 9:30, 20 triệu bay mất", [20]),
        ("Lúc 9h30, 20 triệu bay mất", [20]),
        ("3 giờ 15, em 5 triệu", [5]),
        ("Mẹ em 72, có 50 triệu trong sổ", [50]),
        ("đặt iphone 15, 12 triệu", [12]),
        ("làm nhiệm vụ 2, 5 triệu", [5]),
        ("stk đuôi 456, 20 triệu", [20]),
        ("ở ngõ 12, 3 triệu", [3]),
        ("gọi 113, 5 triệu", [5]),
        ("toi nop " + "9" * 5000 + ", 5 trieu", [5]),
        ("tôi đưa 5 cái thẻ", []),
        ("nộp 10% trước", []),
        ("trả 3 lần", []),
        ("nó dùng tên giả", []),
        ("chuyển 5 triệu vào 15 con số nó gửi", [5]),
        ("chuyển 5 triệu, hắn đòi 113 luôn", [5]),
    ],
)
def test_a_sum_behind_a_verb_of_paying_needs_no_unit(story: str, millions: list[int]) -> None:
    values = [amount.value for amount in parse_story(story).sums]
    assert values == [many * 10**6 for many in millions]


@pytest.mark.parametrize(
    ("story", "thousands"),
    [
        ("một triệu tám trăm rưỡi đi", 1850),
        ("một triệu chín rưỡi, em còn cảm ơn", 1950),
        ("one million two hundred fifty", 1250),
        ("mất 1 trăm 30 triệu", 130_000),
        ("năm tám triệu mua xe", 58_000),
        ("mất bảy triệu sáu, đồng chí ấy lặn", 7600),
        ("mất một trăm mười hai triệu hai vợ chồng dành dụm", 112_000),
    ],
)
def test_a_sum_is_read_as_it_is_said(story: str, thousands: int) -> None:
    assert [amount.value for amount in parse_story(story).sums] == [thousands * 1000]


def test_some_millions_are_no_sum() -> None:
    assert not parse_story("mất năm ba triệu, chừng hai ba triệu, ba năm triệu").sums


def test_hundreds_listed_before_a_small_sum_are_thousands() -> None:
    values = [amount.value for amount in parse_story("Tôi cọc 400, 900, rồi 2 triệu 3").sums]
    assert values == [400_000, 900_000, 2_300_000]
    values = [amount.value for amount in parse_story("tôi nạp 300, 500, rồi 15 triệu").sums]
    assert values == [300_000, 500_000, 15_000_000]


def test_hundreds_beside_small_sums_are_thousands() -> None:
    values = [amount.value for amount in parse_story("nạp 300, nạp 2tr").sums]
    assert values == [300_000, 2_000_000]


def test_the_field_of_the_form_asks_for_the_unit() -> None:
    assert parse_money_field("15").problem == "no_unit"


@pytest.mark.parametrize(
    ("story", "loss"),
    [
        (
            "Tôi đọc mã. Trong thẻ có 9 triệu, tối xem chỉ còn đúng 200 nghìn, mất hết rồi.",
            8_800_000,
        ),
        ("Tôi bị lừa rồi: nộp 30 triệu tạm ứng, hôm sau nộp 60 triệu bảo đảm.", 90_000_000),
        ("Mua bảy hộp thuốc, mỗi hộp 1 triệu, tôi chuyển rồi, bị lừa.", 7_000_000),
        ("Tôi chuyển 35 triệu, ngân hàng chặn lại được 7 triệu.", 28_000_000),
        ("Em đóng phí hồ sơ 6 triệu, phí xác minh 15 triệu, bị lừa.", 21_000_000),
        ("Nâng hạn mức lên 100 triệu, phí hồ sơ 4 triệu. Em chuyển đủ rồi, bị lừa.", 4_000_000),
        ("Mất 5 triệu cọc, tiền xe 300 triệu chưa gửi.", 5_000_000),
        ("Tôi nạp 2 triệu, tiền lãi 9 triệu trên màn hình.", 2_000_000),
        ("Tôi chuyển 40 triệu rồi, tính cả tiền cọc 2 triệu.", 40_000_000),
        ("Tôi đã chuyển 40 triệu, trong đó phí hồ sơ 2 triệu và phí bảo hiểm 3 triệu.", 40_000_000),
        ("Nó đòi 50 triệu, trong đó tôi đã chuyển 5 triệu, bị lừa.", 5_000_000),
        ("Tôi chuyển 50 triệu, chưa kể cả 5 triệu phí cũng đã nộp.", 55_000_000),
        ("Nó bảo đóng năm hai, tôi mất 10 triệu.", 10_000_000),
        ("Tôi đọc mã, tài khoản bị trừ ba lần 15 triệu.", 45_000_000),
        ("Tài khoản bị trừ hai lần, 15 triệu và 2 triệu.", 17_000_000),
        ("Tôi chuyển 8 triệu, nó báo lỗi, tôi chuyển thêm 8 triệu.", 16_000_000),
        ("Tôi đóng 390 nghìn tiền thuế, họ trả lại 90 nghìn rồi cắt liên lạc.", 300_000),
        ("Mẹ em nạp 27 triệu, lúc đầu rút về được 2 triệu, giờ mất liên lạc.", 25_000_000),
        ("Họ bảo nộp 350 nghìn. Em nộp 350 nghìn, tới bữa ni chưa thấy chi.", 350_000),
        ("Mua 5 thẻ 500k rồi chuyển 3 triệu, bị lừa.", 5_500_000),
        ("Cứ thế ba người con mất 5 triệu.", 5_000_000),
        ("cu the ba nguoi con mat 5 trieu, bi lua", 5_000_000),
        ("Thẻ bị trừ hai lần, 15 triệu và 2 triệu.", 17_000_000),
        ("Mua thẻ cho ba người bạn hết 5 triệu, bị lừa.", 5_000_000),
        ("Tôi mua mười thẻ 500k đọc mã cho nó.", 5_000_000),
        ("Mất tiền rồi, sau lần 5 triệu đó tôi mới biết.", 5_000_000),
        ("toi nop " + "9" * 5000 + " lan 5 trieu, mat het", 5_000_000),
        ("Tôi nộp phí 900 nghìn, 1 triệu 5 rồi 600 nghìn.", 3_000_000),
        ("Con mượn chị 12 triệu với tiền con 15 triệu, con gửi hết cho họ.", 27_000_000),
        ("Nó đòi 30 triệu rồi tôi chuyển 5 triệu.", 5_000_000),
        ("Nó bảo nộp 30 triệu, cuối cùng tôi nộp 5 triệu.", 5_000_000),
        ("Nó đòi 30 triệu, cô Lan chuyển 5 triệu rồi.", 5_000_000),
        ("Vợ tôi bị lừa 12 triệu, anh trai bị lừa 8 triệu.", 20_000_000),
        ("Lần đầu chuyển 5 triệu, lần sau tôi chuyển 10 triệu.", 15_000_000),
        ("Hôm qua chuyển 5 triệu, hôm nay tôi chuyển 6 triệu.", 11_000_000),
        ("Nó yêu cầu cọc 2 triệu rồi tôi nộp thêm 8 triệu.", 10_000_000),
        ("Nạp 2 triệu, tôi nạp 5 triệu.", 7_000_000),
        ("Tôi phải chuyển 10 triệu rồi vợ tôi chuyển 5 triệu.", 15_000_000),
        ("Nó bảo nộp 3 triệu, lần sau tôi nộp 7 triệu.", 10_000_000),
        ("Họ rủ mua nhà, cọc 50 triệu, kín thôi. Em cọc 5 triệu.", 5_000_000),
        ("Tôi bị lừa mất 50 triệu, có lấy lại được 50 triệu không?", 50_000_000),
    ],
)
def test_what_is_gone_is_reckoned_from_what_is_told(story: str, loss: int) -> None:
    look = parse_story(story)
    assert extract_loss(look, collect_loss_evidence(look), SUM).value == loss


def test_what_phrases_say_is_heard_with_the_words() -> None:
    look = parse_story("Tôi đã chuyển 5 triệu")
    names = {gram.name for gram in loss_features(look, apply_phrase_rules(look))}
    assert {"?gone", ".chuyen $"} <= names
    assert "?no sum" in {gram.name for gram in loss_features(parse_story("Alo"), PhraseEvidence())}
