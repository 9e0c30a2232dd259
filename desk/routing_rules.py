"""The rules by which reports go to units, and what they would have done last month."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from core.audit import events
from desk.labels import codes as labels
from desk.pages.base import officer
from reports.cases import routing, visibility
from reports.extraction.language.cue_matcher import scenario_codes
from reports.models import RoutingRule, Unit

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[RoutingRule]
    _Form = forms.ModelForm[RoutingRule]
else:
    _Admin, _Form = admin.ModelAdmin, forms.ModelForm

_ASKED = ("position", "scenario", "commune", "office", "min_loss")
_GIVEN = ("unit", "priority", "is_active")


class RuleForm(_Form):
    """What a report must be like, and where it goes then."""

    scenario = forms.ChoiceField(label="Kiểu lừa", required=False)

    class Meta:
        model = RoutingRule
        fields = (*_ASKED, *_GIVEN)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(kinds := self.fields.get("scenario"), forms.ChoiceField):
            kinds.choices = [
                ("", "Kiểu nào cũng được"),
                *((code, labels.code_label(code)) for code in scenario_codes()),
            ]
        if isinstance(to := self.fields.get("unit"), forms.ModelChoiceField):
            to.queryset = Unit.objects.active()
            to.empty_label = "Công an xã, phường nơi người báo ở"

    def clean_priority(self) -> int | None:
        priority: int | None = self.cleaned_data["priority"]
        if priority is not None and priority > 100:
            raise forms.ValidationError("Ghi một số từ 0 đến 100, ví dụ: 60.")
        return priority


@admin.register(RoutingRule)
class RoutingRuleAdmin(_Admin):
    """Rules in the order in which they are asked; a new one is off until somebody has tried it."""

    form = RuleForm
    change_list_template = "admin/reports/routingrule/change_list.html"
    list_display = ("place", "when", "to", "urgency", "is_active")
    list_display_links = ("place", "when")
    list_select_related = ("commune", "office", "unit")
    show_facets = admin.ShowFacets.NEVER
    fieldsets = (
        ("Tin nào", {"fields": _ASKED, "description": "Ô để trống thì tin nào cũng hợp."}),
        (
            "Đi đâu",
            {
                "fields": _GIVEN,
                "description": "Quy tắc đầu tiên hợp với tin thì dùng. Chỉ xét tin mới, chưa ai nhận,"
                " mỗi tin một lần. Nên chạy thử trước khi bật.",
            },
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        tried = self.admin_site.admin_view(require_safe(self.dry_run))
        return [path("dry-run/", tried, name="reports_routingrule_dry_run"), *super().get_urls()]

    def dry_run(self, request: HttpRequest) -> HttpResponse:
        """What the rules would have done with the last month's reports; drafts too where asked."""
        if not self.has_view_permission(request) or not visibility.sees_every_report(
            officer(request)
        ):
            raise PermissionDenied
        with_drafts = "drafts" in request.GET
        context = {
            **self.admin_site.each_context(request),
            "title": "Chạy thử quy tắc chuyển tin",
            "opts": self.opts,
            **_tried(routing.dry_run(routing.rules(with_drafts=with_drafts))),
            "with_drafts": with_drafts,
            "days": routing.TRIED_DAYS,
        }
        return TemplateResponse(request, "admin/reports/routingrule/dry_run.html", context)

    def save_model(self, request: HttpRequest, obj: RoutingRule, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        said = {name: form.cleaned_data[name] for name in (*_ASKED, *_GIVEN)}
        now = {name: getattr(value, "pk", value) for name, value in said.items()}
        events.log_event("rule", obj.pk, "rule_saved", by=officer(request), **now)

    def delete_model(self, request: HttpRequest, obj: RoutingRule) -> None:
        events.log_event("rule", obj.pk, "rule_removed", by=officer(request))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RoutingRule]) -> None:
        for rule in queryset:
            self.delete_model(request, rule)

    @admin.display(description="thứ tự", ordering="position")
    def place(self, rule: RoutingRule) -> int:
        return rule.position

    @admin.display(description="tin nào")
    def when(self, rule: RoutingRule) -> str:
        return condition_text(rule)

    @admin.display(description="chuyển đến")
    def to(self, rule: RoutingRule) -> str:
        return target_text(rule)

    @admin.display(description="ưu tiên ít nhất")
    def urgency(self, rule: RoutingRule) -> str:
        return "–" if rule.priority is None else labels.priority_label(rule.priority).word


def condition_text(rule: RoutingRule) -> str:
    """What a report must be like, in words."""
    asked = [
        labels.code_label(rule.scenario) if rule.scenario else "",
        f"người báo ở {rule.commune}" if rule.commune else "",
        f"họ xưng {rule.office}" if rule.office else "",
        f"thiệt hại từ {labels.format_loss(rule.min_loss)}" if rule.min_loss else "",
    ]
    return "; ".join(filter(None, asked)) or "Mọi tin"


def target_text(rule: RoutingRule) -> str:
    """Where it goes."""
    return rule.unit.name if rule.unit else "Công an xã, phường nơi người báo ở"


def _tried(trial: routing.DryRunResult) -> dict[str, Any]:
    """The trial as its page shows it: a line for each rule, what no rule fits apart."""
    lines = [
        (line.rule, condition_text(line.rule), target_text(line.rule), line)
        for line in trial.lines
        if line.rule
    ]
    rest = next(line for line in trial.lines if line.rule is None)
    return {"trial": trial, "lines": lines, "rest": rest}
