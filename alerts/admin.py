"""The desk of warnings: write, submit, look, issue, cancel. Every act is an address of its own
that takes POST alone; what may be done is decided in publishing.py.
"""

from collections.abc import Callable, Iterable
from typing import Any
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
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone, translation
from django.views.decorators.clickjacking import xframe_options_sameorigin
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
from alerts.delivery.partner_admin import DeliveryAdmin, PartnerAdmin
from alerts.embed import frames
from alerts.formats import html as pages
from alerts.formats.localization import ENGLISH
from alerts.forms import AlertForm
from alerts.models import Alert, AlertRevision, AlertStep, CancelReason, ResponseType
from alerts.responses import allow_framing
from core.readonly_admin import ReadOnlyAdminMixin
from reports.campaigns import campaign_stats
from reports.models import Campaign

__all__ = ["AlertAdmin", "AlertRevisionAdmin", "DeliveryAdmin", "PartnerAdmin"]


MAX_REASON_LENGTH = 500
# What a page to read says in place of a field of the form.
_READ = {"scenario": "scenario_label", "response_type": "submit_missing"}


class StepInline(admin.StackedInline):  # type: ignore[type-arg]
    model = AlertStep
    extra = 0
    ordering = ["position"]

    def has_add_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        return is_editable(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        return is_editable(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        return is_editable(obj) and super().has_delete_permission(request, obj)

    def get_extra(self, request: HttpRequest, obj: Alert | None = None, **kwargs: Any) -> int:
        return 0 if obj else 4


@admin.register(Alert)
class AlertAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    form = AlertForm
    inlines = [StepInline]
    list_display = ["title", "stage_label", "document_number", "author", "changed_at"]
    list_filter = ["stage"]
    list_select_related = ["current", "author"]
    search_fields = ["title", "document_number", "summary"]
    raw_id_fields = ["campaign"]
    # Boxes to tick: the stock pair of lists needs script and names its parts wrongly.
    formfield_overrides = {models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple}}
    fieldsets = [
        (None, {"fields": ["title", "short_title", "slug", "summary", "advice", "seen"]}),
        ("Tin nhắn và loa xã", {"fields": ["sms", "sms_share", "sms_marked", "loudspeaker"]}),
        ("Bản tiếng Anh", {"fields": ["title_en", "summary_en", "advice_en"]}),
        (
            "Văn bản gốc",
            {
                "fields": [
                    "document_number",
                    "document_date",
                    "document_office",
                    "document_subject",
                    "document_recipients",
                    "document_note",
                ],
            },
        ),
        (
            "Thời hạn và phân loại",
            {
                "fields": [
                    "effective",
                    "expires",
                    "reviewed_on",
                    "audience",
                    "communes",
                    "offices",
                    "scenario",
                    ("urgency", "severity", "certainty"),
                    "response_type",
                ],
            },
        ),
        ("Căn cứ nội bộ, không đăng", {"fields": ["campaign", "grounds"]}),
    ]

    class Media:
        css = {"all": ["css/alert_desk.css"]}

    @admin.display(description="đang ở đâu")
    def stage_label(self, alert: Alert) -> str:
        return status_text(alert)

    # --- Who may change what

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Alert | None:
        """A form that is being saved holds its row: nobody submits or issues it meanwhile."""
        alert = super().get_object(request, object_id, from_field)
        if alert is not None and request.method == "POST":
            alert = Alert.objects.select_for_update(of=("self",)).get(pk=alert.pk)
        return alert

    def has_change_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        return is_editable(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Alert | None = None) -> bool:
        """What has been said stays; a draft that was never issued may go."""
        unsaid = obj is not None and obj.current_id is None and is_editable(obj)
        return unsaid and super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Alert | None = None) -> list[str]:
        return (
            ["slug", "scenario_label", "submit_missing"]
            if obj
            else ["scenario_label", "submit_missing"]
        )

    def get_fieldsets(self, request: HttpRequest, obj: Alert | None = None) -> Any:
        """`seen` belongs to the form, not to the warning: a read-only page has none, and says codes
        in words.
        """
        sets = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return sets
        return [(name, options | {"fields": _to_read(options["fields"])}) for name, options in sets]

    @admin.display(description="kiểu lừa")
    def scenario_label(self, alert: Alert) -> str:
        return campaign_stats.code_label(alert.scenario) if alert.scenario else "-"

    @admin.display(description="người dân cần")
    def submit_missing(self, alert: Alert) -> str:
        return ", ".join(str(ResponseType(each).label) for each in alert.response_type)

    def save_model(self, request: HttpRequest, obj: Alert, form: Any, change: bool) -> None:
        obj.author = request.user  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """From an address the campaign alone: nobody's link puts words into a warning."""
        campaign = _campaign(request.GET.get("campaign", ""))
        return drafting.initial_from_campaign(campaign) if campaign else {"campaign": None}

    # --- Acts

    def get_urls(self) -> list[URLPattern]:
        acts = {
            "submit": self.submit_view,
            "send-back": self.send_back,
            "issue": self.issue,
            "cancel": self.cancel,
        }
        looks = {
            "preview": _allow(self.preview, "frame-src"),
            "preview/page": xframe_options_sameorigin(_allow(self.preview_page, "frame-ancestors")),
            "preview/english": xframe_options_sameorigin(
                _allow(self.preview_english, "frame-ancestors")
            ),
            "preview/paper": xframe_options_sameorigin(
                _allow(self.preview_paper, "frame-ancestors")
            ),
            "preview/frame": self.preview_frame,
            "preview/picture": self.preview_picture,
            "preview/square": self.preview_square,
            "preview/poster": self.preview_poster,
            "preview/pack": self.preview_pack,
        }
        own = [self._own(name, require_POST(act)) for name, act in acts.items()]
        own += [self._own(name, require_safe(look)) for name, look in looks.items()]
        return own + super().get_urls()

    def _own(self, name: str, view: Callable[..., Any]) -> URLPattern:
        guarded = self.admin_site.admin_view(view)
        return path(f"<uuid:pk>/{name}/", guarded, name=f"alerts_alert_{name.replace('/', '_')}")

    def submit_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return self._act(request, pk, [CHANGE], publishing.submit, "Đã gửi đi duyệt.")

    def send_back(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        reason = request.POST.get("reason", "")[:MAX_REASON_LENGTH]

        def give_back(alert: Alert, *, by: Any) -> None:
            publishing.send_back(alert, by=by, reason=reason)

        return self._act(request, pk, [CHANGE, ISSUE], give_back, "Đã trả lại để sửa.")

    def issue(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The first word or a new one: which of the two, the warning itself knows."""

        def give(alert: Alert, *, by: Any) -> AlertRevision:
            give_word = publishing.update if alert.current_id else publishing.issue
            return give_word(alert, by=by, seen=request.POST.get("seen", ""))

        return self._act(request, pk, [ISSUE], give, publication_notice)

    def cancel(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        error = request.POST.get("ending") == CancelReason.ERROR
        ending = CancelReason.ERROR if error else CancelReason.OVER
        reason = request.POST.get("reason", "")

        def take_back(alert: Alert, *, by: Any) -> None:
            publishing.cancel(alert, by=by, reason=reason, ending=ending)

        return self._act(request, pk, [ISSUE], take_back, "Đã hủy. Trang và khung đã nói rõ.")

    def _act(
        self,
        request: HttpRequest,
        pk: UUID,
        permissions: list[str],
        act: Callable[..., object],
        done: str | Callable[[object], str],
    ) -> HttpResponse:
        if not any(map(request.user.has_perm, permissions)):
            raise PermissionDenied
        alert = get_object_or_404(Alert, pk=pk)
        try:
            result = act(alert, by=request.user)
        except publishing.PublishingError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, done if isinstance(done, str) else done(result))
        return HttpResponseRedirect(reverse("admin:alerts_alert_change", args=[pk]))

    # --- Looking before issuing

    def preview(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        alert = self._seen(request, pk)
        revision, context = publishing.preview(alert), self.admin_site.each_context(request)
        context |= {"title": f"Xem trước: {alert.title}", "alert": alert, "opts": self.opts}
        context["texts"] = list(previews.texts(revision, timezone.now(), settings.PORTAL_URL))
        context["measured"] = list(previews.measured(revision.frozen_content))
        return TemplateResponse(request, "admin/alerts/alert/preview.html", context)

    def preview_page(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        revision = publishing.preview(self._seen(request, pk))
        return HttpResponse(pages.render_detail(revision, timezone.now(), preview=True))

    def preview_english(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        revision = publishing.preview(self._seen(request, pk))
        with translation.override(ENGLISH):
            return HttpResponse(pages.render_detail(revision, timezone.now(), preview=True))

    def preview_paper(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        revision = publishing.preview(self._seen(request, pk))
        return HttpResponse(pages.render_print(revision, timezone.now(), preview=True))

    def preview_frame(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        revision = publishing.preview(self._seen(request, pk))
        html = frames.render_single(revision, timezone.now(), preview=True)
        return allow_framing(HttpResponse(html), ancestors="'self'")

    def preview_picture(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        image = previews.picture(publishing.preview(self._seen(request, pk)), timezone.now())
        return HttpResponse(image, content_type="image/png")

    def preview_square(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        image = previews.square(publishing.preview(self._seen(request, pk)), timezone.now())
        return HttpResponse(image, content_type="image/png")

    def preview_poster(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        sheet = previews.poster(publishing.preview(self._seen(request, pk)))
        response = HttpResponse(sheet, content_type="application/pdf")
        response["Content-Disposition"] = 'inline; filename="xem-truoc-to-dan.pdf"'
        return response

    def preview_pack(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        packed = previews.pack(publishing.preview(self._seen(request, pk)), timezone.now())
        response = HttpResponse(packed, content_type="application/zip")
        response["Content-Disposition"] = 'attachment; filename="xem-truoc-tai-lieu.zip"'
        return response

    def _seen(self, request: HttpRequest, pk: UUID) -> Alert:
        """A text that is not out is looked at by those who write and those who issue."""
        if not any(map(request.user.has_perm, [CHANGE, ISSUE])):
            raise PermissionDenied
        return get_object_or_404(Alert, pk=pk)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        shown = dict(extra_context or {})
        key = _uuid(object_id)
        alert = Alert.objects.filter(pk=key).first() if key else None
        if alert is not None and request.method == "GET":
            shown |= {
                "acts": allowed_actions(request, alert),
                "standing": status_text(alert),
                "endings": CancelReason.choices,
                "record": list(history_lines(alert)),
            }
        return super().change_view(request, object_id, form_url, shown)


@admin.register(AlertRevision)
class AlertRevisionAdmin(ReadOnlyAdminMixin, admin.ModelAdmin):  # type: ignore[type-arg]
    """What was said, to read and nothing else."""

    list_display = ["identifier", "title", "msg_type", "sent", "author", "issued_by"]
    list_filter = ["msg_type"]
    list_select_related = ["author", "issued_by"]
    search_fields = ["identifier"]
    fields = [
        "identifier",
        "alert",
        "version",
        "msg_type",
        "sent",
        "effective",
        "expires",
        "author",
        "issued_by",
        "references",
        "content_hash",
        "text",
    ]
    readonly_fields = ["text"]

    @admin.display(description="tiêu đề")
    def title(self, revision: AlertRevision) -> str:
        return revision.frozen_content.title

    @admin.display(description="nội dung")
    def text(self, revision: AlertRevision) -> str:
        return linebreaksbr(pages.render_text(revision, timezone.now()))


def _allow(view: Callable[..., HttpResponse], directive: str) -> Callable[..., Any]:
    """Let our own pages frame, or be framed by, this one."""
    return csp_replace({directive: ["'self'"]})(view)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _campaign(text: str) -> Campaign | None:
    """The campaign of that key, or the one that it was merged into."""
    key = _uuid(text)
    campaign = Campaign.objects.filter(pk=key).first() if key else None
    return campaign.root() if campaign else None


def _to_read(fields: Iterable[Any]) -> list[Any]:
    return [_READ.get(field, field) for field in fields if field != "seen"]
