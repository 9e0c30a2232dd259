"""The closed choices of the report form: claimed office, demands, further questions.

A demand box says less than an action code of the taxonomy, so the box is stored as ticked;
`actions_for` returns its codes. The answer to a further question is a code, never free text: it is
not personal data, and an erasure leaves it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from django_stubs_ext import StrPromise

# The six that most people name, then the rest.
OFFICES = [
    ("police", _("Công an")),
    ("provincial_leader", _("Lãnh đạo tỉnh, sở")),
    ("court_procuracy", _("Tòa án, viện kiểm sát")),
    ("bank", _("Ngân hàng")),
    ("utility", _("Điện lực, nhà mạng")),
    ("public_service", _("Thuế, bảo hiểm, VNeID")),
    ("other", _("Khác, không nhớ")),
]


@dataclass(frozen=True)
class DemandGroup:
    """A box: its code, its label, the actions that it may mean."""

    code: str
    label: str
    actions: tuple[str, ...]


GROUPS = (
    DemandGroup("threat", gettext_noop("Dọa bắt, phạt, cắt điện, khóa SIM"), ()),
    DemandGroup(
        "money",
        gettext_noop("Đòi chuyển tiền, rút tiền"),
        ("transfer_money", "withdraw_cash", "deposit_advance", "pay_fee"),
    ),
    DemandGroup(
        "secrets", gettext_noop("Hỏi mã OTP, mật khẩu, số thẻ"), ("give_otp", "give_bank_info")
    ),
    DemandGroup(
        "software",
        gettext_noop("Bảo cài app, bấm link, quét mã"),
        ("install_app", "click_link", "scan_qr", "screen_share"),
    ),
    DemandGroup(
        "identity",
        gettext_noop("Hỏi căn cước, quét khuôn mặt"),
        ("give_personal_id", "give_biometric"),
    ),
    DemandGroup(
        "isolation", gettext_noop("Dặn giữ bí mật, ra chỗ vắng"), ("keep_secret", "move_hotel")
    ),
    DemandGroup(
        "contact",
        gettext_noop("Rủ kết bạn Zalo, gọi video"),
        ("add_zalo", "video_call", "call_back"),
    ),
    DemandGroup("promise", gettext_noop("Hứa giúp, hứa quà, hoàn tiền"), ()),
)
_BY_CODE = {group.code: group for group in GROUPS}
ACTIONS = frozenset(action for group in GROUPS for action in group.actions)


def is_known(code: str) -> bool:
    """Return whether a demand is a box or an action of the taxonomy."""
    return code in _BY_CODE or code in ACTIONS


def actions_for(code: str) -> tuple[str, ...]:
    """Return the actions that a stored demand may mean, () for an unknown one."""
    if code in ACTIONS:
        return (code,)
    group = _BY_CODE.get(code)
    return group.actions if group else ()


def demand_label(code: str) -> str:
    """Return the label of a box, the code itself for an action or an unknown code."""
    group = _BY_CODE.get(code)
    return group.label if group else code


@dataclass(frozen=True)
class Question:
    """A further question: the name of its form field, its label, its choices by code."""

    code: str
    label: str | StrPromise
    choices: Mapping[str, str | StrPromise]


QUESTIONS: tuple[Question, ...] = ()


def parse_answers(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the answers by question among posted fields; an unknown choice is no answer."""
    return {
        question.code: fields[question.code]
        for question in QUESTIONS
        if fields.get(question.code) in question.choices
    }


def list_answers(answers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the labels of each answered question and its answer, else its code."""
    for question in QUESTIONS:
        if code := answers.get(question.code):
            yield str(question.label), str(question.choices.get(code, code))
