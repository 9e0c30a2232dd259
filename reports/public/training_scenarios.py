"""Texts of the training pages: invented situations, and an invented call line by line.

Nobody in them is real; numbers are of an unassigned range.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.province_names import insert_hotline


class Answer(StrEnum):
    FAKE = "fake"
    GENUINE = "genuine"
    UNSURE = "unsure"


_WORDS = {Answer.FAKE: _("Giả"), Answer.GENUINE: _("Thật"), Answer.UNSURE: _("Chưa chắc")}


@dataclass(frozen=True)
class Choice:
    """One of the three answers; `reply`: correct, unsure or mistaken."""

    value: str
    word: Promise
    reply: str


@dataclass(frozen=True)
class QuizQuestion:
    """A call or a message: how it comes, its words, its telltale sign, what to do."""

    how: Promise
    said: Promise
    answer: Answer
    sign: Promise
    act: Promise

    @property
    def word(self) -> Promise:
        return _WORDS[self.answer]

    def choices(self) -> Iterator[Choice]:
        """Yield the answers; doubt is never called wrong."""
        for value, word in _WORDS.items():
            other = "unsure" if value == Answer.UNSURE else "mistaken"
            yield Choice(value, word, "correct" if value == self.answer else other)


SITUATIONS = (
    QuizQuestion(
        _("Gọi điện, số di động lạ"),
        _("“Tôi là cán bộ Công an tỉnh. Bác có tên trong vụ rửa tiền. Không được kể với ai.”"),
        Answer.FAKE,
        _("Dọa có vụ án, rồi dặn giữ kín."),
        _("Cúp máy. Kể ngay với người nhà."),
    ),
    QuizQuestion(
        _("Tin nhắn mang tên ngân hàng"),
        _("“Tài khoản của bạn sắp bị khóa. Bấm vào đường link để mở lại.”"),
        Answer.FAKE,
        _("Dọa khóa tài khoản, bảo bấm đường link. Tên người gửi có thể bị giả."),
        _("Đừng bấm. Muốn hỏi, tự bấm số in trên thẻ."),
    ),
    QuizQuestion(
        _("Bạn tự gọi số in ở mặt sau thẻ"),
        _("Nhân viên hỏi tên bạn, nghe bạn kể, rồi khóa thẻ giúp. Không hỏi mã OTP, mật khẩu."),
        Answer.GENUINE,
        _("Bạn tự bấm số in trên thẻ. Họ không hỏi mã, không đòi tiền."),
        _("Nghi thì cúp máy, rồi tự bấm số in trên thẻ như vậy."),
    ),
    QuizQuestion(
        _("Zalo, người xưng là cán bộ xã"),
        _("“Xã mới sáp nhập. Bác quét mã vuông này để cập nhật quê quán.”"),
        Answer.FAKE,
        _("Làm giấy tờ qua Zalo, bảo quét mã vuông (QR)."),
        _("Đừng quét. Ra ủy ban xã, phường hỏi."),
    ),
    QuizQuestion(
        _("Màn hình hiện tên CONG AN"),
        _("Họ chỉ hỏi bạn có nhà không, hẹn chiều gọi lại."),
        Answer.UNSURE,
        _("Tên hiện trên máy có thể bị giả. Chưa đòi gì cũng chưa chắc là thật."),
        insert_hotline(_("Cúp máy. Tự bấm {hotline} để hỏi.")),
    ),
    QuizQuestion(
        _("Gọi điện, xưng là nhân viên điện lực"),
        _("“Nhà bác nợ tiền điện, chiều nay cắt. Cài ứng dụng tôi gửi để đóng tiền.”"),
        Answer.FAKE,
        _("Dọa cắt điện ngay, bảo cài ứng dụng."),
        _("Đừng cài. Tự bấm số in trên hóa đơn tiền điện để hỏi."),
    ),
    QuizQuestion(
        _("Bạn đã báo tin ở đây và để lại số"),
        _("Người gọi đọc đúng câu hẹn của bạn trước, rồi hỏi thêm họ gọi lúc mấy giờ."),
        Answer.GENUINE,
        _("Câu hẹn chỉ bạn và công an biết, và họ đọc trước."),
        _("Trả lời được. Nhưng hễ đòi tiền, hỏi mã thì cúp máy."),
    ),
    QuizQuestion(
        _("Gọi điện, xưng là thầy giáo"),
        _("“Con chị ngã, đang cấp cứu. Chuyển viện phí ngay mới kịp mổ.”"),
        Answer.FAKE,
        _("Báo tin dữ, giục chuyển tiền ngay."),
        _("Cúp máy. Tự gọi cho con, cho trường, cho người nhà."),
    ),
)


@dataclass(frozen=True)
class DialogueLine:
    """A line of the call; of the caller's also its purpose, and why it works."""

    speaker: Promise
    said: Promise
    doing: Promise | None = None
    why: Promise | None = None

    @property
    def is_residents(self) -> bool:
        return self.speaker is _YOU


_FIRST = _("Người gọi thứ nhất")
_SECOND = _("Người gọi thứ hai")
_YOU = _("Bạn")

SCAM_CALL = (
    DialogueLine(
        _FIRST,
        _("“Tôi giao hàng đây. Bác có gói hàng bị giữ, trong có giấy của công an.”"),
        _("Bắt chuyện"),
        _("Mở đầu bằng chuyện nhỏ, ai cũng có thể gặp, để bạn nghe tiếp."),
    ),
    DialogueLine(_YOU, _("“Tôi có gửi gì đâu.”")),
    DialogueLine(
        _FIRST,
        _("“Vậy là có người lấy tên bác. Để tôi nối máy sang công an cho bác.”"),
        _("Chuyền máy"),
        _("Người thứ hai nghe như ở cơ quan khác. Thật ra họ cùng một nhóm."),
    ),
    DialogueLine(
        _SECOND,
        _("“Tôi là Nguyễn Văn A, Công an tỉnh. Tôi đọc số căn cước của bác, bác nghe đúng không.”"),
        _("Ra oai"),
        _("Tên, chức vụ, số căn cước nghe rất thật. Ai có số của bạn cũng đọc được."),
    ),
    DialogueLine(
        _SECOND,
        _("“Gói hàng có ma túy. Lệnh bắt bác đã ký, mai là thi hành.”"),
        _("Dọa"),
        _("Sợ thì không kịp nghĩ. Họ chờ đúng lúc đó."),
    ),
    DialogueLine(_YOU, _("“Trời ơi, tôi có biết gì đâu.”")),
    DialogueLine(
        _SECOND,
        _("“Việc này bí mật. Bác vào phòng, khóa cửa, giữ máy, không được kể với vợ con.”"),
        _("Tách bạn ra"),
        _("Không cho bạn gặp người có thể ngăn bạn. Người cấm bạn kể chính là kẻ gian."),
    ),
    DialogueLine(
        _SECOND,
        _("“Bác chuyển hết tiền vào tài khoản này để kiểm tra. Sạch thì chiều trả lại.”"),
        _("Đòi tiền"),
        _("Việc này họ nhắm đến từ đầu. Chuyển rồi là mất."),
    ),
    DialogueLine(_YOU, _("“Tôi chỉ còn 30 triệu.”")),
    DialogueLine(
        _SECOND,
        _("“Chuyển 30 triệu trước. Thiếu thì vay nốt. Không thì tối nay có người đến bắt.”"),
        _("Ép thêm"),
        _("Chuyển một lần, họ đòi lần hai. Không nghe thì họ chửi mắng."),
    ),
    DialogueLine(
        _YOU,
        _("“Tôi ra công an xã hỏi đã.”"),
        _("Lối ra"),
        _("Câu này dùng được với mọi người gọi. Nói xong cúp luôn. Lúc nào cúp cũng kịp."),
    ),
)
