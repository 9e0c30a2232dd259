"""The leaders' page, on screen, for a printer, and as an official report."""

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from accounts.sessions import get_officer
from core.audit import events
from core.periods import week_of
from core.province import province
from core.text import lower_initial
from desk.labels import codes
from desk.labels.formatting import format_datetime, officer_name
from desk.leaders.commune_map import load_map
from desk.leaders.sheet import Figure, Sheet, load_sheet
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


@require_safe
def show_page(request: HttpRequest) -> HttpResponse:
    form, sheet = _load(request, request.GET)
    period = sheet.period
    query = {"unit": "month" if sheet.is_month else "week", "kind": sheet.kind}
    after, commune_map = period.last + timedelta(days=1), load_map(province.folder)
    return render(
        request, "admin/leaders/page.html", "Số liệu cho lãnh đạo", Report, form=form, sheet=sheet,
        kinds=list(sheet.list_kinds()), kind_name=codes.short_label(sheet.kind),
        map=commune_map, areas=sheet.list_areas(commune_map.shapes),
        query=query | {"day": str(period.first)}, step=urlencode(query),
        before_day=sheet.before.first, after_day=after if after <= timezone.localdate() else None,
    )  # fmt: skip


@require_POST
def give_paper(request: HttpRequest) -> HttpResponse:
    """Return the figures as PDF to sign or as DOCX to edit, audited."""
    _, sheet = _load(request, request.POST)
    officer, kind = get_officer(request), "docx" if "docx" in request.POST else "pdf"
    events.log_event("export", sheet.period, "figures_exported", by=officer, format=kind)
    content, media_type = _render_paper(sheet, officer_name(officer), kind)
    return download(content, f"so-lieu-{sheet.period.first}.{kind}", media_type)


def _render_paper(sheet: Sheet, drafter: str, kind: str) -> tuple[bytes, str]:
    from reports.cases import official_documents  # noqa: PLC0415  # its packages are heavy

    render_document, media_type = official_documents.FORMATS[kind]
    parts = [
        *sheet.list_groups(),
        ("Kiểu lừa", [kind for kind, _ in sheet.list_kinds() if kind.now]),
        ("Xã, phường tăng", sheet.list_risers()),
        ("Quyết định về số", sheet.list_decisions()),
    ]
    document = official_documents.OfficialDocument(
        number=f"      /BC-{province.office}",
        issued_on=timezone.localdate(),
        title="BÁO CÁO",
        about=f"Tình hình tin báo cuộc gọi lừa đảo, {lower_initial(sheet.name)}",
        to=f"Lãnh đạo {province.police}",
        opening=_OPENING.format(office=province.office_name, before=sheet.before.label),
        facts=tuple((title, _join(figures)) for title, figures in parts),
        closing=f"Số liệu đếm lúc {format_datetime(sheet.counted_at or timezone.now())}./.",
        receivers=("- Như trên;", f"- Lưu: VT, {province.office} ({drafter})."),
        signed_as=f"LÃNH ĐẠO {province.office_name.upper()}",
        signer="",
    )
    return render_document(document), media_type


def _join(figures: list[Figure]) -> str:
    lines = [
        "; ".join(filter(None, (f"{each.label}: {each.value}", each.change))) for each in figures
    ]
    return "\n".join(f"{line}." for line in lines) or "Không có."
