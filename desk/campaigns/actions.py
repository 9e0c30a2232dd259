"""Actions on campaigns; a refused one keeps the typed values."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from core.errors import ActionError, NotAllowedError
from core.form_data import parse_uuid
from core.responses import HttpResponseSeeOther
from core.text import fold_code
from desk.campaigns.detail import get_campaign_or_404, render_page
from desk.labels.formatting import format_count
from desk.pages.actions import DeskAction
from desk.pages.http import can_group, parse_int, post_text, render, set_status
from desk.reports import bulk_actions
from desk.reports.filters import filter_open
from reports.campaigns import campaign_stats, manual_grouping
from reports.campaigns.campaign_codes import campaign_for_field
from reports.campaigns.membership import MAX_CAMPAIGNS, MAX_REPORTS, Actor
from reports.cases import blockers, bulk, visibility
from reports.models import Campaign, CampaignAction, MergeProposal, Report
from reports.models.report import is_public_number

MAX_REASON_CHARS = 1000
_STAYS = "Những gì đã gõ còn nguyên."


class GroupingAction(DeskAction):
    """An action that needs the permission to group."""

    errors = (ActionError,)

    def is_allowed(self) -> bool:
        return can_group(self.request)

    @property
    def actor(self) -> Actor:
        return Actor(self.officer, self.read_text("reason"))

    def read_text(self, name: str) -> str:
        return post_text(self.request, name)[:MAX_REASON_CHARS].strip()

    def get_next_address(self) -> str:
        return reverse("admin:reports_campaign_changelist")


class CampaignPageAction(GroupingAction):
    """An action of a campaign's page; `run` returns the message of success."""

    campaign: Campaign

    def dispatch(
        self, request: HttpRequest, *args: Any, pk: UUID, **kwargs: Any
    ) -> HttpResponseBase:
        self.campaign = get_campaign_or_404(request, pk)
        return super().dispatch(request, *args, **kwargs)

    @property
    def ticked(self) -> list[UUID]:
        return parse_ids(self.request.POST.getlist("reports"))

    def show_result(self, result: str) -> HttpResponse:
        self.done = result
        return super().show_result(result)

    def show_error(self, error: ActionError) -> HttpResponse:
        return show_refusal(self.request, self.campaign.pk, f"{error} {_STAYS}")

    def get_next_address(self) -> str:
        return reverse("admin:reports_campaign_change", args=[self.campaign.pk])


class SplitCampaign(CampaignPageAction):
    def run(self) -> str:
        done = manual_grouping.split(
            self.campaign.pk, self.ticked, self.actor, self.version, self.read_text("title")
        )
        return f"Đã tách {done.reports} tin thành đợt {done.other.code if done.other else ''}."


class DetachReports(CampaignPageAction):
    def run(self) -> str:
        done = manual_grouping.detach(self.campaign.pk, self.ticked, self.actor, self.version)
        return f"Đã tách {done.reports} tin khỏi đợt. Máy không gắn lại các tin này vào đây."


class AttachReports(CampaignPageAction):
    """Show the present campaigns of the typed reports; once confirmed, attach them here."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if "sure" in request.POST:
            return super().post(request, **kwargs)
        return ask_attach(self, self.campaign)

    def run(self) -> str:
        memberships = parse_memberships(self.request.POST.getlist("lay"))
        done = manual_grouping.attach(self.campaign.pk, memberships, self.actor, self.version)
        return f"Đã gắn {done.reports} tin vào đợt."


class UndoAction(CampaignPageAction):
    def run(self, act: int) -> str:
        if not CampaignAction.objects.filter(pk=act, campaign=self.campaign).exists():
            raise ActionError("Việc này không thuộc đợt này.")
        done = manual_grouping.undo_action(act, self.actor)
        left = f" {done.left} tin để nguyên vì đã được xếp lại sau đó." if done.left else ""
        return f"Đã lấy lại: {done.restored} tin về chỗ cũ.{left}"


class RejectProposal(CampaignPageAction):
    def run(self, proposal: int) -> str:
        of_it = Q(campaign_a=self.campaign) | Q(campaign_b=self.campaign)
        if not MergeProposal.objects.filter(of_it, pk=proposal).exists():
            raise ActionError("Đề nghị này không thuộc đợt này.")
        manual_grouping.reject_proposal(proposal, self.actor)
        return "Đã ghi: hai đợt khác nhau. Máy không đề nghị lại."


class MergeWith(CampaignPageAction):
    """Ask which to keep: this campaign or the one of the typed code."""

    def run(self) -> Iterable[Campaign]:
        other = campaign_for_field(self.read_text("code"))
        if other == self.campaign:
            raise ActionError("Mã này đã nằm trong đợt này.")
        rows = Campaign.objects.filter(pk__in=[self.campaign.pk, other.pk])
        return rows.order_by("opened_at", "pk")

    def show_result(self, result: Any) -> HttpResponse:
        return ask_merge(self.request, result)

    def show_error(self, error: ActionError) -> HttpResponse:
        return show_refusal(self.request, self.campaign.pk, str(error))


class MergeCampaigns(GroupingAction):
    """Merge campaigns into one, each in its own transaction, with a message for each refusal."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        versions = parse_versions(request.POST.getlist("campaigns"))
        into = parse_uuid(request.POST.get("into", ""))
        if into in versions:
            return self.merge(get_campaign_or_404(request, into), versions)
        messages.error(request, "Chưa làm gì. Chọn đợt giữ lại.")
        return HttpResponseSeeOther(self.get_next_address())

    def merge(self, target: Campaign, versions: dict[UUID, int]) -> HttpResponse:
        request, into = self.request, target.pk
        if not self.actor.words:
            messages.error(request, f"Chưa làm. Chưa ghi lý do. {_STAYS}")
            rows = Campaign.objects.filter(pk__in=versions).order_by("opened_at")
            return ask_merge(request, rows)
        sources = [pk for pk in versions if pk != into]
        done = manual_grouping.merge_many(sources, into, self.actor, versions)
        moved = format_count(sum(act.reports for act in done.acts))
        if done.acts:
            text = f"Đã gộp {len(done.acts)} đợt vào {target.code}, {moved} tin."
            messages.success(request, text)
        for _, refusal in done.refused:
            messages.error(request, f"Không gộp: {refusal}")
        return HttpResponseSeeOther(reverse("admin:reports_campaign_change", args=[into]))


class AttachFromReport(GroupingAction):
    """From a report's page: show its present campaign before it moves to the typed one."""

    def run(self) -> Campaign:
        return campaign_for_field(self.read_text("code"))

    def show_result(self, result: Campaign) -> HttpResponse:
        return ask_attach(self, result)

    def show_error(self, error: ActionError) -> HttpResponse:
        """Return the form again with the typed values."""
        typed = {name: self.read_text(name) for name in ("code", "reason", "numbers")}
        report = find_visible_report(typed["numbers"], self.officer)
        context = {**typed, "why": str(error), "report": report}
        return set_status(render_question(self.request, "attach_to", "Gắn vào đợt", **context), 422)


class ActTogether(CampaignPageAction):
    """Show the form of a bulk action on the open reports of a campaign, or on all its reporters."""

    def run(self) -> Any:
        verb = self.request.POST.get("verb", "")
        if verb not in TOGETHER:
            raise ActionError("Chọn một việc.")
        if not self.officer.has_perm(bulk_actions.permission(verb)):
            raise NotAllowedError
        reports = Report.objects.filter(campaign_link__campaign=self.campaign)
        chosen = bulk.list_recipients(reports) if verb == bulk.MESSAGE else filter_open(reports)
        most = min(bulk.MAX_COUNT, bulk.MAX_MESSAGES) if verb == bulk.MESSAGE else bulk.MAX_COUNT
        judged = blockers.annotate_refusals(chosen.order_by("received_at", "pk"), verb)
        rows = list(bulk_actions.snapshot_rows(judged.filter(refusal=""), most + 1))
        room = bulk.MAX_COUNT - min(len(rows), most)
        left_out = list(bulk_actions.snapshot_rows(judged.exclude(refusal=""), room))
        if not rows:
            _, groups = bulk_actions.split_refused(verb, left_out)
            told = "; ".join(f"{len(numbers)} tin: {why}" for why, numbers in groups)
            raise ActionError(f"Không có tin nào làm được việc này. {told}".strip())
        if len(rows) > most:
            text = f"Mỗi lượt nhiều nhất {most} tin: đây là {most} tin đầu, xong thì làm tiếp."
            messages.warning(self.request, text)
        return verb, rows[:most] + left_out

    def show_result(self, result: Any) -> HttpResponse:
        return bulk_actions.show_form(self.request, *result)


TOGETHER = ("close", "junk", "assign", bulk.MESSAGE)
ROUTES = (
    ("<uuid:pk>/together/", ActTogether, "together"),
    ("<uuid:pk>/split/", SplitCampaign, "split"),
    ("<uuid:pk>/detach/", DetachReports, "detach"),
    ("<uuid:pk>/attach/", AttachReports, "attach"),
    ("<uuid:pk>/merge/", MergeWith, "merge_with"),
    ("<uuid:pk>/take-back/<int:act>/", UndoAction, "take_back"),
    ("<uuid:pk>/keep-two/<int:proposal>/", RejectProposal, "keep_two"),
    ("merge/", MergeCampaigns, "merge"),
    ("attach/", AttachFromReport, "attach_to"),
)


def urls(site: Any) -> list[URLPattern]:
    return [
        path(route, site.admin_view(require_POST(view.as_view())), name=f"reports_campaign_{name}")
        for route, view, name in ROUTES
    ]


def render_question(request: HttpRequest, page: str, title: str, **context: Any) -> HttpResponse:
    return render(request, f"admin/reports/campaign/{page}.html", title, Campaign, **context)


def ask_merge(request: HttpRequest, campaigns: Iterable[Campaign]) -> HttpResponse:
    """Return the page that asks which campaign to keep, and why."""
    rows = list(campaigns)
    if not 2 <= len(rows) <= MAX_CAMPAIGNS:
        messages.error(request, f"Chưa làm gì. Chọn từ 2 đến {MAX_CAMPAIGNS} đợt.")
        return HttpResponseSeeOther(reverse("admin:reports_campaign_changelist"))
    totals = campaign_stats.add_totals(rows)
    largest = max(rows, key=lambda row: totals[row.pk].reports)
    reason = post_text(request, "reason")[:MAX_REASON_CHARS].strip()
    return render_question(
        request, "merge", "Gộp đợt", rows=rows, goes_on=str(largest.pk), reason=reason
    )


def ask_attach(action: GroupingAction, campaign: Campaign) -> HttpResponse:
    """Return the page with the present campaigns of the typed reports, or a refusal."""
    numbers, invalid = public_numbers(action.read_text("numbers"))
    columns = "public_number", "received_at", "campaign_link__campaign__code"
    reports = Report.objects.filter(public_number__in=numbers).only(*columns)
    rows = list(reports.select_related("campaign_link__campaign"))
    if missing := [*invalid, *sorted(numbers - {row.public_number for row in rows})]:
        refusal = f"Không tìm thấy: {', '.join(missing[:10])}."
        return show_refusal(action.request, campaign.pk, refusal)
    if not rows:
        return show_refusal(action.request, campaign.pk, "Chưa ghi số tin nào.")
    return render_question(
        action.request,
        "attach",
        f"Gắn tin vào đợt {campaign.code}",
        campaign=campaign,
        rows=rows,
        reason=action.read_text("reason"),
        version=action.read_text("version") or campaign.version,
    )


def show_refusal(request: HttpRequest, pk: UUID, refusal: str) -> HttpResponse:
    messages.error(request, f"Chưa làm. {refusal}")
    campaign = get_campaign_or_404(request, pk).root()
    return set_status(render_page(request, campaign, typed=request.POST, why=refusal), 409)


def find_visible_report(typed: str, viewer: User) -> Report | None:
    """Return the report of that number if visible to the viewer, else None."""
    numbers, _ = public_numbers(typed)
    rows = visibility.visible_reports(Report.objects.only("public_number"), viewer)
    return rows.filter(public_number__in=numbers).first()


def parse_ids(typed: Iterable[str]) -> list[UUID]:
    """Return the distinct valid keys, one more than MAX_REPORTS at most."""
    keys = dict.fromkeys(key for each in typed if (key := parse_uuid(each)))
    return list(keys)[: MAX_REPORTS + 1]


def parse_memberships(typed: Iterable[str]) -> dict[UUID, UUID | None]:
    """Return report -> campaign as the officer saw them, from "report:campaign" or "report:"."""
    pairs = (each.partition(":") for each in typed)
    return {key: parse_uuid(at) for report, _, at in pairs if (key := parse_uuid(report))}


def parse_versions(typed: Iterable[str]) -> dict[UUID, int]:
    """Return campaign -> version as the officer saw it, from "campaign:version"."""
    parts = (each.partition(":") for each in typed)
    pairs = ((parse_uuid(pk), parse_int(version)) for pk, _, version in parts)
    return {key: version for key, version in pairs if key and version is not None}


def public_numbers(typed: str) -> tuple[set[str], list[str]]:
    """Return the public numbers in a text, normalized, and the words that are none."""
    numbers, invalid = set(), []
    for each in typed.replace(",", " ").replace(";", " ").split():
        chars = fold_code(each)
        if is_public_number(chars):
            numbers.add(f"{chars[:2]}-{chars[2:6]}-{chars[6:]}")
        else:
            invalid.append(each[:20])
    return numbers, invalid
