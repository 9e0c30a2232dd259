"""Drafts from a campaign's aggregates, without a person's words, and from `first_warning.json`."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import CharField, Count
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce

from alerts.models import Alert, AlertStep
from alerts.models.warnings import MAX_MARKED_SMS_CHARS, MAX_SMS_CHARS
from core.province import Province, province, strip_marks
from core.text import lower_initial
from reports.campaigns import campaign_stats
from reports.campaigns.campaign_stats import CampaignSummary
from reports.models import Campaign
from reports.public import office_texts

FIRST_SLUG = "goi-dien-gia-danh-lanh-dao"
_ANY_KIND = "Gọi điện lừa đảo"
_MANY_SAY = "Nhiều người báo kể như vậy."
_DIGITS = re.compile(r"(?:\d[\s.\-]*){4,}")


def initial_from_campaign(campaign: Campaign) -> dict[str, Any]:
    """Return initial values for the form of a new warning."""
    summary = campaign_stats.campaign_summary(campaign)
    scenario = _most_frequent_scenario(campaign)
    return {
        "campaign": campaign.pk,
        # An officer may have typed a phone number: it does not go along.
        "title": _DIGITS.sub("", campaign.title).strip()[:140],
        "summary": summary_text(summary, scenario),
        "scenario": scenario,
        "grounds": evidence_text(campaign.code, summary),
        "offices": [office.pk for office in office_texts.find_offices(summary.offices)],
        **draft_texts(campaign_stats.code_label(scenario) if scenario else _ANY_KIND),
    }


def initial_steps(campaign: Campaign) -> list[dict[str, str]]:
    """Return initial values for the steps: what most callers demand."""
    demands = campaign_stats.campaign_summary(campaign).demands
    return [{"title": name[:80], "text": _MANY_SAY} for name, _ in demands]


def draft_texts(kind: str) -> dict[str, str]:
    """Return what to do, and the texts to send and to read out, about a kind of scam; one that does
    not fit its place is left to the writer.
    """
    police, plain = strip_marks(province.police), strip_marks(kind)
    advice: list[str] = province.load_json("first_warning.json")["advice"]
    dial = province.hotline_dial
    texts = {
        "short_title": (kind, 40),
        "advice": ("\n".join(advice), 2000),
        "sms": (
            f"Canh bao: {plain}. Cup may, khong chuyen tien. Goi {dial} hoac 113. {police}",
            MAX_SMS_CHARS,
        ),
        "sms_share": (
            f"Ba con chu y: {plain}. Cup may, dung chuyen tien. Hoi {dial}. Theo {police}",
            MAX_SMS_CHARS,
        ),
        "sms_marked": (f"{kind}: cúp máy. Gọi {dial}.", MAX_MARKED_SMS_CHARS),
        "loudspeaker": (
            f"Thưa bà con, đây là tin của {province.police}.\nKẻ gian đang gọi điện: {lower_initial(kind)}.\n"
            + "\n".join(advice),
            2000,
        ),
    }
    return {name: text for name, (text, most) in texts.items() if len(text) <= most}


def summary_text(summary: CampaignSummary, scenario: str) -> str:
    """Return what callers do, as most reports say; "" where that is not known."""
    if not scenario or summary.reports is None:
        return ""
    sentences = [
        f"Kẻ gian gọi điện. Kiểu lừa: {lower_initial(campaign_stats.code_label(scenario))}."
    ]
    if summary.demands:
        demands = "; ".join(lower_initial(name) for name, _ in summary.demands)
        sentences.append(f"Họ đòi: {demands}.")
    return " ".join(sentences)[:400]


def evidence_text(code: str, summary: CampaignSummary) -> str:
    """Return the size of the campaign in numbers too coarse to identify a person."""
    if summary.reports is None or summary.first is None or summary.last is None:
        return f"Đợt {code}: dưới {campaign_stats.MIN_COUNT} tin."
    period = f"từ {summary.first:%d/%m/%Y} đến {summary.last:%d/%m/%Y}"
    lines = [f"Đợt {code}: {summary.reports} tin, {period}."]
    if summary.communes:
        lines.append(f"Nhiều tin nhất: {_format_counts(summary.communes)}.")
    if summary.demands:
        lines.append(f"Họ đòi: {_format_counts(summary.demands)}.")
    if summary.losers:
        lines.append(f"Có mất tiền: {summary.losers} tin.")
    return "\n".join(lines)


def _format_counts(counts: Sequence[tuple[str, int]]) -> str:
    return "; ".join(f"{name} ({count})" for name, count in counts)


def _most_frequent_scenario(campaign: Campaign) -> str:
    """Return the effective scenario of most reports (an officer's, else the extracted one), or ""."""
    corrected = KeyTextTransform("scenario", "report__case__corrections_json")
    scenario = Coalesce(corrected, "report__facts__scenario", output_field=CharField())
    rows = campaign.links.exclude(report__facts=None).values_list(scenario)
    row = rows.annotate(scenario=scenario, times=Count("pk")).order_by("-times", "scenario").first()
    return str(row[0]) if row else ""


def ensure_first_alert(author: User | None = None) -> Alert:
    """Return the first warning, created as a draft if it does not exist."""
    if alert := Alert.objects.filter(slug=FIRST_SLUG).first():
        return alert
    alert, steps = build_first_alert(province)
    alert.author = author
    with transaction.atomic():
        alert.save(force_insert=True)
        AlertStep.objects.bulk_create(steps)
    return alert


def build_first_alert(province: Province) -> tuple[Alert, list[AlertStep]]:
    """Return the first warning of a province's folder with its steps, unsaved."""
    values = province.load_json("first_warning.json")
    steps = values.pop("steps")
    values["document_date"] = date.fromisoformat(values["document_date"])
    for name in ("advice", "advice_en", "loudspeaker", "document_recipients"):
        values[name] = "\n".join(values[name])
    alert = Alert(slug=FIRST_SLUG, **values)
    return alert, [
        AlertStep(alert=alert, position=position, **step) for position, step in enumerate(steps, 1)
    ]
