"""Campaigns by their codes as officers type them: Đ-26-XK9, d26xk9, XK9."""

import re

from django.db.models import Q

from core.errors import ActionError
from core.text import fold_code
from reports.models import Campaign
from reports.models.report import ALPHABET

_CODE = re.compile(rf"[ĐD](\d\d)([{ALPHABET}]{{3,9}})")
_END = re.compile(rf"(\d\d)?([{ALPHABET}]{{3,9}})")
_MAX_ENDING = 6  # campaigns of one short code, of several years


def campaign_for_field(typed: str) -> Campaign:
    """Return the campaign of a whole code or its end (XK9, 26 XK9). Raises ActionError."""
    code = " ".join(typed.split())
    if not code:
        raise ActionError("Chưa ghi mã đợt.")
    whole = campaign_for_code(code)
    campaigns = [whole] if whole else find_by_ending(code)
    if not campaigns:
        raise ActionError(f"Không có đợt mang mã “{code}”. Mã có dạng Đ-26-XK9; ghi XK9 cũng được.")
    if len(campaigns) > 1:
        codes = ", ".join(each.code for each in campaigns)
        raise ActionError(f"Có mấy đợt mang mã “{code}”: {codes}. Ghi cả mã.")
    return campaigns[0]


def find_by_ending(typed: str) -> list[Campaign]:
    """Return the distinct campaigns, merges followed, whose code ends so, with or without year."""
    chars = fold_code(typed)
    if not (parts := _END.fullmatch(chars)):
        return []
    ends = Q(code__endswith=f"-{chars}")
    if parts[1]:
        ends |= Q(code__endswith=f"-{parts[1]}-{parts[2]}")
    rows = Campaign.objects.filter(ends).order_by("-code")[:_MAX_ENDING]
    return list(dict.fromkeys(row.root() for row in rows))


def campaign_for_code(typed: str) -> Campaign | None:
    parts = _CODE.fullmatch(fold_code(typed))
    if not parts:
        return None
    campaign = Campaign.objects.filter(code=f"Đ-{parts[1]}-{parts[2]}").first()
    return campaign and campaign.root()
