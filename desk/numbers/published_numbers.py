"""Pages of the numbers that people dial: those of offices and units, and the lines of banks."""

import re
from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin
from core.errors import ActionError
from core.models import Proposal
from core.responses import HttpResponseSeeOther
from desk.labels.formatting import link_source
from desk.pages import validators
from desk.pages.actions import ProposingAdminMixin
from desk.pages.http import post_text, render, set_status
from desk.pages.validators import DayField
from reports.extraction import phones
from reports.models import BankHotline, NumberFinding, OfficeNumber, SubjectKind, Unit
from reports.numbers import lookup
from reports.reference import confirmed_statements, units

TAKEN_DOWN = (
    "Đã gỡ. Các trang công khai bỏ số này trong vòng hai phút. Muốn hiện lại thì cần hai người."
)
TAKES_TWO = (
    "Chưa gỡ: bạn trong một giờ, hay mọi người trong một ngày, đã gỡ nhiều số. Đã đề nghị; một người khác xác nhận thì các trang mới bỏ"
    " số này. Chỉ huy được báo."
)
_RESULTS = {False: (messages.SUCCESS, TAKEN_DOWN), True: (messages.WARNING, TAKES_TWO)}
_CALLABLE = re.compile(r"[*#+]?[0-9][0-9 .\-]{1,30}[0-9#]")

MAX_ROWS = 400
MAX_LINES_CHARS = 60_000
# The office on whose page the numbers of its units stand.
_OFFICES = {Unit.Kind.COMMUNE: "cong-an-xa-phuong"}
_OFFICE = "cong-an-tinh"


class ComparedFormMixin:
    """A form about numbers that were compared with a source on a day."""

    cleaned_data: dict[str, Any]

    def clean_source(self) -> str:
        return validators.validate_source(self.cleaned_data["source"])


class PublishedNumberAdmin(ProposingAdminMixin, OwnFiltersAdmin[Any]):
    """Numbers that people dial: two publish one, one takes it down at once."""

    change_form_template = "admin/reports/published_number.html"
    change_list_template = "admin/reports/numbers_change_list.html"
    delete_confirmation_template = "admin/reports/take_down.html"

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        kwargs["extra_context"] = {"show_delete": False}  # the template offers what it is called
        return super().change_view(request, object_id, *args, **kwargs)

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any) -> HttpResponse:
        return super().delete_view(request, object_id, {"title": "Gỡ khỏi các trang"})

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        reason = post_text(request, "reason")
        try:
            row = confirmed_statements.take_down(self.act, obj.pk, reason, by=get_officer(request))
            messages.add_message(request, *_RESULTS[row is not None])
        except ActionError as error:
            messages.error(request, f"Chưa gỡ. {error}")

    def response_delete(self, request: HttpRequest, *args: Any) -> HttpResponse:
        return HttpResponseSeeOther(reverse("admin:reports_officenumber_drafts"))

    @admin.display(description="công bố ở đâu")
    def source_link(self, row: Any) -> str:
        return link_source(row.source)


class OfficeNumberForm(ComparedFormMixin, forms.ModelForm[OfficeNumber]):
    """A published number of an office, with source and day of comparison."""

    verified_on = DayField(label="Đối chiếu ngày")

    class Meta:
        model = OfficeNumber
        fields = (
            "office", "unit", "number", "address", "label", "label_en", "source", "verified_on",
        )  # fmt: skip

    def clean_number(self) -> str:
        typed: str = self.cleaned_data["number"]
        key = lookup.lookup_key(phones.parse(typed))
        if not key:
            raise forms.ValidationError("Chưa đọc được một số nào ở đây. Ghi một số, đủ chữ số.")
        if OfficeNumber.objects.filter(key=key).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Số này đã có trong danh sách.")
        if NumberFinding.objects.filter(
            kind=SubjectKind.NUMBER, key=key, withdrawn_at=None
        ).exists():
            raise forms.ValidationError("Số này đang có ghi nhận là kẻ gian dùng. Gỡ trước đã.")
        validators.validate_publishable(self, typed)
        self.instance.key = key
        return typed

    def clean_address(self) -> str:
        return validators.validate_plain_text(self.cleaned_data["address"])

    def clean(self) -> dict[str, Any]:
        """Return the fields; of a unit's number the unit is its label."""
        values = super().clean() or self.cleaned_data
        if unit := values.get("unit"):
            values["label"] = unit.name
        elif values.get("address"):
            self.add_error("address", "Địa chỉ chỉ ghi cho số của một đơn vị nhận tin.")
        return values


@admin.register(OfficeNumber)
class OfficeNumberAdmin(PublishedNumberAdmin):
    """Published numbers of offices, and of the units that take reports over."""

    act = confirmed_statements.OFFICE_NUMBER
    form = OfficeNumberForm
    list_display = ("number", "office", "label", "source_link", "verified_on")
    list_select_related = ("office",)
    search_fields = ("number", "office__name")


class BankLineForm(ComparedFormMixin, forms.ModelForm[BankHotline]):
    """A dialable number of a bank, with source and day of comparison."""

    verified_on = DayField(label="Đối chiếu ngày")

    def clean_number(self) -> str:
        typed = " ".join(self.cleaned_data["number"].split())
        if not _CALLABLE.fullmatch(typed):
            raise forms.ValidationError("Ghi một số gọi được, chỉ chữ số và dấu cách.")
        return validators.validate_publishable(self, typed)


@admin.register(BankHotline)
class BankLineAdmin(PublishedNumberAdmin):
    """The banks' hotlines for the first half hour after a transfer."""

    act = confirmed_statements.BANK_HOTLINE
    form = BankLineForm
    list_display = ("name", "number", "source_link", "verified_on")
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "number", "source", "verified_on"),
                "description": "Đối chiếu với thẻ hoặc trang chính thức của ngân hàng, đừng lấy từ"
                " kết quả tìm kiếm. Một người khác xác nhận thì các trang công khai mới đổi.",
            },
        ),
    )


# --- numbers and addresses of many units at once, pasted from a table


class UnitNumbersForm(ComparedFormMixin, forms.Form):
    """A table of units; each line is a proposal of its own."""

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
    opened = Proposal.objects.filter(
        kind=confirmed_statements.OFFICE_NUMBER.kind, state=Proposal.State.OPEN
    )
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
        confirmed_statements.OFFICE_NUMBER.propose(form.save(commit=False), by)
    except ActionError as error:
        return str(error)
    return ""


def _list_errors(form: forms.ModelForm[Any]) -> Iterator[str]:
    for name, errors in form.errors.as_data().items():
        for error in errors:
            is_missing = error.code == "required"
            label = form.fields[name].label if name in form.fields else name
            yield f"Thiếu {label}." if is_missing else " ".join(error.messages)


@require_http_methods(["GET", "HEAD", "POST"])
def paste_numbers(request: HttpRequest) -> HttpResponse:
    """Render the form; posted, propose its lines and render those that were refused."""
    by = get_officer(request, "reports.add_officenumber")
    form = UnitNumbersForm(request.POST if request.method == "POST" else None, label_suffix="")
    if not form.is_bound:
        return _render(request, form)
    if not form.is_valid():
        return set_status(_render(request, form), 422)
    lines = form.cleaned_data["lines"]
    refused = form.propose(by)
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
