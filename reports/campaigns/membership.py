"""Which reports are in a campaign: locks, checks, moves by a person's action, and their undo.

Locks are taken in one order: reports, campaigns, links. Each statement that moves reports stores in
`CampaignMembershipChange` where they were. Called by manual_grouping.py.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from psycopg2.errors import DeadlockDetected, LockNotAvailable

from core.database import fetch_all, set_local
from core.errors import ActionError, NotAllowedError, StaleVersionError
from reports.models import Campaign, CampaignAction, CampaignExclusion, CampaignLink, Report

PERMISSION = "reports.group_campaign"
MAX_REPORTS = 200  # that one action splits, attaches or detaches
MAX_CAMPAIGNS = 50  # that are merged at once
_BUSY = (DeadlockDetected, LockNotAvailable)

_COLUMNS = "campaign_id, kind, strength, reason, placed_at, placed_by_id, action_id"
_COLUMNS_BEFORE = ", ".join(f"before_{name.strip()}" for name in _COLUMNS.split(","))
_SET_COLUMNS = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS.split(", "))

_MOVE_SQL = f"""
WITH was AS (
     SELECT chosen.report_id, link.campaign_id, coalesce(link.kind, '') AS kind, link.strength,
            coalesce(link.reason, '') AS reason, link.placed_at, link.placed_by_id, link.action_id,
            exclusion.action_id AS exclusion_id
       FROM unnest(%(reports)s::uuid[]) AS chosen(report_id)
       LEFT JOIN reports_campaignlink AS link USING (report_id)
       LEFT JOIN reports_campaignexclusion AS exclusion
              ON exclusion.report_id = chosen.report_id AND exclusion.campaign_id = %(to)s),
     stored AS (
     INSERT INTO reports_campaignmembershipchange (action_id, report_id, {_COLUMNS_BEFORE}, before_exclusion_id)
     SELECT %(action)s, report_id, {_COLUMNS}, exclusion_id FROM was)
INSERT INTO reports_campaignlink (report_id, {_COLUMNS})
SELECT report_id, %(to)s, 'officer', 1,
       %(words)s || CASE WHEN %(keeps_reason)s THEN reason ELSE '' END,
       statement_timestamp(), %(by)s, %(action)s
  FROM was
    ON CONFLICT (report_id) DO UPDATE SET {_SET_COLUMNS}
"""  # noqa: S608  # nosec B608

_REMOVE_SQL = f"""
WITH was AS (DELETE FROM reports_campaignlink
              WHERE report_id = ANY(%(reports)s::uuid[]) AND campaign_id = %(origin)s RETURNING *)
INSERT INTO reports_campaignmembershipchange (action_id, report_id, {_COLUMNS_BEFORE})
SELECT %(action)s, report_id, {_COLUMNS} FROM was
"""  # noqa: S608  # nosec B608

# Where each report was before the action; before an earlier one where that was undone meanwhile.
_STATE_BEFORE_SQL = """
WITH RECURSIVE state AS (
     SELECT move.*, 0 AS depth FROM reports_campaignmembershipchange AS move
      WHERE action_id = %(action)s AND report_id = ANY(%(reports)s::uuid[])
      UNION ALL
     SELECT earlier.*, state.depth + 1
       FROM state
       JOIN reports_campaignaction AS action
         ON action.id = state.before_action_id AND action.undone_at IS NOT NULL
       JOIN reports_campaignmembershipchange AS earlier
         ON earlier.action_id = action.id AND earlier.report_id = state.report_id),
     before AS (SELECT DISTINCT ON (report_id) * FROM state ORDER BY report_id, depth DESC)
"""

_TARGETS_SQL = f"{_STATE_BEFORE_SQL} SELECT DISTINCT before_campaign_id FROM before"  # noqa: S608  # nosec B608

_RESTORE_SQL = f"""
{_STATE_BEFORE_SQL},
     gone AS (DELETE FROM reports_campaignlink
               WHERE report_id IN (SELECT report_id FROM before WHERE before_campaign_id IS NULL))
INSERT INTO reports_campaignlink (report_id, {_COLUMNS})
SELECT report_id, {_COLUMNS_BEFORE} FROM before WHERE before_campaign_id IS NOT NULL
    ON CONFLICT (report_id) DO UPDATE SET {_SET_COLUMNS}
"""  # noqa: S608  # nosec B608

_RESTORE_EXCLUSIONS_SQL = """
INSERT INTO reports_campaignexclusion (report_id, campaign_id, action_id)
SELECT move.report_id, %(to)s, move.before_exclusion_id
  FROM reports_campaignmembershipchange AS move
  JOIN reports_campaignaction AS exclusion ON exclusion.id = move.before_exclusion_id
 WHERE move.action_id = %(action)s AND move.report_id = ANY(%(reports)s::uuid[])
   AND exclusion.undone_at IS NULL
    ON CONFLICT DO NOTHING
"""

_COPY_EXCLUSIONS_SQL = """
INSERT INTO reports_campaignexclusion (report_id, campaign_id, action_id)
SELECT exclusion.report_id, %(to)s, %(action)s
  FROM reports_campaignexclusion AS exclusion
 WHERE exclusion.campaign_id = %(origin)s
   AND NOT EXISTS (SELECT FROM reports_campaignlink AS link
                    WHERE link.report_id = exclusion.report_id AND link.campaign_id = %(to)s)
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Actor:
    """The officer who acts, and the reason."""

    by: User
    reason: str

    @property
    def words(self) -> str:
        return self.reason.strip()


@contextmanager
def campaign_action(actor: Actor) -> Iterator[None]:
    """Run an action in one transaction. Raises ActionError without the permission or a reason, or
    where somebody else has locked the same reports.
    """
    if not actor.by.has_perm(PERMISSION):
        raise NotAllowedError("Tài khoản của bạn không có quyền gộp, tách đợt.")
    if not actor.words:
        raise ActionError("Chưa ghi lý do.")
    try:
        with transaction.atomic():
            set_local("reports.person", str(actor.by.pk))
            yield
            set_local("reports.person", "")
    except OperationalError as error:
        if isinstance(error.__cause__, _BUSY):
            message = "Máy hoặc người khác đang xếp các tin này. Bấm lại lần nữa."
            raise StaleVersionError(message) from error
        raise


def lock_campaigns(wanted: Collection[UUID], versions: Mapping[UUID, int]) -> dict[UUID, Campaign]:
    """Return the locked campaigns. Raises ActionError where one is gone or has changed."""
    rows = Campaign.objects.select_for_update().filter(pk__in=wanted).order_by("pk")
    campaigns = {campaign.pk: campaign for campaign in rows}
    if len(campaigns) < len(wanted):
        raise ActionError("Không tìm thấy đợt này.")
    for campaign in campaigns.values():
        if campaign.version != versions.get(campaign.pk, campaign.version):
            raise StaleVersionError(f"Đợt {campaign.code} vừa có người thay đổi. Xem lại rồi làm.")
    check_not_merged(campaigns)
    return campaigns


def check_not_merged(campaigns: Iterable[UUID]) -> None:
    merged = Campaign.objects.filter(pk__in=list(campaigns)).exclude(merged_into=None)
    for campaign in merged.select_related("merged_into")[:1]:
        into = campaign.merged_into.code if campaign.merged_into else ""
        raise ActionError(f"Đợt {campaign.code} đã gộp vào {into}. Lấy lại lần gộp ấy trước.")


def lock_reports(wanted: Collection[UUID]) -> None:
    """Lock reports, so that two officers take turns. Raises ActionError."""
    _check_count(wanted)
    rows = Report.objects.select_for_update(no_key=True).filter(pk__in=list(wanted)).order_by("pk")
    if len(rows.values_list("pk")) < len(wanted):
        raise ActionError("Không tìm thấy tin này.")


def check_membership(placement: Mapping[UUID, UUID | None]) -> None:
    """Raise StaleVersionError unless each report is still in its campaign."""
    links = dict(
        CampaignLink.objects.filter(report__in=placement).values_list("report", "campaign")
    )
    if any(links.get(report) != campaign for report, campaign in placement.items()):
        raise StaleVersionError("Có tin vừa được chuyển sang đợt khác. Xem lại rồi làm.")


def lock_chosen_members(campaign: Campaign, wanted: Collection[UUID]) -> list[UUID]:
    """Return the reports, links locked. Raises ActionError unless all are members."""
    _check_count(wanted)
    links = CampaignLink.objects.select_for_update().filter(campaign=campaign, report__in=wanted)
    members = list(links.order_by("pk").values_list("pk", flat=True))
    if len(members) < len(set(wanted)):
        raise StaleVersionError("Có tin vừa được chuyển khỏi đợt này. Xem lại rồi làm.")
    return members


def _check_count(chosen: Collection[UUID]) -> None:
    if not chosen:
        raise ActionError("Chưa chọn tin nào.")
    if len(chosen) > MAX_REPORTS:
        raise ActionError(f"Mỗi lần chọn nhiều nhất {MAX_REPORTS} tin.")


def lock_all_members(campaign: Campaign) -> list[UUID]:
    """Return the reports of a campaign, their links locked until COMMIT."""
    links = CampaignLink.objects.select_for_update().filter(campaign=campaign)
    return list(links.order_by("pk").values_list("pk", flat=True))


def move_to_campaign(
    reports: Iterable[UUID], to: Campaign, action: CampaignAction, words: str, *, keeps_reason: bool
) -> None:
    """Place reports in a campaign for the action's officer, and lift their exclusions from it.
    `words`: the link's reason, with `keeps_reason` before the former one.
    """
    chosen = list(reports)
    values = {"to": to.pk, "by": action.actor_id, "words": words, "keeps_reason": keeps_reason}
    _execute(_MOVE_SQL, action, chosen, **values)
    CampaignExclusion.objects.filter(campaign=to, report__in=chosen).delete()


def remove_from_campaign(reports: Iterable[UUID], origin: Campaign, action: CampaignAction) -> None:
    chosen = list(reports)
    _execute(_REMOVE_SQL, action, chosen, origin=origin.pk)
    exclude(chosen, origin, action)


def exclude(reports: Iterable[UUID], campaign: Campaign, action: CampaignAction) -> None:
    """Prevent the machine from placing these reports in that campaign."""
    rows = [
        CampaignExclusion(report_id=report, campaign=campaign, action=action) for report in reports
    ]
    CampaignExclusion.objects.bulk_create(rows, ignore_conflicts=True)


def copy_exclusions(origin: Campaign, to: Campaign, action: CampaignAction) -> None:
    """Exclude from one campaign what the other, merged into it, excluded."""
    _execute(_COPY_EXCLUSIONS_SQL, action, [], origin=origin.pk, to=to.pk)


def unchanged_since(action: CampaignAction) -> list[UUID]:
    """Return the reports of an action that no person has placed since."""
    if action.kind != CampaignAction.Kind.DETACHED:
        links = CampaignLink.objects.select_for_update().filter(action=action)
        return list(links.order_by("pk").values_list("pk", flat=True))
    exclusions = CampaignExclusion.objects.filter(action=action, campaign=action.campaign)
    placed = exclusions.filter(report__campaign_link__kind=CampaignLink.Kind.OFFICER)
    return list(exclusions.exclude(pk__in=placed).values_list("report", flat=True))


def restore_targets(action: CampaignAction, reports: Iterable[UUID]) -> list[UUID]:
    """Return the campaigns into which `undo_moves` would put these reports."""
    rows = fetch_all(_TARGETS_SQL, {"action": action.pk, "reports": list(reports)})
    return [campaign for (campaign,) in rows if campaign]


def undo_moves(action: CampaignAction, reports: Iterable[UUID]) -> None:
    """Restore links and exclusions of reports as before the action, in every column."""
    chosen = list(reports)
    _execute(_RESTORE_SQL, action, chosen)
    CampaignExclusion.objects.filter(action=action).delete()
    _execute(_RESTORE_EXCLUSIONS_SQL, action, chosen, to=action.campaign_id)


def _execute(statement: str, action: CampaignAction, reports: list[UUID], **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"action": action.pk, "reports": reports, **values})
