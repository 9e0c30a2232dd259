"""Numbers and addresses of many units at once, pasted from a table; each line is a proposal of its own."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods

from accounts.sessions import get_officer
from core.errors import ActionError
from core.models import Proposal
from core.responses import HttpResponseSeeOther
from desk.pages import validators
from desk.pages.http import render, set_status
from desk.pages.validators import DayField
from desk.reference_data import OfficeNumberForm
from reports.models import OfficeNumber, Unit
from reports.reference import units
from reports.reference.confirmed_statements import OFFICE_NUMBER

MAX_ROWS = 400
MAX_LINES_CHARS = 60_000
# The office on whose page the numbers of its units stand.
_OFFICES = {Unit.Kind.COMMUNE: "cong-an-xa-phuong"}
_OFFICE = "cong-an-tinh"


class UnitNumbersForm(forms.Form):
    lines = forms.CharField(
        label="Mỗi dòng: tên đơn vị; số; địa chỉ",
        help_text="Dán thẳng từ bảng tính cũng được. Nhiều nhất 400 dòng.",
        max_length=MAX_LINES_CHARS,
        widget=forms.Textarea({"rows": 14, "cols": 80}),
        error_messages={"required": "Chưa có dòng nào."},
    )
    source = forms.CharField(
        label="Công bố ở đâu", max_length=200, error_messages={"required": "Chưa ghi."}
    )
    verified_on = DayField(label="Đối chiếu ngày")

    def clean_source(self) -> str:
        return validators.validate_source(self.cleaned_data["source"])

    def propose(self, by: User) -> list[tuple[str, str]]:
        """Propose each line and return those that could not be, with the reason."""
        lines = [each for each in self.cleaned_data["lines"].splitlines() if each.strip()]
        refused = [(line, _propose(line, self._list_shared(), by)) for line in lines[:MAX_ROWS]]
        rest = [(line, f"Quá {MAX_ROWS} dòng: gửi tiếp lần sau.") for line in lines[MAX_ROWS:]]
        return [(line, why) for line, why in refused if why] + rest

    def _list_shared(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("source", "verified_on")}


def _propose(line: str, shared: dict[str, Any], by: User) -> str:
    """Propose the number of one line; return why not, or ""."""
    cells = [*line.replace("\t", ";").split(";"), "", ""]
    name, number, address = (cell.strip() for cell in cells[:3])
    unit = units.match_unit(name)
    if unit is None:
        return f"Không có đơn vị nào đang nhận tin tên “{name[:80]}”."
    opened = Proposal.objects.filter(kind=OFFICE_NUMBER.kind, state=Proposal.State.OPEN)
    if opened.filter(new_values__unit_id=unit.pk).exists():
        return "Đơn vị này đang có một đề nghị chờ xác nhận."
    office = _OFFICES.get(Unit.Kind(unit.kind), _OFFICE)
    data = shared | {"office": office, "unit": unit.pk, "number": number, "address": address}
    form = OfficeNumberForm(data, instance=OfficeNumber.objects.filter(unit=unit).first())
    if not form.is_valid():
        return " ".join(_list_errors(form))
    if opened.filter(new_values__number=form.cleaned_data["number"]).exists():
        return "Số này đang có một đề nghị chờ xác nhận, của nơi khác."
    try:
        OFFICE_NUMBER.propose(form.save(commit=False), by)
    except ActionError as error:
        return str(error)
    return ""


def _list_errors(form: forms.ModelForm[Any]) -> Iterator[str]:
    for name, errors in form.errors.as_data().items():
        for error in errors:
            is_missing = error.code == "required"
            label = form.fields[name].label if name in form.fields else name
            yield f"Thiếu {label}." if is_missing else " ".join(error.messages)


def paste_page(request: HttpRequest) -> HttpResponse:
    """Render the form; posted, propose its lines and render those that were refused."""
    if not request.user.has_perm("reports.add_officenumber"):
        raise PermissionDenied
    form = UnitNumbersForm(request.POST if request.method == "POST" else None, label_suffix="")
    if not form.is_bound:
        return _render(request, form)
    if not form.is_valid():
        return set_status(_render(request, form), 422)
    lines = form.cleaned_data["lines"]
    refused = form.propose(get_officer(request))
    made = sum(bool(line.strip()) for line in lines.splitlines()) - len(refused)
    messages.success(request, f"Đã đề nghị {made} số. Người khác xác nhận thì các trang mới hiện.")
    if not refused:
        return HttpResponseSeeOther(reverse("admin:core_proposal_changelist"))
    left = "\n".join(line for line, _ in refused)
    again = UnitNumbersForm(initial=dict(request.POST.items()) | {"lines": left}, label_suffix="")
    return set_status(_render(request, again, refused=refused), 422)


def _render(request: HttpRequest, form: UnitNumbersForm, **context: Any) -> HttpResponse:
    title = "Số, địa chỉ của các đơn vị"
    return render(request, "admin/unit_numbers.html", title, OfficeNumber, form=form, **context)


def urls(site: AdminSite) -> list[URLPattern]:
    view = site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(paste_page))
    return [path("reports/officenumber/units/", view, name="reports_officenumber_units")]
