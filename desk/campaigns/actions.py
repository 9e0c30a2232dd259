"""What people do with campaigns, as buttons: each is a POST that grouping.py carries out; what is
not done is told, and what was typed stays.
"""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

from desk.labels import codes as labels
from desk.pages.base import can_group, officer, see_other
from desk.reports.search import campaign_for_field
from reports.campaigns import campaign_stats, manual_grouping
from reports.campaigns.campaign_stats import CampaignTotals
from reports.campaigns.grouping_locks import MAX_CAMPAIGNS, MAX_REPORTS, Actor, GroupingError
from reports.cases import visibility
from reports.models import Campaign, CampaignAction, MergeProposal, Report
from reports.models.report import is_public_number

MAX_WORDS = 1000
_MAX_VERSION_LENGTH = 10  # digits
_KEPT = "Những gì đã gõ còn nguyên."


class CampaignActionsMixin:
    """The acts of a campaign's page and of the list."""

    admin_site: admin.AdminSite
    opts: Any
    get_campaign_or_404: Callable[[HttpRequest, UUID | str], Campaign]
    page: Callable[..., HttpResponse]

    def act_urls(self) -> list[URLPattern]:
        return [
            self._act("<uuid:pk>/split/", self.split, "split"),
            self._act("<uuid:pk>/detach/", self.detach, "detach"),
            self._act("<uuid:pk>/attach/", self.attach, "attach"),
            self._act("<uuid:pk>/merge/", self.merge_with, "merge_with"),
            self._act("<uuid:pk>/take-back/<int:act>/", self.undo_view, "take_back"),
            self._act("<uuid:pk>/part/<uuid:away>/", self.undo_machine_merge_view, "part"),
            self._act("<uuid:pk>/keep-two/<int:proposal>/", self.reject_proposal_view, "keep_two"),
            self._act("merge/", self.merge, "merge"),
            self._act("attach/", self.attach_to, "attach_to"),
        ]

    def _act(self, route: str, view: Callable[..., HttpResponse], name: str) -> URLPattern:
        wrapped = self.admin_site.admin_view(require_POST(view))
        address: URLPattern = path(route, wrapped, name=f"reports_campaign_{name}")
        return address

    def split(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Lay the ticked reports into a new campaign."""

        def act(hand: Actor, version: int) -> str:
            chosen, title = parse_ids(request.POST.getlist("reports")), text(request, "title")
            done = manual_grouping.split(pk, chosen, hand, version, title)
            return f"Đã tách {done.reports} tin thành đợt {done.other.code if done.other else ''}."

        return self._carried(request, pk, act)

    def detach(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Take the ticked reports out."""

        def act(hand: Actor, version: int) -> str:
            done = manual_grouping.detach(
                pk, parse_ids(request.POST.getlist("reports")), hand, version
            )
            return f"Đã tách {done.reports} tin khỏi đợt. Máy không gắn lại các tin này vào đây."

        return self._carried(request, pk, act)

    def attach(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Say where the named reports lie now; after the second press lay them here."""
        if "sure" not in request.POST:
            return self._ask_attach(request, self._allowed(request, pk))

        def act(hand: Actor, version: int) -> str:
            done = manual_grouping.attach(
                pk, parse_memberships(request.POST.getlist("lay")), hand, version
            )
            return f"Đã gắn {done.reports} tin vào đợt."

        return self._carried(request, pk, act)

    def attach_to(self, request: HttpRequest) -> HttpResponse:
        """From a report's page: say where it lies now, before it is laid into the typed campaign."""
        _demand(request)
        try:
            meant = campaign_for_field(text(request, "code"))
        except GroupingError as error:
            return self._ask_code(request, str(error))
        return self._ask_attach(request, self._allowed(request, meant.pk))

    def undo_view(self, request: HttpRequest, pk: UUID, act: int) -> HttpResponse:
        """Undo an act that stands on this page."""

        def undo(hand: Actor, version: int) -> str:
            if not CampaignAction.objects.filter(pk=act, campaign=pk).exists():
                raise GroupingError("Việc này không thuộc đợt này.")
            done = manual_grouping.undo_action(act, hand)
            left = f" {done.left} tin để nguyên vì đã được xếp lại sau đó." if done.left else ""
            return f"Đã lấy lại: {done.restored} tin về chỗ cũ.{left}"

        return self._carried(request, pk, undo)

    def undo_machine_merge_view(self, request: HttpRequest, pk: UUID, away: UUID) -> HttpResponse:
        """Undo a merge into this campaign that the machine did."""

        def undo(hand: Actor, version: int) -> str:
            if not Campaign.objects.filter(pk=away, merged_into=pk).exists():
                raise GroupingError("Đợt ấy không còn nằm trong đợt này.")
            done = manual_grouping.undo_machine_merge(away, hand)
            code = done.other.code if done.other else ""
            return f"Đã lấy lại: {done.reports} tin về đợt {code}. Máy không gộp lại nữa."

        return self._carried(request, pk, undo)

    def reject_proposal_view(self, request: HttpRequest, pk: UUID, proposal: int) -> HttpResponse:
        """Turn down what the machine would merge."""

        def turn_down(hand: Actor, version: int) -> str:
            of_it = Q(campaign_a=pk) | Q(campaign_b=pk)
            if not MergeProposal.objects.filter(of_it, pk=proposal).exists():
                raise GroupingError("Đề nghị này không thuộc đợt này.")
            manual_grouping.reject_proposal(proposal, hand)
            return "Đã ghi: hai đợt khác nhau. Máy không đề nghị lại."

        return self._carried(request, pk, turn_down)

    def merge_with(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Ask which of this campaign and the one of the typed code goes on."""
        campaign = self._allowed(request, pk)
        try:
            other = campaign_for_field(text(request, "code"))
        except GroupingError as error:
            return self._not_done(request, pk, str(error))
        if other == campaign:
            return self._not_done(request, pk, "Mã này đã nằm trong đợt này.")
        chosen = Campaign.objects.filter(pk__in=[campaign.pk, other.pk])
        return self.ask_merge(request, chosen.order_by("opened_at", "pk"))

    def ask_merge(self, request: HttpRequest, chosen: Iterable[Campaign]) -> HttpResponse:
        """The page that asks which campaign goes on, and why the others belong to it."""
        rows = list(chosen)
        if not 2 <= len(rows) <= MAX_CAMPAIGNS:
            told = f"Chưa làm gì. Chọn từ 2 đến {MAX_CAMPAIGNS} đợt."
            messages.error(request, told)
            return see_other(reverse("admin:reports_campaign_changelist"))
        counted = campaign_stats.campaign_totals(row.pk for row in rows)
        for row in rows:
            row.sums = counted.get(row.pk, CampaignTotals())  # type: ignore[attr-defined]
        largest = max(rows, key=lambda row: counted.get(row.pk, CampaignTotals()).reports)
        given = {"rows": rows, "goes_on": str(largest.pk), "reason": text(request, "reason")}
        return self._asked(request, "merge", "Gộp đợt", given)

    def merge(self, request: HttpRequest) -> HttpResponse:
        """Merge all but one of the campaigns into that one; each by itself, refusals are told."""
        _demand(request)
        seen = versions(request.POST.getlist("campaigns"))
        for into in parse_ids([request.POST.get("into", "")]):
            if into in seen:
                return self._merged(request, into, seen)
        messages.error(request, "Chưa làm gì. Chọn đợt giữ lại.")
        return see_other(reverse("admin:reports_campaign_changelist"))

    def _merged(self, request: HttpRequest, into: UUID, seen: dict[UUID, int]) -> HttpResponse:
        target = self._allowed(request, into)
        hand = Actor(officer(request), text(request, "reason"))
        if not hand.words:
            messages.error(request, f"Chưa làm. Chưa ghi lý do. {_KEPT}")
            return self.ask_merge(
                request, Campaign.objects.filter(pk__in=seen).order_by("opened_at")
            )
        done = manual_grouping.merge_many([pk for pk in seen if pk != into], into, hand, seen)
        moved = labels.format_count(sum(act.reports for act in done.acts))
        if done.acts:
            told = f"Đã gộp {len(done.acts)} đợt vào {target.code}, {moved} tin."
            messages.success(request, told)
        for _, why in done.refused:
            messages.error(request, f"Không gộp: {why}")
        return see_other(reverse("admin:reports_campaign_change", args=[into]))

    def _ask_attach(self, request: HttpRequest, campaign: Campaign) -> HttpResponse:
        numbers, unread = public_numbers(text(request, "numbers"))
        rows = list(
            Report.objects.filter(public_number__in=numbers)
            .select_related("campaign_link__campaign")
            .only("public_number", "received_at", "campaign_link__campaign__code")
        )
        missing = [*unread, *sorted(numbers - {row.public_number for row in rows})]
        if missing or not rows:
            told = (
                f"Không tìm thấy: {', '.join(missing[:10])}." if missing else "Chưa ghi số tin nào."
            )
            return self._not_done(request, campaign.pk, told)
        given = {
            "campaign": campaign,
            "rows": rows,
            "reason": text(request, "reason"),
            "version": text(request, "version") or campaign.version,
        }
        return self._asked(request, "attach", f"Gắn tin vào đợt {campaign.code}", given)

    def _ask_code(self, request: HttpRequest, why: str) -> HttpResponse:
        """Ask once more into which campaign, with what was typed."""
        typed = {name: text(request, name) for name in ("code", "reason", "numbers")}
        report = _seen_report(typed["numbers"], officer(request))
        given = {**typed, "why": why, "report": report}
        page = self._asked(request, "attach_to", "Gắn vào đợt", given)
        page.status_code = 422
        return page

    def _asked(
        self, request: HttpRequest, name: str, title: str, given: dict[str, Any]
    ) -> HttpResponse:
        site = self.admin_site.each_context(request)
        context = {**site, "opts": self.opts, "title": title, **given}
        return TemplateResponse(request, f"admin/reports/campaign/{name}.html", context)

    def _carried(
        self, request: HttpRequest, pk: UUID, act: Callable[[Actor, int], str]
    ) -> HttpResponse:
        """Do it and look at the page again, or show the page with what was typed and why not."""
        self._allowed(request, pk)
        hand = Actor(officer(request), text(request, "reason"))
        try:
            told = act(hand, number(request.POST, "version"))
        except GroupingError as error:
            return self._not_done(request, pk, f"{error} {_KEPT}")
        messages.success(request, told)
        return see_other(reverse("admin:reports_campaign_change", args=[pk]))

    def _not_done(self, request: HttpRequest, pk: UUID, why: str) -> HttpResponse:
        messages.error(request, f"Chưa làm. {why}")
        goes_on = self.get_campaign_or_404(request, pk).root()
        return self.page(request, goes_on, typed=request.POST, why=why, status=409)

    def _allowed(self, request: HttpRequest, pk: UUID) -> Campaign:
        """The campaign, for who may group."""
        campaign = self.get_campaign_or_404(request, pk)
        _demand(request)
        return campaign


def _demand(request: HttpRequest) -> None:
    if not can_group(request):
        raise PermissionDenied


def _seen_report(typed: str, viewer: User) -> Report | None:
    """The report of that number, where the viewer sees one."""
    numbers, _ = public_numbers(typed)
    seen = visibility.visible_reports(Report.objects.only("public_number"), viewer)
    return seen.filter(public_number__in=numbers).first()


def text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "")[:MAX_WORDS].replace("\0", "").strip()


def number(posted: QueryDict, name: str) -> int:
    typed = posted.get(name, "")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else 0


def parse_ids(typed: Iterable[str]) -> list[UUID]:
    """The keys among what was posted, each once; what is none is left out."""
    found = dict.fromkeys(key for each in typed if (key := _key(each)))
    return list(found)[: MAX_REPORTS + 1]


def parse_memberships(typed: Iterable[str]) -> dict[UUID, UUID | None]:
    """Where the officer saw each report, from "report:campaign"; no campaign is ""."""
    pairs = (each.partition(":") for each in typed)
    return {key: _key(at) for report, _, at in pairs if (key := _key(report))}


def versions(typed: Iterable[str]) -> dict[UUID, int]:
    """The version in which the officer saw each campaign, from "campaign:version"."""
    pairs = (each.partition(":") for each in typed)
    return {key: int(seen) for pk, _, seen in pairs if _is_short(seen) and (key := _key(pk))}


def _is_short(seen: str) -> bool:
    """Whether a version may be read: Python refuses thousands of digits with an error."""
    return seen.isdecimal() and len(seen) < _MAX_VERSION_LENGTH


def public_numbers(typed: str) -> tuple[set[str], list[str]]:
    """The numbers of reports in a text, as they are printed, and what is none."""
    numbers, unread = set(), []
    for each in typed.replace(",", " ").replace(";", " ").split():
        signs = "".join(filter(str.isalnum, each.upper()))
        if is_public_number(signs):
            numbers.add(f"{signs[:2]}-{signs[2:6]}-{signs[6:]}")
        else:
            unread.append(each[:20])
    return numbers, unread


def _key(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None
