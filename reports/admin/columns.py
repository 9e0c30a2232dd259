"""The columns of the queue. Every text of a person is escaped, its odd signs shown."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from reports.admin import marking, words
from reports.held import held
from reports.models import Report

GIST = 90  # signs of a story in its row
_BY_OFFICER = " (cán bộ sửa)"
TYPED = 40  # signs of a number or a place that nobody knows


@admin.display(description="Ưu tiên")
def urgency(report: Report) -> SafeString:
    said = held(report)
    shown = words.urgency(said.priority)
    title = "Chưa có gợi ý của máy" if said.priority is None else f"{said.priority} trên 100"
    title += _BY_OFFICER if "priority" in said.corrected else ""
    return format_html('<span class="urgent {}" title="{}">{}</span>', shown.css, title, shown.word)


@admin.display(description="Mã tin, tóm tắt")
def report(report: Report) -> SafeString:
    told = getattr(report, "gist", "")
    gist = marking.plain(told) or "Không có lời kể"
    if len(told) == GIST:  # it goes on: no word is left half
        gist = gist.rpartition(" ")[0].rstrip(" ,.;:") + "…"
    return format_html('<b>{}</b> <span class="sub">{}</span>', report.public_number, gist)


@admin.display(description="Nhận")
def since(report: Report) -> SafeString:
    received = timezone.localtime(report.received_at)
    return format_html(
        '<time datetime="{}" title="Nhận {}">{}</time>',
        received.isoformat(timespec="seconds"),
        f"{received:%H:%M, %d/%m/%Y}",
        words.age(received, timezone.now()),
    )


@admin.display(description="Kiểu lừa")
def scenario(report: Report) -> SafeString | str:
    said = held(report)
    return _said(report, "scenario", words.short) if said.scenario else "–"


@admin.display(description="Số gọi")
def caller(report: Report) -> SafeString | str:
    caller: Any = getattr(report, "caller", None)
    if caller is None or not caller.key:
        typed = marking.plain(getattr(report, "caller_typed", ""))[:TYPED]
        return typed or ("Ẩn số" if report.channel == Report.Channel.HIDDEN else "Chưa rõ")
    if caller.named < 2:
        return format_html('<span class="number">{}</span>', words.phone(caller.key))
    return format_html(
        '<span class="number">{}</span> <a class="tag {}" href="?{}"'
        ' title="{} tin nêu số này">×{}</a>',
        words.phone(caller.key),
        "tag-red" if caller.named > 3 else "tag-quiet",
        urlencode({"q": words.phone(caller.key), "viec": "all"}),
        caller.named,
        caller.named,
    )


@admin.display(description="Thiệt hại")
def loss(report: Report) -> SafeString | str:
    return _said(report, "money_lost_vnd", words.money) if held(report).knows_money else "–"


def _said(report: Report, fact: str, worded: Callable[[Any], str]) -> SafeString | str:
    """A fact as it holds; an officer's word with the machine's beside it."""
    said = held(report)
    shown = worded(getattr(said, fact))
    if fact not in said.corrected:
        return shown
    facts = getattr(report, "facts", None)
    machine = f"Máy gợi ý: {worded(getattr(facts, fact))}" if facts else "Máy chưa đọc"
    note = '{} <span class="sub" title="{}">cán bộ sửa</span>'
    return format_html(note, shown, machine)


@admin.display(description="Xã, phường")
def place(report: Report) -> str:
    if report.commune:
        return report.commune.name
    return marking.plain(getattr(report, "place_typed", ""))[:TYPED] or "–"


@admin.display(description="Cán bộ xử lý")
def standing(report: Report) -> SafeString:
    told: list[str] = getattr(report, "tags", [])
    return format_html(
        '<span class="{}">{}</span> <span class="tag {}">{}</span>{}',
        "who" if report.case.officer else "who late",
        words.person(report.case.officer),
        words.STATUS_TAGS[report.case.status],
        report.case.get_status_display(),
        format_html_join("", ' <span class="tag tag-amber">{}</span>', ((tag,) for tag in told)),
    )
