"""Parse an Open311 service request (GeoReport v2) into the members of the API's report, and describe
the services that it may name.

A service is whom the caller claimed to be. What the standard has no field for is an attribute, under
the name that the member has.
"""

import re
from typing import Any

from django.utils.translation import gettext_lazy as _

from core.form_data import Fields
from reports.facts import choices
from reports.models import Report
from reports.submission import json_fields
from reports.submission.form_parser import YES_NO
from reports.submission.forms import DAYS_OF_CALL, ReportForm
from reports.submission.json_fields import REPORT, MemberError

MEMBERS = {
    "description": "story",
    "address_string": "commune",
    "phone": "contact_phone",
    "email": "contact_email",
    "service_code": "claimed_office",
}
# What the standard has and no report has a place for: nobody is asked for a name or stands on a map.
LEFT_OUT = frozenset(
    (
        "api_key", "jurisdiction_id", "lat", "long", "address_id", "device_id", "account_id", "first_name",
        "last_name", "media_url",
    )
)  # fmt: skip
ATTRIBUTES = tuple(name for name in REPORT if name not in MEMBERS.values())
SERVICES = dict(choices.OFFICES)
_ATTRIBUTE = re.compile(r"attribute\[(\w+)\](?:\[\])?")
_GROUP = _("Cuộc gọi giả danh")
# Of the fields that have no label of their own on the page.
_LABELS = {
    "called_day": _("Họ gọi hôm nào?"),
    "called_on": _("Ngày họ gọi, ví dụ 2026-11-30"),
    "channel": _("Họ gọi bằng cách nào?"),
    "demands": _("Họ nói gì, muốn gì?"),
    "external_id": _("Mã ở nơi gửi"),
    "language": _("Người báo đọc tiếng nào?"),
    "money_lost": _("Đã mất tiền chưa?"),
}
_NAMES: dict[str, Any] = {
    "called_day": DAYS_OF_CALL,
    "channel": Report.Channel.choices,
    "demands": [(group.code, _(group.label)) for group in choices.GROUPS],
    "language": Report.Language.choices,
} | {question.code: question.choices.items() for question in choices.QUESTIONS}
_YES_NO = (("yes", _("Có")), ("no", _("Không")))


def parse_request(fields: Fields) -> dict[str, Any]:
    """Return the members of a report. Raises MemberError with the name of a field that there is not."""
    texts: dict[str, list[str]] = {}
    for name, typed in fields.lists():
        if name not in LEFT_OUT:
            texts.setdefault(_name_member(name), []).extend(typed)
    return {name: _convert(name, typed) for name, typed in texts.items()}


def _name_member(name: str) -> str:
    attribute = _ATTRIBUTE.fullmatch(name)
    if name in MEMBERS:
        return MEMBERS[name]
    if attribute and attribute[1] in ATTRIBUTES:
        return attribute[1]
    raise MemberError(name)


def _convert(name: str, texts: list[str]) -> Any:
    """Return the value that the member has in JSON. Raises MemberError."""
    if REPORT[name] is json_fields.parse_texts:
        return [text for text in texts if text.strip()]
    text = "\n".join(texts)
    if REPORT[name] is not json_fields.parse_answer or not text:
        return text or None
    if text not in YES_NO:
        raise MemberError(f"attribute[{name}]")
    return YES_NO[text]


def describe_services() -> list[dict[str, Any]]:
    """Return the services in the active language."""
    return [
        {
            "service_code": code,
            "service_name": name_service(code),
            "description": str(_("Có người gọi, xưng là người của nơi này, để lừa hoặc dọa.")),
            "metadata": True,
            "type": "realtime",
            "keywords": "",
            "group": str(_GROUP),
        }
        for code in SERVICES
    ]


def name_service(code: str) -> str:
    return f"{_GROUP}: {SERVICES[code]}"


def describe_attributes() -> list[dict[str, Any]]:
    """Return the attributes, alike for all services, in the active language."""
    return [_describe_attribute(name, order) for order, name in enumerate(ATTRIBUTES, 1)]


def _describe_attribute(name: str, order: int) -> dict[str, Any]:
    field = ReportForm.base_fields.get(name)
    label = _LABELS.get(name) or (field.label if field else name)
    is_list, is_answer = (
        REPORT[name] is json_fields.parse_texts,
        REPORT[name] is json_fields.parse_answer,
    )
    names = _YES_NO if is_answer else _NAMES.get(name, ())
    kind = (
        ("text" if is_list else "string")
        if not names
        else f"{'multi' if is_list else 'single'}valuelist"
    )
    return {
        "variable": True,
        "code": name,
        "datatype": kind,
        "required": False,
        "datatype_description": str(field.help_text) if field else "",
        "order": order,
        "description": str(label),
        "values": [{"key": key, "name": str(value)} for key, value in names],
    }
