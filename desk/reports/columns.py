"""The columns of the queue; people's texts are escaped, odd characters made visible."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from desk.labels import codes, deadlines, highlighting
from desk.labels.formatting import (
    format_datetime,
    format_loss,
    format_phone,
    officer_name,
    time_tag,
)
from desk.reports import reporter_activity
from desk.reports.indicators import MAX_COUNTED
from reports.facts import abuse_flags
from reports.facts.effective_facts import effective_facts
from reports.models import Case, Report
from reports.reference import gazetteer

SUMMARY_CHARS = 120  # of a story in its row
MAX_DANGERS = 2
_BY_OFFICER = " (cán bộ sửa)"
MAX_TYPED_CHARS = 40  # of an unparsed number or place, or a program's name


@admin.display(description="Mức")
def urgency_column(report: Report) -> SafeString:
    """Return the word of the priority; its figure and weightiest reason stand in the title."""
    facts = effective_facts(report)
    label = codes.priority_label(facts.priority)
    title = "Chưa có gợi ý của máy" if facts.priority is None else f"{facts.priority} trên 100"
    why = _BY_OFFICER if "priority" in facts.corrected else weightiest_reasons(report)
    return format_html(
        '<span class="urgent {}" title="{}">{}</span>', label.css, title + why, label.word
    )


def weightiest_reasons(report: Report) -> str:
    """Return ", " and the dangers, else the weightiest reason but the scenario, which has a column."""
    facts = effective_facts(report)
    others = [
        each
        for each in _grounds(report)
        if not (each["rule"].startswith("scenario: ") or codes.is_overruled(each["rule"], facts))
    ]
    top = max(others, key=lambda ground: ground.get("points") or 0, default=None)
    reasons = _dangers(report) or ([codes.rule_label(top["rule"])] if top else [])
    return "".join(f", {reason}" for reason in reasons)


def _dangers(report: Report) -> list[str]:
    rules = [ground["rule"] for ground in _grounds(report)]
    return codes.list_dangers(rules, effective_facts(report))[:MAX_DANGERS]


def _grounds(report: Report) -> list[dict[str, Any]]:
    return getattr(report, "grounds", None) or []


@admin.display(description="Mã tin, lời kể")
def report_column(report: Report) -> SafeString:
    beginning = getattr(report, "gist", "")
    gist = highlighting.plain_line(beginning) or "Không có lời kể"
    if len(beginning) == SUMMARY_CHARS:  # cut: end at a whole word
        gist = gist.rpartition(" ")[0].rstrip(" ,.;:") + "…"
    return format_html("<b>{}</b> {}{}", report.public_number, _program_tag(report), gist)


def _program_tag(report: Report) -> SafeString | str:
    """Return the program that sent the report, with its own id of it; "" for other sources."""
    program = getattr(report, "program", None)
    if program is None:
        return ""
    sent = highlighting.plain_line(", ".join(filter(None, (program, report.external_id))))
    word = sent if len(sent) <= MAX_TYPED_CHARS else f"{sent[:MAX_TYPED_CHARS]}…"
    return format_html('<span class="tag tag-quiet" title="{}">{}</span> ', sent, word)


@admin.display(description="Nhận, hạn")
def age_column(report: Report) -> SafeString:
    received, now = report.received_at, timezone.now()
    due = deadlines.next_deadline(report, now)
    age = time_tag(received, "Nhận ")
    if due is None:
        return age
    return format_html(
        '{} <span class="{}" title="Hạn {}">{}</span>',
        age, due.css, format_datetime(due.at), due.words,
    )  # fmt: skip


@admin.display(description="Tình trạng")
def scenario_column(report: Report) -> SafeString:
    """Return what the reporter is in: marks that ask for an answer, dangers, kind and loss, on one line."""
    facts = effective_facts(report)
    tags = reporter_activity.row_tags(report)
    is_new = report.case.status == Case.Status.NEW
    if is_new and abuse_flags.is_deprioritized(report.all_flags):
        tags = [*tags, "xếp dưới"]
    dangers = _dangers(report)
    marks = format_html_join("", '<span class="tag tag-amber">{}</span> ', ((tag,) for tag in tags))
    danger = format_html('<b class="danger-words">{}.</b> ', ", ".join(dangers))
    kind = _fact_column(report, "scenario", codes.short_label) if facts.scenario else "–"
    loss = ""
    if facts.is_loss_known and facts.money_lost_vnd:
        loss = format_html(". Mất {}", _fact_column(report, "money_lost_vnd", format_loss))
    line = '<span class="two-lines">{}{}{}{}</span>'
    return format_html(line, marks, danger if dangers else "", kind, loss)


@admin.display(description="Cùng số, đợt")
def caller_column(report: Report) -> SafeString:
    """Return how many reports name the caller's number, and the campaign."""
    return format_html("{} {}", _caller_text(report), _campaign_tag(report))


@admin.display(description="Cùng số, đợt")
def caller_column_without_campaigns(report: Report) -> SafeString:
    """Return the same for who sees no campaigns, linking to a search for its reports."""
    return format_html("{} {}", _caller_text(report), _campaign_tag(report, is_open=False))


def _caller_text(report: Report) -> SafeString | str:
    key: str = getattr(report, "caller_key", None) or ""
    mentions = getattr(report, "named_by", [])
    reports = len(set(mentions))
    if not key or reports < 2:
        return ""
    count = f"{reports}+" if len(mentions) == MAX_COUNTED else str(reports)
    return format_html(
        '<a class="tag tag-quiet" href="?{}" title="{} tin nêu số {}">×{}</a>',
        urlencode({"q": format_phone(key), "viec": "all"}), count, format_phone(key), count,
    )  # fmt: skip


def _campaign_tag(report: Report, *, is_open: bool = True) -> SafeString | str:
    link = getattr(report, "campaign_link", None)
    if link is None:
        return ""
    page = reverse("admin:reports_campaign_change", args=[link.campaign_id])
    more: SafeString | str = ""
    if fold := getattr(report, "folded", None):
        together = format_html(' · <a href="{}#together">Xử lý cùng</a>', page) if is_open else ""
        line = ' <span class="sub"><a href="{}">{} tin giống</a>{}</span>'
        more = format_html(line, fold[1], fold[0], together)
    if not is_open:
        page = f"?{urlencode({'q': link.campaign.code, 'viec': 'all'})}"
    return format_html(
        '<a class="tag tag-violet" href="{}" title="{}">{}</a>{}',
        page, highlighting.plain_line(link.campaign.title), link.campaign.code, more,
    )  # fmt: skip


def _fact_column(report: Report, fact: str, label: Callable[[Any], str]) -> SafeString | str:
    """Return the label of the effective fact; beside a correction the machine's value."""
    facts = effective_facts(report)
    value = label(getattr(facts, fact))
    if fact not in facts.corrected:
        return value
    extracted = getattr(report, "facts", None)
    machine = f"Máy gợi ý: {label(getattr(extracted, fact))}" if extracted else "Máy chưa đọc"
    note = '{} <span class="sub" title="{}">cán bộ sửa</span>'
    return format_html(note, value, machine)


@admin.display(description="Xã, phường")
def commune_column(report: Report) -> str:
    if name := gazetteer.commune_name(effective_facts(report).commune):
        return name
    return highlighting.plain_line(getattr(report, "place_typed", ""))[:MAX_TYPED_CHARS] or "–"


@admin.display(description="Trạng thái")
def status_column(report: Report) -> SafeString:
    return format_html(
        '<span class="tag {}">{}</span> {}',
        codes.STATUS_TAGS[report.case.status],
        report.case.get_status_display(),
        officer_name(report.case.officer) if report.case.officer else "",
    )
