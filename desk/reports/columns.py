"""The columns of the queue; people's texts are escaped, odd characters made visible."""

from collections.abc import Callable
from datetime import datetime, timedelta
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

SUMMARY_CHARS = 90  # of a story in its row
MAX_OFFICES = 2
MAX_DANGERS = 2
_BY_OFFICER = " (cán bộ sửa)"
MAX_TYPED_CHARS = 40  # of an unparsed number or place


@admin.display(description="Ưu tiên")
def urgency_column(report: Report) -> SafeString:
    """Return the word and figure of the priority, and its weightiest reason."""
    facts = effective_facts(report)
    label = codes.priority_label(facts.priority)
    title = "Chưa có gợi ý của máy" if facts.priority is None else f"{facts.priority} trên 100"
    why = _BY_OFFICER if "priority" in facts.corrected else weightiest_reasons(report)
    figure = "" if facts.priority is None else f"{facts.priority}{why}"
    return format_html(
        '<span class="urgent {}" title="{}">{}</span> <span class="sub">{}</span>',
        label.css, title + (why if why == _BY_OFFICER else ""), label.word, figure,
    )  # fmt: skip


def weightiest_reasons(report: Report) -> str:
    """Return ", " and the dangers, else the weightiest reason but the scenario, which has a column."""
    every: list[dict[str, Any]] = getattr(report, "grounds", None) or []
    dangers = [each["rule"] for each in every if codes.is_danger(each["rule"])]
    others = [each for each in every if not each["rule"].startswith("scenario: ")]
    top = max(others, key=lambda ground: ground.get("points") or 0, default=None)
    rules = dangers[:MAX_DANGERS] or ([top["rule"]] if top else [])
    return "".join(f", {codes.rule_label(rule)}" for rule in rules)


@admin.display(description="Mã tin, tóm tắt")
def report_column(report: Report) -> SafeString:
    beginning = getattr(report, "gist", "")
    gist = highlighting.plain_line(beginning) or "Không có lời kể"
    if len(beginning) == SUMMARY_CHARS:  # cut: end at a whole word
        gist = gist.rpartition(" ")[0].rstrip(" ,.;:") + "…"
    return format_html('<b>{}</b> <span class="sub">{}</span>', report.public_number, gist)


@admin.display(description="Nhận, hạn")
def age_column(report: Report) -> SafeString:
    received, now = report.received_at, timezone.now()
    due = deadlines.next_deadline(report.case, received, now)
    age = time_tag(received, "Nhận ")
    return format_html("{}{}", age, _deadline_bar(received, due, now)) if due else age


def _deadline_bar(received: datetime, due: deadlines.DeadlineLabel, now: datetime) -> SafeString:
    share = (now - received) / max(due.at - received, timedelta(minutes=1))
    return format_html(
        ' <span class="{0}" title="Hạn {1}">{2}</span> '
        '<meter class="{0}" value="{3}" aria-hidden="true"></meter>',
        due.css, format_datetime(due.at), due.words,
        round(min(max(share, 0), 1), 2),
    )  # fmt: skip


@admin.display(description="Kiểu lừa")
def scenario_column(report: Report) -> SafeString | str:
    facts = effective_facts(report)
    if not facts.scenario:
        return "–"
    claimed = "; ".join(map(codes.claim_label, facts.offices[:MAX_OFFICES]))
    claim = format_html(' <span class="sub">Xưng: {}</span>', highlighting.plain_line(claimed))
    return format_html(
        "{}{}", _fact_column(report, "scenario", codes.short_label), claim if claimed else ""
    )


@admin.display(description="Số gọi, đợt")
def caller_column(report: Report) -> SafeString:
    """Return both in one column: two would leave the scenario no room at 1280 pixels."""
    return format_html("{} {}", _caller_text(report), _campaign_tag(report))


@admin.display(description="Số gọi, đợt")
def caller_column_without_campaigns(report: Report) -> SafeString:
    """Return the same for who sees no campaigns, linking to a search for its reports."""
    return format_html("{} {}", _caller_text(report), _campaign_tag(report, is_open=False))


def _caller_text(report: Report) -> SafeString | str:
    key: str = getattr(report, "caller_key", None) or ""
    if not key:
        typed = highlighting.plain_line(getattr(report, "caller_typed", ""))[:MAX_TYPED_CHARS]
        return typed or ("Ẩn số" if report.channel == Report.Channel.HIDDEN else "Chưa rõ")
    number = format_html('<span class="number">{}</span>', format_phone(key))
    mentions = getattr(report, "named_by", [])
    reports = len(set(mentions))
    if reports < 2:
        return number
    count = f"{reports}+" if len(mentions) == MAX_COUNTED else str(reports)
    return format_html(
        '{} <a class="tag tag-quiet" href="?{}" title="{} tin nêu số này">×{}</a>',
        number, urlencode({"q": format_phone(key), "viec": "all"}), count, count,
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


@admin.display(description="Thiệt hại")
def loss_column(report: Report) -> SafeString | str:
    if not effective_facts(report).is_loss_known:
        return "–"
    return _fact_column(report, "money_lost_vnd", format_loss)


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


@admin.display(description="Cán bộ xử lý")
def status_column(report: Report) -> SafeString:
    tags = reporter_activity.row_tags(report)
    is_new = report.case.status == Case.Status.NEW
    if is_new and abuse_flags.is_deprioritized(report.all_flags):
        tags = [*tags, "xếp dưới"]
    return format_html(
        '<span class="who">{}</span> <span class="tag {}">{}</span>{}',
        officer_name(report.case.officer),
        codes.STATUS_TAGS[report.case.status],
        report.case.get_status_display(),
        format_html_join("", ' <span class="tag tag-amber">{}</span>', ((tag,) for tag in tags)),
    )
