"""The leaders' page, on screen, for a printer, and as an official report."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from accounts.sessions import get_officer
from core.audit import events
from core.periods import week_of
from core.province import province
from desk.labels.formatting import format_count, format_datetime, officer_name
from desk.leaders import tiles
from desk.leaders.sheet import Sheet, kind_name, load_sheet
from desk.pages.http import download, render
from reports.campaigns.campaign_stats import scenarios
from reports.cases import visibility
from reports.models import Report
from reports.monitoring.daily_counts import KEPT_DAYS

VIEW = "reports.view_dailycount"
_OPENING = (
    "{office} báo cáo tình hình tin báo cuộc gọi lừa đảo người dân gửi đến, so với kỳ trước"
    " ({before}). Tin được tính: đã bỏ tin rác, tin trùng, tin đã rút, tin không phải lừa đảo."
)


class PeriodForm(forms.Form):
    """The week or month of a day, last week without one; and one kind of scam."""

    unit = forms.ChoiceField(
        label="Kỳ", choices=[("week", "Tuần"), ("month", "Tháng")], required=False
    )
    day = forms.DateField(
        label="có ngày",
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages=dict.fromkeys(("invalid", "required"), "Ngày chưa đúng. Ví dụ: 2026-11-25."),
    )
    kind = forms.ChoiceField(label="Kiểu lừa", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["kind"]
        choices.choices = [("", "Mọi kiểu"), *scenarios()]

    def clean_day(self) -> Any:
        day, today = self.cleaned_data["day"], timezone.localdate()
        if not today - timedelta(days=KEPT_DAYS - 62) <= day <= today:
            raise forms.ValidationError("Chỉ xem được từ hôm nay về trước một năm.")
        return day


def urls(site: AdminSite) -> list[URLPattern]:
    return [
        path("leaders/", site.admin_view(require_safe(show_page)), name="leaders"),
        path("leaders/paper/", site.admin_view(require_POST(give_paper)), name="leaders_paper"),
    ]


def may_see(request: HttpRequest) -> bool:
    """Return whether the officer may see figures of every unit."""
    officer = get_officer(request)
    return officer.has_perm(VIEW) and visibility.sees_every_report(officer)


def _load(request: HttpRequest, typed: Any) -> tuple[PeriodForm, Sheet]:
    """Return the form as typed, and the sheet that it asks for, of last week where it is wrong."""
    if not may_see(request):
        raise PermissionDenied
    last_week = week_of(timezone.localdate()).first - timedelta(days=1)
    form = PeriodForm({"unit": "week", "day": last_week} | typed.dict())
    usual = {"day": last_week}
    chosen = usual | (form.cleaned_data if form.is_valid() else {})
    is_month, kind = chosen.get("unit") == "month", chosen.get("kind", "")
    return form, load_sheet(chosen["day"], is_month=is_month, kind=kind)


def show_page(request: HttpRequest) -> HttpResponse:
    form, sheet = _load(request, request.GET)
    communes, period = sheet.list_communes(), sheet.period
    query = {"unit": "month" if sheet.is_month else "week", "kind": sheet.kind}
    after = period.last + timedelta(days=1)
    return render(
        request, "admin/leaders/page.html", "Số liệu cho lãnh đạo", Report,
        form=form, sheet=sheet, kinds=sheet.list_kinds(), communes=communes.values(),
        map=tiles.draw_map(communes), kind_name=kind_name(sheet.kind),
        missing_days=len(period.list_days()) - sheet.now.days,
        query=query | {"day": str(period.first)}, step=urlencode(query), before_day=sheet.before.first,
        after_day=after if after <= timezone.localdate() else None,
    )  # fmt: skip


def give_paper(request: HttpRequest) -> HttpResponse:
    """Return the figures as PDF to sign or as DOCX to edit, audited."""
    _, sheet = _load(request, request.POST)
    officer, kind = get_officer(request), "docx" if "docx" in request.POST else "pdf"
    period = str(sheet.period)
    events.log_event("export", period, "figures_exported", by=officer, format=kind, period=period)
    content, media_type = _render_paper(sheet, officer_name(officer), kind)
    return download(content, f"so-lieu-{sheet.period.first}.{kind}", media_type)


def _render_paper(sheet: Sheet, drafter: str, kind: str) -> tuple[bytes, str]:
    from reports.cases import official_documents  # noqa: PLC0415  # its packages are heavy

    render_document, media_type = official_documents.FORMATS[kind]
    before = sheet.before.label
    counted = f"Số liệu đếm lúc {format_datetime(sheet.now.counted_at or timezone.now())}."
    document = official_documents.OfficialDocument(
        number=f"      /BC-{province.office}",
        issued_on=timezone.localdate(),
        title="BÁO CÁO",
        about=f"Tình hình tin báo cuộc gọi lừa đảo, {sheet.name[0].lower()}{sheet.name[1:]}",
        to=f"Lãnh đạo {province.police}",
        opening=_OPENING.format(office=province.office_name, before=before),
        facts=tuple(_list_facts(sheet).items()),
        closing=f"{counted}/.",
        receivers=("- Như trên;", f"- Lưu: VT, {province.office} ({drafter})."),
        signed_as=f"LÃNH ĐẠO {province.office_name.upper()}",
        signer="",
    )
    return render_document(document), media_type


def _list_facts(sheet: Sheet) -> dict[str, str]:
    """Return title -> lines of the report."""
    kinds = [f"{cell.name}: {format_count(cell.count)} (kỳ trước {format_count(cell.before)})"
             for cell, _ in sheet.list_kinds() if cell.count]  # fmt: skip
    risers = [f"{cell.name}: {format_count(cell.count)} (kỳ trước {format_count(cell.before)})"
              for cell in sheet.list_risers()]  # fmt: skip
    return {
        **{title: _join(figures) for title, figures in sheet.list_groups()},
        "Kiểu lừa": "\n".join(kinds) or "Không có.",
        "Xã, phường tăng": "\n".join(risers) or "Không có.",
        "Quyết định về số": _join(sheet.list_numbers()),
    }


def _join(figures: list[Any]) -> str:
    lines = (
        f"{each.value} {each.label}" + (f"; {each.change}" if each.change else "")
        for each in figures
    )
    return ".\n".join(lines) + "."
