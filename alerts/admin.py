"""The desk's pages of warnings. Actions take POST alone; publishing.py decides what is allowed."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Generic, TypeVar
from uuid import UUID

from csp.decorators import csp_replace
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import linebreaksbr
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from alerts import drafting, previews, publishing
from alerts.admin_state import (
    CHANGE,
    ISSUE,
    allowed_actions,
    history_lines,
    is_editable,
    publication_notice,
    status_text,
)
from alerts.delivery import partner_admin  # noqa: F401 - registers its pages
from alerts.formats import html
from alerts.formats.wording import SOUND_TYPE
from alerts.forms import AlertForm, StepForm, TranslationForm
from alerts.models import (
    Alert,
    AlertRevision,
    AlertStep,
    AlertTranslation,
    CancelReason,
    Language,
    ResponseType,
    Sound,
)
from alerts.models.cap_terms import Certainty
from alerts.previews import list_differences
from alerts.sounds import build_upload_handler
from core.admin_pages import OwnFiltersAdmin, ReadOnlyAdminMixin
from core.form_data import parse_uuid
from core.responses import style_source
from reports.campaigns import campaign_stats
from reports.models import Campaign

_DETAILS = ["collapse"]  # folded until somebody wants it
_DOCUMENT_FIELDS: list[Any] = [
    "document_number", "document_date", "document_office", "document_subject",
    "document_recipients", "document_note",
]  # fmt: skip
# What a read-only page shows in place of a field of the form.
_READ_ONLY_FIELDS = {"scenario": "scenario_label", "response_type": "response_labels"}

Part = TypeVar("Part", AlertStep, AlertTranslation)


class EditableInline(admin.StackedInline[Part, Alert], Generic[Part]):
    """Parts of a warning, which change as long as its text does."""

    def has_add_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        return is_editable(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        return is_editable(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        return is_editable(obj) and super().has_delete_permission(request, obj)


class StepInline(EditableInline[AlertStep]):
    model = AlertStep
    form = StepForm
    ordering = ["position", "id"]

    def get_extra(self, request: HttpRequest, obj: Alert | None = None, **kwargs: Any) -> int:
        return 2 if obj else 4


class TranslationInline(EditableInline[AlertTranslation]):
    model = AlertTranslation
    form = TranslationForm
    fields = [
        "language", "reader", "player", "file", "drop_sound", "sound", "title", "summary", "advice",
        "loudspeaker",
    ]  # fmt: skip
    readonly_fields = ["player"]
    max_num = len(Language)

    def get_extra(self, request: HttpRequest, obj: Alert | None = None, **kwargs: Any) -> int:
        return 1

    def get_formset(self, request: HttpRequest, obj: Alert | None = None, **kwargs: Any) -> Any:
        """Return the formset, folded until there is a language."""
        self.classes = [] if obj and obj.translations.exists() else _DETAILS
        return super().get_formset(request, obj, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Alert | None = None) -> Any:
        """Return the fields; on a read-only page those that say something there."""
        if self.has_change_permission(request, obj):
            return self.fields
        return ["language", "reader", "player", "title", "summary", "advice", "loudspeaker"]

    @admin.display(description="nghe")
    def player(self, translation: AlertTranslation) -> str:
        context = {"sound": translation.sound, "language": translation.language}
        return render_to_string("admin/alerts/alert/player.html", context)


@admin.register(Alert)
class AlertAdmin(OwnFiltersAdmin[Alert]):
    form = AlertForm
    inlines = [StepInline, TranslationInline]
    list_display = ["title", "stage_label", "document_number", "author", "changed_at"]
    list_filter = ["stage"]
    list_select_related = ["current", "author"]
    search_fields = ["title", "document_number", "summary"]
    # Boxes to tick: the stock pair of lists needs script and names its parts wrongly.
    formfield_overrides = {models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple}}
    fieldsets = [
        (
            "1. Việc gì",
            {"fields": ["title", "short_title", "summary", "scenario", "campaign", "grounds",
                        "slug", "loaded_at"]},
        ),
        ("Văn bản gốc", {"fields": _DOCUMENT_FIELDS, "classes": _DETAILS}),
        (
            "2. Ai bị, ở đâu, bao lâu",
            {"fields": ["offices", "audience", "communes", "effective", "expires", "reviewed_on"]},
        ),
        (
            "Mức độ, để máy nơi nhận xếp thứ tự",
            {"fields": [("urgency", "severity", "certainty"), "response_type"], "classes": _DETAILS},
        ),
        (
            "3. Lời khuyên",
            {"fields": ["advice", "sms", "sms_share", "sms_marked", "loudspeaker"]},
        ),
        (
            "Bản tiếng Anh",
            {"fields": ["title_en", "summary_en", "advice_en"], "classes": _DETAILS},
        ),
    ]  # fmt: skip

    class Media:
        css = {"all": ["css/alert_desk.css"]}

    @admin.display(description="đang ở đâu")
    def stage_label(self, alert: Alert) -> str:
        return status_text(alert)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Alert | None:
        """Return the warning, locked while its form is saved: nobody submits or issues it meanwhile."""
        alert = super().get_object(request, object_id, from_field)
        if alert is not None and request.method == "POST":
            alert = Alert.objects.select_for_update(of=("self",)).get(pk=alert.pk)
        return alert

    def has_change_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        return is_editable(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        """Return True only for a draft that was never issued."""
        is_unissued = obj is not None and obj.current_id is None and is_editable(obj)
        return is_unissued and super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Alert | None = None) -> list[str]:
        return [*(["slug"] if obj else []), "scenario_label", "response_labels"]

    def get_fieldsets(self, request: HttpRequest, obj: Alert | None = None) -> Any:
        """Return the fieldsets; on a read-only page unfolded, with labels and without `loaded_at`."""
        fieldsets = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return fieldsets
        return [(name, {"fields": _to_read_only(options["fields"])}) for name, options in fieldsets]

    @admin.display(description="kiểu lừa")
    def scenario_label(self, alert: Alert) -> str:
        return campaign_stats.code_label(alert.scenario) if alert.scenario else "-"

    @admin.display(description="người dân cần")
    def response_labels(self, alert: Alert) -> str:
        return ", ".join(str(ResponseType(each).label) for each in alert.response_type)

    def save_model(self, request: HttpRequest, obj: Alert, form: Any, change: bool) -> None:
        obj.author = request.user
        super().save_model(request, obj, form, change)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the steps, and number them in the order that was chosen; save other parts as they are."""
        super().save_formset(request, form, formset, change)
        if formset.model is not AlertStep:
            return
        kept = [
            each for each in formset.forms if each.instance.pk and each not in formset.deleted_forms
        ]
        for number, step in enumerate(sorted(kept, key=lambda each: each.place), 1):
            AlertStep.objects.filter(pk=step.instance.pk).update(position=number)

    def response_add(self, request: HttpRequest, obj: Alert, *args: Any) -> HttpResponse:
        return self.response_change(request, obj)

    def response_change(self, request: HttpRequest, obj: Alert) -> HttpResponse:
        """Stay at the warning, whose head says what it lacks; submit it where that was pressed."""
        if "_review" in request.POST:
            return self._run(
                request, obj.pk, [CHANGE], publishing.submit, "Đã lưu và gửi đi duyệt."
            )
        messages.success(request, "Đã lưu.")
        return HttpResponseRedirect(reverse("admin:alerts_alert_change", args=[obj.pk]))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return initial values from the campaign alone: a link's parameters add no text."""
        campaign = _find_campaign(request.GET.get("campaign", ""))
        text = drafting.initial_from_campaign(campaign) if campaign else {"campaign": None}
        return text | {"certainty": Certainty.LIKELY}

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Alert, inline: Any, prefix: str
    ) -> dict[str, Any]:
        """Return the arguments; of a warning that a campaign's page begins, with its steps. A post is
        compared with empty steps: what stands there is saved as if it were typed.
        """
        kwargs: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        campaign = _find_campaign(request.GET.get("campaign", ""))
        if campaign and request.method == "GET" and isinstance(inline, StepInline):
            kwargs["initial"] = drafting.initial_steps(campaign)
        return kwargs

    def get_urls(self) -> list[URLPattern]:
        actions = {
            "submit": self.submit_view,
            "send-back": self.send_back,
            "issue": self.issue,
            "cancel": self.cancel,
        }
        show = require_safe(self.show_preview)
        show_page = xframe_options_sameorigin(_allow(show, "frame-ancestors"))
        listen = self.admin_site.admin_view(require_safe(self.listen))
        return [
            path("sound/<str:name>.mp3", listen, name="alerts_alert_sound"),
            *(self._path(name, require_POST(view)) for name, view in actions.items()),
            self._path("preview", require_safe(_allow(self.preview, "frame-src"))),
            *(self._path(f"preview/{name}", show_page, name) for name in previews.PAGES),
            *(self._path(f"preview/{name}", show, name) for name in previews.OTHERS),
            *super().get_urls(),
        ]

    def _path(self, place: str, view: Callable[..., Any], preview: str = "") -> URLPattern:
        arguments = {"name": preview} if preview else {}
        name = f"alerts_alert_{place.replace('/', '_')}"
        return path(f"<uuid:pk>/{place}/", self.admin_site.admin_view(view), arguments, name=name)

    def submit_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._run(request, pk, [CHANGE], publishing.submit, "Đã gửi đi duyệt.")

    def send_back(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        action = partial(publishing.send_back, reason=request.POST.get("reason", ""))
        return self._run(request, pk, [CHANGE, ISSUE], action, "Đã trả lại để sửa.")

    def issue(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Issue the first revision, or an update if there is one."""

        def issue_next(alert: Alert, *, by: Any) -> AlertRevision:
            if request.POST.get("has_read") != "yes":
                raise publishing.PublishingError(
                    "Chưa phát. Đọc bản này, đánh dấu “Tôi đã đọc bản này”, rồi bấm lại."
                )
            action = publishing.update if alert.current_id else publishing.issue
            return action(alert, by=by, read_etag=request.POST.get("draft_etag", ""))

        return self._run(request, pk, [ISSUE], issue_next, publication_notice)

    def cancel(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        is_error = request.POST.get("ending") == CancelReason.ERROR
        ending = CancelReason.ERROR if is_error else CancelReason.OVER
        action = partial(publishing.cancel, ending=ending)
        return self._run(request, pk, [ISSUE], action, "Đã hủy. Khung đổi trong một phút.")

    def _run(
        self,
        request: HttpRequest,
        pk: UUID,
        permissions: list[str],
        action: Callable[..., object],
        notice: str | Callable[[object], str],
    ) -> HttpResponse:
        """Run an action for who has one of the permissions; redirect with its notice or refusal."""
        alert = _get_alert(request, pk, permissions)
        try:
            result = action(alert, by=request.user)
        except publishing.PublishingError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, notice if isinstance(notice, str) else notice(result))
        return HttpResponseRedirect(reverse("admin:alerts_alert_change", args=[pk]))

    def preview(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Return the page of all previews, for those who write and those who issue."""
        alert = _get_alert(request, pk, [CHANGE, ISSUE])
        revision = publishing.preview(alert)
        context = self.admin_site.each_context(request) | {
            "title": f"Xem trước: {alert.title}",
            "alert": alert,
            "opts": self.opts,
            "texts": list(previews.texts(revision, timezone.now(), settings.PORTAL_URL)),
            "texts_with_limits": previews.texts_with_limit(revision.frozen_content),
        }
        return TemplateResponse(request, "admin/alerts/alert/preview.html", context)

    def show_preview(self, request: HttpRequest, pk: UUID, name: str) -> HttpResponse:
        alert = _get_alert(request, pk, [CHANGE, ISSUE])
        render = (previews.PAGES | previews.OTHERS)[name]
        return render(publishing.preview(alert), timezone.now())

    def listen(self, request: HttpRequest, name: str) -> HttpResponse:
        """Return a recording, issued or not, for those who write and those who issue."""
        if not any(map(request.user.has_perm, [CHANGE, ISSUE])):
            raise PermissionDenied
        return HttpResponse(bytes(get_object_or_404(Sound, pk=name).data), SOUND_TYPE)

    # Files are read before the token in the form can be: changeform_view checks it.
    @method_decorator(csrf_exempt)
    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.upload_handlers = [build_upload_handler()]
        return super().add_view(request, *args, **kwargs)

    @method_decorator(csrf_exempt)
    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        request.upload_handlers = [build_upload_handler()]
        alert = Alert.objects.filter(pk=parse_uuid(object_id) or UUID(int=0)).first()
        if alert is None or request.method != "GET":
            return super().change_view(request, object_id)
        context = {
            "allowed_actions": allowed_actions(request, alert),
            "status": status_text(alert),
            "differences": list_differences(alert),
            "endings": CancelReason.choices,
            "history": list(history_lines(alert)),
        }
        return super().change_view(request, object_id, extra_context=context)


@admin.register(AlertRevision)
class AlertRevisionAdmin(ReadOnlyAdminMixin, OwnFiltersAdmin[AlertRevision]):
    list_display = ["identifier", "title", "msg_type", "sent", "author", "issued_by"]
    list_filter = ["msg_type"]
    list_select_related = ["author", "issued_by"]
    search_fields = ["identifier"]
    fields = [
        "identifier", "alert", "version", "msg_type", "sent", "effective", "expires", "author",
        "issued_by", "references", "content_hash", "text",
    ]  # fmt: skip
    readonly_fields = ["text"]

    @admin.display(description="tiêu đề")
    def title(self, revision: AlertRevision) -> str:
        return revision.frozen_content.title

    @admin.display(description="nội dung")
    def text(self, revision: AlertRevision) -> str:
        return linebreaksbr(html.render_text(revision, timezone.now()))


def _allow(view: Callable[..., HttpResponse], directive: str) -> Callable[..., Any]:
    """Return the view with a policy that lets our own pages frame it, or be framed by it."""
    sheets = ["'self'", style_source("alerts/alert.css")]
    return csp_replace({directive: ["'self'"], "style-src": sheets})(view)


def _get_alert(request: HttpRequest, pk: UUID, permissions: list[str]) -> Alert:
    if not any(map(request.user.has_perm, permissions)):
        raise PermissionDenied
    return get_object_or_404(Alert, pk=pk)


def _find_campaign(text: str) -> Campaign | None:
    campaign = Campaign.objects.filter(pk=parse_uuid(text) or UUID(int=0)).first()
    return campaign.root() if campaign else None


def _to_read_only(fields: Iterable[Any]) -> list[Any]:
    return [_READ_ONLY_FIELDS.get(field, field) for field in fields if field != "loaded_at"]
