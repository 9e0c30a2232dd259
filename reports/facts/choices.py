"""What a caller demanded, as boxes of the report form. Pure: no Django.

A box of demands says less than an action code of the taxonomy (one box for "OTP, password, card number"), so
the box is stored as ticked; `actions_for` gives its codes.
"""

from dataclasses import dataclass


def gettext_noop(words: str) -> str:
    """Mark words for the translators; whoever shows them has them translated."""
    return words


@dataclass(frozen=True)
class DemandGroup:
    """One box: its code, its words, the actions that it may mean (none: no action of the
    taxonomy says it).
    """

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
    """Whether a demand is one of the boxes or one of the taxonomy's actions."""
    return code in _BY_CODE or code in ACTIONS


def actions_for(code: str) -> tuple[str, ...]:
    """The actions that a stored demand may mean; of an unknown one, none."""
    if code in ACTIONS:
        return (code,)
    group = _BY_CODE.get(code)
    return group.actions if group else ()


def demand_label(code: str) -> str:
    """The words of a box; an action or an unknown code stands for itself."""
    group = _BY_CODE.get(code)
    return group.label if group else code
