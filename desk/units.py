"""Units, their members, and the routing rules of reports."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin
from core.audit import events
from core.text import normalize
from desk.labels import codes
from desk.labels.formatting import format_loss
from desk.pages import validators
from desk.pages.http import render
from desk.pages.lists import NoDeleteAdminMixin
from desk.reports.decision_forms import OfficerField
from reports.campaigns.campaign_stats import scenarios
from reports.cases import replies, routing, visibility
from reports.models import RoutingRule, Unit, UnitMember
from reports.reference import units

OWN = "Không ai tự đổi đơn vị của chính mình: nhờ một chỉ huy khác."
_CONDITIONS = ("position", "scenario", "commune", "office", "min_loss")
_RESULTS = ("unit", "priority", "is_active")


class UnitForm(forms.ModelForm[Unit]):
    """A unit; residents may read its name."""

    class Meta:
        model = Unit
        fields = ("name", "codename", "kind", "commune", "contact", "email", "is_active")

    def clean_name(self) -> str:
        name = validators.validate_plain_text(" ".join(self.cleaned_data["name"].split()))
        if not normalize(name).strip() or not replies.is_unit(name):
            raise forms.ValidationError(
                "Người báo đọc nguyên văn tên này. Chỉ ghi tên, không ghi số điện thoại, đường link."
            )
        others = Unit.objects.filter(name_normalized=normalize(name)).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError("Đã có đơn vị tên như vậy.")
        return name

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        is_police = values.get("kind", self.instance.kind) == Unit.Kind.COMMUNE
        commune = values.get("commune", self.instance.commune)
        if not self.errors and is_police != bool(commune):
            self.add_error(
                None, "Công an xã, phường thì chọn xã, phường; đơn vị khác thì để trống."
            )
        return values


class MembersFormSet(BaseInlineFormSet[UnitMember, Unit, forms.ModelForm[UnitMember]]):
    """The members of a unit; no officer changes their own, which decides the reports they see."""

    by: User

    def clean(self) -> None:
        super().clean()
        touched = (form for form in self.forms if form.has_changed() or form in self.deleted_forms)
        for form in touched:
            new_user = getattr(form.cleaned_data.get("user"), "pk", None)
            if self.by.pk in {form.instance.user_id, new_user, form.initial.get("user")}:
                raise forms.ValidationError(OWN)


class Members(admin.StackedInline[UnitMember, Unit]):
    """The members of a unit; an officer has one unit at most."""

    formset = MembersFormSet
    model = UnitMember
    extra = 1
    verbose_name_plural = "cán bộ của đơn vị (chỉ xem tin của đơn vị này)"

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.by = get_officer(request)  # type: ignore[attr-defined]
        return formset

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        staff = User.objects.filter(is_staff=True, is_active=True).order_by("username")
        officers = staff.select_related("membership__unit")
        return OfficerField(officers, label="Cán bộ") if db_field.name == "user" else None


@admin.register(Unit)
class UnitAdmin(NoDeleteAdminMixin, OwnFiltersAdmin[Unit]):
    form = UnitForm
    inlines = (Members,)
    list_display = ("name", "kind", "contact", "is_active")
    list_filter = ("kind", "is_active")
    search_fields = ("name_normalized",)
    search_help_text = "Tên đơn vị, không cần dấu."
    list_per_page = 50

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return super().get_search_results(request, queryset, normalize(search_term))

    def get_readonly_fields(self, request: HttpRequest, obj: Unit | None = None) -> Any:
        return ("codename", "kind", "commune") if obj else ()

    def save_model(self, request: HttpRequest, obj: Unit, form: Any, change: bool) -> None:
        obj.name_normalized = normalize(obj.name)
        super().save_model(request, obj, form, change)
        now = {name: getattr(obj, name) for name in ("name", "contact", "email", "is_active")}
        units.clear_cache()
        events.log_event("unit", obj.pk, "unit_saved", by=get_officer(request), **now)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the members, with an audit event for each who joined or left."""
        super().save_formset(request, form, formset, change)
        by, unit = get_officer(request), form.instance.pk
        for row in (*formset.new_objects, *(row for row, _ in formset.changed_objects)):
            events.log_event("unit", unit, "member_joined", by=by, officer=row.user_id)
        for row in formset.deleted_objects:
            events.log_event("unit", unit, "member_left", by=by, officer=row.user_id)


class RuleForm(forms.ModelForm[RoutingRule]):
    scenario = forms.ChoiceField(label="Kiểu lừa", required=False)

    class Meta:
        model = RoutingRule
        fields = (*_CONDITIONS, *_RESULTS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(kinds := self.fields.get("scenario"), forms.ChoiceField):
            kinds.choices = [("", "Kiểu nào cũng được"), *scenarios()]
        if isinstance(to := self.fields.get("unit"), forms.ModelChoiceField):
            to.queryset = Unit.objects.active()
            to.empty_label = "Công an xã, phường nơi người báo ở"

    def clean_priority(self) -> int | None:
        priority: int | None = self.cleaned_data["priority"]
        if priority is not None and priority > 100:
            raise forms.ValidationError("Ghi một số từ 0 đến 100, ví dụ: 60.")
        return priority


@admin.display(description="tin nào")
def condition_text(rule: RoutingRule) -> str:
    conditions = [
        codes.code_label(rule.scenario) if rule.scenario else "",
        f"người báo ở {rule.commune}" if rule.commune else "",
        f"họ xưng {rule.office}" if rule.office else "",
        f"thiệt hại từ {format_loss(rule.min_loss)}" if rule.min_loss else "",
    ]
    return "; ".join(filter(None, conditions)) or "Mọi tin"


@admin.display(description="chuyển đến")
def target_text(rule: RoutingRule) -> str:
    return rule.unit.name if rule.unit else "Công an xã, phường nơi người báo ở"


@admin.register(RoutingRule)
class RoutingRuleAdmin(OwnFiltersAdmin[RoutingRule]):
    """Routing rules in the order of evaluation; a new one is off."""

    form = RuleForm
    change_list_template = "admin/reports/routingrule/change_list.html"
    list_display = ("position", condition_text, target_text, "urgency", "is_active")
    list_display_links = ("position", condition_text)
    list_select_related = ("commune", "office", "unit")
    fieldsets = (
        ("Tin nào", {"fields": _CONDITIONS, "description": "Ô để trống thì tin nào cũng hợp."}),
        (
            "Đi đâu",
            {
                "fields": _RESULTS,
                "description": "Quy tắc đầu tiên hợp với tin thì dùng. Chỉ xét tin mới, chưa ai nhận,"
                " mỗi tin một lần. Nên chạy thử trước khi bật.",
            },
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.dry_run))
        return [path("dry-run/", view, name="reports_routingrule_dry_run"), *super().get_urls()]

    def dry_run(self, request: HttpRequest) -> HttpResponse:
        """Render what the rules, with drafts if asked, would have done with the last reports."""
        if not self.has_view_permission(request) or not visibility.sees_every_report(
            get_officer(request)
        ):
            raise PermissionDenied
        with_drafts = "drafts" in request.GET
        return render(
            request,
            "admin/reports/routingrule/dry_run.html",
            "Chạy thử quy tắc chuyển tin",
            RoutingRule,
            **_dry_run_context(routing.dry_run(routing.rules(with_drafts=with_drafts))),
            with_drafts=with_drafts,
            days=routing.TRIED_DAYS,
        )

    def save_model(self, request: HttpRequest, obj: RoutingRule, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        values = {name: form.cleaned_data[name] for name in (*_CONDITIONS, *_RESULTS)}
        now = {name: getattr(value, "pk", value) for name, value in values.items()}
        events.log_event("rule", obj.pk, "rule_saved", by=get_officer(request), **now)

    def delete_model(self, request: HttpRequest, obj: RoutingRule) -> None:
        events.log_event("rule", obj.pk, "rule_removed", by=get_officer(request))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RoutingRule]) -> None:
        for rule in queryset:
            self.delete_model(request, rule)

    @admin.display(description="ưu tiên ít nhất")
    def urgency(self, rule: RoutingRule) -> str:
        return "–" if rule.priority is None else codes.priority_label(rule.priority).word


def _dry_run_context(trial: routing.DryRunResult) -> dict[str, Any]:
    """Return the trial for its page: a line a rule, and the rest that no rule matches."""
    lines = [
        (line.rule, condition_text(line.rule), target_text(line.rule), line)
        for line in trial.lines
        if line.rule
    ]
    rest = next(line for line in trial.lines if line.rule is None)
    return {"trial": trial, "lines": lines, "rest": rest}
