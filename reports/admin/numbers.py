"""Numbers at the desk: what institutions have published, what officers found, who asks for a second
look. `findings` alone writes the last two; here are the pages.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from reports import events, findings, lookup, phones, privacy
from reports.admin import search, vetting, words
from reports.admin.confirming import DayField
from reports.admin.naming import reports_naming
from reports.admin.retriage import see_other
from reports.findings import FindingError
from reports.models import Dispute, KnownNumber, OfficeNumber

if TYPE_CHECKING:
    _OfficeNumberAdmin = admin.ModelAdmin[OfficeNumber]
    _KnownNumberAdmin = admin.ModelAdmin[KnownNumber]
    _DisputeAdmin = admin.ModelAdmin[Dispute]
    _OfficeNumberForm = forms.ModelForm[OfficeNumber]
    _KnownNumberForm = forms.ModelForm[KnownNumber]
else:
    _OfficeNumberAdmin = _KnownNumberAdmin = _DisputeAdmin = admin.ModelAdmin
    _OfficeNumberForm = _KnownNumberForm = forms.ModelForm


class OfficeNumberForm(_OfficeNumberForm):
    """One whole number, and where and when it was compared."""

    checked_on = DayField(label="Đối chiếu ngày")

    class Meta:
        model = OfficeNumber
        fields = ("office", "number", "label", "label_en", "source", "checked_on")

    def clean_number(self) -> str:
        typed: str = self.cleaned_data["number"]
        key = lookup.key_of(phones.read(typed))
        if not key:
            raise forms.ValidationError("Chưa đọc được một số nào ở đây. Ghi một số, đủ chữ số.")
        if OfficeNumber.objects.filter(key=key).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Số này đã có trong danh sách.")
        if KnownNumber.objects.filter(key=key, withdrawn_at=None).exists():
            raise forms.ValidationError("Số này đang có ghi nhận là kẻ gian dùng. Gỡ trước đã.")
        vetting.publishable(self, typed)
        self.instance.key = key
        return typed

    def clean_source(self) -> str:
        return vetting.source(self.cleaned_data["source"])


@admin.register(OfficeNumber)
class OfficeNumberAdmin(_OfficeNumberAdmin):
    """The numbers that institutions have published; none that nobody has compared."""

    form = OfficeNumberForm
    list_display = ("number", "office", "label", "source", "checked")
    list_select_related = ("office",)
    search_fields = ("number", "office__name")
    autocomplete_fields = ("office",)

    def save_model(self, request: HttpRequest, obj: OfficeNumber, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        events.record("office", obj.office_id, "office_number_saved", by=_officer(request))

    def delete_model(self, request: HttpRequest, obj: OfficeNumber) -> None:
        events.record("office", obj.office_id, "office_number_removed", by=_officer(request))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[OfficeNumber]) -> None:
        for number in queryset:
            self.delete_model(request, number)

    @admin.display(description="đối chiếu ngày", ordering="checked_on")
    def checked(self, number: OfficeNumber) -> str:
        return f"{number.checked_on:%d/%m/%Y}"


class KnownNumberForm(_KnownNumberForm):
    """What one officer puts before a colleague; what speaks against it is an error of the form."""

    by: User  # the admin makes a class for each request, and tells it who asks
    valid_until = forms.DateField(
        label="Có giá trị đến",
        widget=forms.DateInput(format="%d/%m/%Y"),
        input_formats=["%d/%m/%Y", "%d-%m-%Y", "%Y-%m-%d"],
        error_messages={"invalid": "Chưa đọc được ngày. Ghi như 24/11/2026."},
    )

    class Meta:
        model = KnownNumber
        fields = ("number", "finding", "reason", "valid_until")

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.instance = findings.weigh(**said, by=self.by)
            except FindingError as error:
                self.add_error(None, str(error))
        return said


class _Acts:
    """Pages that only show, with buttons under them; each is a POST that `findings` carries out."""

    admin_site: admin.AdminSite
    opts: Any

    def _act(self, route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
        wrapped = self.admin_site.admin_view(require_POST(view))
        address: URLPattern = path(route, wrapped, name=f"reports_{self.opts.model_name}_{name}")
        return address

    def _done(
        self, request: HttpRequest, pk: object, act: Callable[[], object], told: str
    ) -> HttpResponse:
        """Do it or say why not, and look at the page again."""
        try:
            act()
        except FindingError as error:
            messages.error(request, f"Chưa làm. {error}")
        else:
            messages.success(request, told)
        return see_other(reverse(f"admin:reports_{self.opts.model_name}_change", args=[pk]))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(KnownNumber)
class KnownNumberAdmin(_Acts, _KnownNumberAdmin):
    """One proposes, another confirms; the public page shows what is confirmed, for its time."""

    form = KnownNumberForm
    change_form_template = "admin/reports/knownnumber/change_form.html"
    list_display = ("number", "finding", "standing", "until", "proposed_by", "confirmed_by")
    list_select_related = ("proposed_by", "confirmed_by")
    ordering = ("-proposed_at",)
    search_fields = ("number", "key__exact")

    def get_urls(self) -> list[URLPattern]:
        return [
            self._act("<int:pk>/confirm/", self.confirm, "confirm"),
            self._act("<int:pk>/withdraw/", self.withdraw, "withdraw"),
            *super().get_urls(),
        ]

    def get_fields(self, request: HttpRequest, obj: KnownNumber | None = None) -> Any:
        asked = ("number", "finding", "reason")
        if obj is None:
            return (*asked, "valid_until")
        return (*asked, "until", "standing", "proposed_by", "confirmed_by", "withdrawn_by")

    def get_readonly_fields(self, request: HttpRequest, obj: KnownNumber | None = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        finding = KnownNumber.Finding.CONFIRMED
        return {"finding": finding, "valid_until": findings.usual_end()}

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.by = _officer(request)  # type: ignore[attr-defined]
        return form

    def save_model(self, request: HttpRequest, obj: KnownNumber, form: Any, change: bool) -> None:
        findings.put(obj)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Đề nghị ghi nhận một số", **(extra_context or {})}
        try:
            return super().add_view(request, form_url, context)
        except FindingError as error:  # somebody was quicker: nothing has been written
            messages.error(request, f"Chưa làm. {error}")
            return see_other(reverse("admin:reports_knownnumber_changelist"))

    def response_add(
        self, request: HttpRequest, obj: KnownNumber, post_url_continue: str | None = None
    ) -> HttpResponse:
        messages.success(request, "Đã đề nghị. Chờ người khác xác nhận.")
        return see_other(reverse("admin:reports_knownnumber_change", args=[obj.pk]))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row: KnownNumber | None = self.get_object(request, object_id)
        may = request.user.has_perm(findings.CONFIRM)
        stands = row is not None and row.withdrawn_at is None
        own = row is not None and row.proposed_by_id == request.user.pk
        waits = stands and row is not None and row.confirmed_at is None
        context = {
            "may_confirm": waits and may and not own,
            "own_proposal": waits and own,
            "may_withdraw": stands and (may or (waits and own)),
            "record": _record("number", object_id),
            "verdict": lookup.look(phones.read(row.number)) if row else None,
            "key": row.key if row else "",
            "named": reports_naming(row.key) if row else 0,
            "days": lookup.DAYS,
            "title": f"Số {row.number}" if row else None,
            "subtitle": None,
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def confirm(self, request: HttpRequest, pk: int) -> HttpResponse:
        get_object_or_404(KnownNumber, pk=pk)
        by = _officer(request)
        told = "Đã xác nhận. Trang kiểm tra số nói điều này từ bây giờ."
        return self._done(request, pk, lambda: findings.confirm(pk, by=by), told)

    def withdraw(self, request: HttpRequest, pk: int) -> HttpResponse:
        get_object_or_404(KnownNumber, pk=pk)
        by, reason = _officer(request), request.POST.get("reason", "")
        return self._done(
            request, pk, lambda: findings.withdraw(pk, reason, by=by), "Đã gỡ ghi nhận."
        )

    @admin.display(description="trạng thái")
    def standing(self, row: KnownNumber) -> str:
        if row.withdrawn_at:
            return f"Đã gỡ {_moment(row.withdrawn_at)}"
        if row.confirmed_at is None:
            return "Chờ người khác xác nhận"
        if row.valid_until < timezone.localdate():
            return "Hết giá trị"
        return f"Đã xác nhận {_moment(row.confirmed_at)}"

    @admin.display(description="có giá trị đến", ordering="valid_until")
    def until(self, row: KnownNumber) -> str:
        return f"{row.valid_until:%d/%m/%Y}"


class OpenFilter(admin.SimpleListFilter):
    """What waits, unless somebody asks for the rest."""

    title = "trạng thái"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "Tất cả"), *Dispute.Status.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Dispute]) -> QuerySet[Dispute]:
        if self.value() == "all" or (not self.value() and request.GET.get(SEARCH_VAR)):
            return queryset
        return queryset.filter(status=self.value() or Dispute.Status.OPEN)


@admin.register(Dispute)
class DisputeAdmin(_Acts, _DisputeAdmin):
    """Who asks for a second look, the next to be answered first."""

    change_form_template = "admin/reports/dispute/change_form.html"
    list_display = ("public_number", "shown", "due", "status", "received")
    list_filter = (OpenFilter,)
    ordering = ("due_at", "received_at")
    search_fields = ("public_number",)  # shows the box; `search` reads what is meant
    search_help_text = "Mã đề nghị, hoặc số điện thoại cần xem lại."
    fields = ("shown", "why", "received", "due", "status", "answer", "answered")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        return [
            self._act("<uuid:pk>/answer/", self.give, "answer"),
            self._act("<uuid:pk>/reveal/", self.reveal, "reveal"),
            self._act("<uuid:pk>/reveal-reason/", self.reveal_reason, "reveal_reason"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        dispute: Dispute | None = self.get_object(request, object_id)
        is_open = dispute is not None and dispute.status == Dispute.Status.OPEN
        finding = findings.accusing(dispute.key) if dispute else None
        context = {
            "dispute": dispute,
            "may_answer": is_open and request.user.has_perm(findings.ANSWER),
            "may_uphold": finding is None or request.user.has_perm(findings.CONFIRM),
            "may_reject": finding is None or finding.proposed_by_id != request.user.pk,
            "is_masked": dispute is not None and _reason(dispute) != self.why(dispute),
            "may_reveal": request.user.has_perm("reports.reveal_contact"),
            "verdict": _verdict(dispute) if dispute else None,
            "record": _record("dispute", object_id),
            "title": f"Đề nghị xem lại {dispute.public_number}" if dispute else None,
            "subtitle": None,
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def give(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Answer: upheld or not."""
        get_object_or_404(Dispute, pk=pk)
        by, text = _officer(request), request.POST.get("answer", "")
        upheld = request.POST.get("decision") == "upheld"
        return self._done(
            request,
            pk,
            lambda: findings.answer(pk, upheld=upheld, text=text, by=by),
            "Đã gỡ số." if upheld else "Đã giữ nguyên.",
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return (search.disputes(queryset, search_term) if search_term else queryset), False

    def reveal(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show the number to ring once; on record before it is shown."""
        return self._revealed(
            request, pk, "contact", lambda row: privacy.unseal(row.contact_sealed)
        )

    def reveal_reason(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Show the reason as it came, once; on record before it is shown."""
        return self._revealed(request, pk, "reason", _reason)

    def _revealed(
        self, request: HttpRequest, pk: UUID, what: str, opened: Callable[[Dispute], str | None]
    ) -> HttpResponse:
        dispute = get_object_or_404(Dispute, pk=pk)
        if not request.user.has_perm("reports.reveal_contact"):
            raise PermissionDenied
        events.record("dispute", pk, "revealed", by=_officer(request), what=what)
        request.method = "GET"  # the page as it is looked at: nothing of it can be changed
        text = opened(dispute) or "Không mở được"
        return self.change_view(request, str(pk), extra_context={what: text})

    @admin.display(description="số")
    def shown(self, dispute: Dispute) -> str:
        return privacy.unseal(dispute.number_sealed) or "–"

    @admin.display(description="vì sao")
    def why(self, dispute: Dispute) -> str:
        contact = privacy.unseal(dispute.contact_sealed) or ""
        return privacy.mask(_reason(dispute), contact).text

    @admin.display(description="nhận lúc", ordering="received_at")
    def received(self, dispute: Dispute) -> str:
        return _moment(dispute.received_at)

    @admin.display(description="hạn trả lời", ordering="due_at")
    def due(self, dispute: Dispute) -> str:
        if dispute.due_at is None:
            return "–"
        is_late = dispute.status == Dispute.Status.OPEN and dispute.due_at < timezone.now()
        return f"{_moment(dispute.due_at)}{', quá hạn' if is_late else ''}"

    @admin.display(description="trả lời lúc")
    def answered(self, dispute: Dispute) -> str:
        if dispute.answered_at is None:
            return "–"
        return f"{_moment(dispute.answered_at)}, {words.person(dispute.answered_by)}"


def _verdict(dispute: Dispute) -> lookup.Verdict:
    """What the public page says of the number at this moment."""
    return lookup.look(phones.read(privacy.unseal(dispute.number_sealed) or ""))


def _reason(dispute: Dispute) -> str:
    """What was written, as it came."""
    return privacy.unseal(dispute.reason_sealed) or "Không ghi"


def _record(subject: str, pk: object) -> list[tuple[str, str, str, str]]:
    """The acts on record: when, who, what, and the reason that was given."""
    return [
        (
            _moment(event.at),
            words.person(event.by) if event.by else "Máy",
            words.EVENTS.get(event.kind, event.kind),
            event.detail.get("reason", "") or words.PERSONAL.get(event.detail.get("what", ""), ""),
        )
        for event in events.about(subject, pk)[:50]
    ]


def _moment(at: Any) -> str:
    return f"{timezone.localtime(at):%H:%M, %d/%m/%Y}"


def _officer(request: HttpRequest) -> User:
    """Who is at the desk; admin_view has let nobody else in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
