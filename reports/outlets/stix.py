"""A finding as a STIX 2.1 object, in the words for numbers and accounts that OpenCTI reads.

Of TLP:GREEN: a copy on a public page is out of reach of whoever takes a finding back.
"""

from typing import Any

from django.conf import settings

from core.province import province
from reports.models import SubjectKind
from reports.outlets.listed_findings import CONFIDENCE, ListedFinding, format_utc

MEDIA_TYPE = "application/stix+json;version=2.1"
TLP_GREEN = "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da"
_NAMES = {
    SubjectKind.NUMBER: "Số kẻ gian đã dùng để gọi: {}",
    SubjectKind.ACCOUNT: "Tài khoản kẻ gian đã dùng để nhận tiền: {}",
    SubjectKind.LINK: "Trang kẻ gian đã dùng: {}",
}
_DESCRIPTION = "Hai cán bộ đã xác nhận. Không nói chủ là kẻ gian: số có thể bị làm giả, tài khoản có thể bị mượn."


def object_id(finding: ListedFinding) -> str:
    return f"indicator--{finding.id}"


def version_of(finding: ListedFinding) -> str:
    """Return when it was last modified; of each finding the last version alone is given out."""
    return format_utc(finding.changed_at, "milliseconds")


def build_object(finding: ListedFinding) -> dict[str, Any]:
    """Return the object; of one that has ended revoked, with its pattern, by which readers find it."""
    named = " ".join(filter(None, (finding.bank, finding.key)))
    built = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": object_id(finding),
        "created": format_utc(finding.confirmed_at, "milliseconds"),
        "modified": version_of(finding),
        "name": _NAMES[SubjectKind(finding.kind)].format(named),
        "description": _DESCRIPTION,
        "indicator_types": ["malicious-activity"],
        "pattern": build_pattern(finding),
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": format_utc(finding.confirmed_at, "milliseconds"),
        "valid_until": format_utc(finding.expires_at, "milliseconds"),
        "confidence": CONFIDENCE,
        "lang": "vi",
        # Without `url`, which would want the hash of a page that changes.
        "external_references": [
            {"source_name": province.police, "description": _describe_review()}
        ],
        "object_marking_refs": [TLP_GREEN],
    }
    return built | {"revoked": True} if finding.is_ended else built


def build_pattern(finding: ListedFinding) -> str:
    """Return the pattern: of an account with its bank, for the same digits at another are another's."""
    value = _quote(finding.key)
    if finding.kind == SubjectKind.NUMBER:
        return f"[phone-number:value = {value}]"
    if finding.kind == SubjectKind.ACCOUNT:
        bank = _quote(finding.bank)
        return f"[bank-account:account_number = {value} AND bank-account:x_bank = {bank}]"
    if "/" not in finding.key:
        return f"[domain-name:value = {value}]"
    urls = (_quote(f"{scheme}://{finding.key}") for scheme in ("https", "http"))
    return f"[{' OR '.join(f'url:value = {each}' for each in urls)}]"


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _describe_review() -> str:
    return f"Đề nghị xem lại: {settings.PORTAL_URL}/kiem-tra/xem-lai/"
