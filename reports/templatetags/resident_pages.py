"""Filters of the residents' pages."""

from typing import Any

from django import forms, template
from django.utils.html import format_html
from django.utils.translation import get_language

from core.text import group_thousands
from reports.facts.merged_report import Caller, MergedReport
from reports.models import BankHotline, Office
from reports.public.office_texts import localized_text
from reports.reference import confirmed_statements
from reports.tracking import followup_feedback

register = template.Library()
register.filter("office", followup_feedback.office_label)


@register.filter
def number(amount: int) -> str:
    """Return a count with its thousands apart, in the language of the page."""
    return group_thousands(amount, get_language())


@register.filter
def office_name(office: Office) -> str:
    """Return its name in the language of the page, or the Vietnamese one, marked as that."""
    if get_language() == "en" and not office.name_en:
        return format_html('<span lang="vi">{}</span>', office.name)
    return localized_text(office).name


@register.simple_tag(takes_context=True)
def named_banks(context: template.Context) -> list[BankHotline]:
    """Return the confirmed lines of the banks named in the report, or the question, of the page."""
    report = context.get("report")
    merged = context.get("merged_report") or (MergedReport(report) if report else None)
    texts = [context.get("story") or ""]
    if merged:
        texts += [merged.report.story, *merged.accounts]
        texts += [each.beginning for each in merged.followups]  # type: ignore[union-attr]  # as `merged_report` loads it
    return confirmed_statements.banks_named_in("\n".join(texts))


@register.filter
def holds_words(form: forms.BaseForm) -> bool:
    """Return whether a text field of the form is filled in; boxes do not count."""
    lines = [field for field in form.visible_fields() if field.widget_type in {"text", "textarea"}]
    return any(str(line.value() or "").strip() for line in lines)


@register.filter
def caller(fields: dict[str, Any]) -> str:
    return followup_feedback.caller_line(Caller.from_json(fields))
