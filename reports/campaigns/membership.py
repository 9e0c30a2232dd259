"""Moving reports between campaigns and putting them back: rows alone, part of an action of grouping.py,
which holds the locks. Each statement leaves in `CampaignMove` where its reports lay before.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection

from reports.models import Campaign, CampaignAction, CampaignExclusion, CampaignLink

_LINK = "campaign_id, kind, strength, reason, placed_at, placed_by_id, action_id"
_BEFORE = ", ".join(f"before_{name.strip()}" for name in _LINK.split(","))
_NEW = ", ".join(f"{name} = excluded.{name}" for name in _LINK.split(", "))

_PLACE = f"""
WITH was AS (
     SELECT chosen.report_id, link.campaign_id, coalesce(link.kind, '') AS kind, link.strength,
            coalesce(link.reason, '') AS reason, link.placed_at, link.placed_by_id, link.action_id,
            apart.action_id AS apart_id
       FROM unnest(%(reports)s::uuid[]) AS chosen(report_id)
       LEFT JOIN reports_campaignlink AS link USING (report_id)
       LEFT JOIN reports_campaignexclusion AS apart
              ON apart.report_id = chosen.report_id AND apart.campaign_id = %(to)s),
     kept AS (
     INSERT INTO reports_campaignmembershipchange (action_id, report_id, {_BEFORE}, before_exclusion_id)
     SELECT %(action)s, report_id, {_LINK}, apart_id FROM was)
INSERT INTO reports_campaignlink (report_id, {_LINK})
SELECT report_id, %(to)s, 'officer', 1,
       %(words)s || CASE WHEN %(keeps_reason)s THEN reason ELSE '' END,
       statement_timestamp(), %(by)s, %(action)s
  FROM was
    ON CONFLICT (report_id) DO UPDATE SET {_NEW}
"""  # noqa: S608  # nosec B608

_LIFT = f"""
WITH was AS (DELETE FROM reports_campaignlink
              WHERE report_id = ANY(%(reports)s::uuid[]) AND campaign_id = %(away)s RETURNING *)
INSERT INTO reports_campaignmembershipchange (action_id, report_id, {_BEFORE})
SELECT %(action)s, report_id, {_LINK} FROM was
"""  # noqa: S608  # nosec B608

# Where each report lay before the action; where the action that had put it there was taken back
# meanwhile, before that one.
_STATE = """
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

_WHERE_TO = f"{_STATE} SELECT DISTINCT before_campaign_id FROM before"  # noqa: S608  # nosec B608

_RESTORE = f"""
{_STATE},
     gone AS (DELETE FROM reports_campaignlink
               WHERE report_id IN (SELECT report_id FROM before WHERE before_campaign_id IS NULL))
INSERT INTO reports_campaignlink (report_id, {_LINK})
SELECT report_id, {_BEFORE} FROM before WHERE before_campaign_id IS NOT NULL
    ON CONFLICT (report_id) DO UPDATE SET {_NEW}
"""  # noqa: S608  # nosec B608

_APART_AGAIN = """
INSERT INTO reports_campaignexclusion (report_id, campaign_id, action_id)
SELECT move.report_id, %(to)s, move.before_exclusion_id
  FROM reports_campaignmembershipchange AS move
  JOIN reports_campaignaction AS apart ON apart.id = move.before_exclusion_id
 WHERE move.action_id = %(action)s AND move.report_id = ANY(%(reports)s::uuid[])
   AND apart.undone_at IS NULL
    ON CONFLICT DO NOTHING
"""

_APART_ALONG = """
INSERT INTO reports_campaignexclusion (report_id, campaign_id, action_id)
SELECT apart.report_id, %(to)s, %(action)s
  FROM reports_campaignexclusion AS apart
 WHERE apart.campaign_id = %(away)s
   AND NOT EXISTS (SELECT FROM reports_campaignlink AS link
                    WHERE link.report_id = apart.report_id AND link.campaign_id = %(to)s)
    ON CONFLICT DO NOTHING
"""


def lock_members(campaign: Campaign) -> list[UUID]:
    """The reports of a campaign, their links locked until COMMIT."""
    links = CampaignLink.objects.select_for_update().filter(campaign=campaign)
    return list(links.order_by("pk").values_list("pk", flat=True))


def lock_machine_members(reports: Iterable[UUID], campaign: Campaign) -> list[UUID]:
    """Those of the reports that lie in the campaign by the machine's hand, locked until COMMIT."""
    links = CampaignLink.objects.select_for_update().filter(campaign=campaign, report__in=reports)
    machines = links.exclude(kind=CampaignLink.Kind.OFFICER)
    return list(machines.order_by("pk").values_list("pk", flat=True))


def move_to_campaign(
    reports: Iterable[UUID], to: Campaign, action: CampaignAction, words: str, *, keeps_reason: bool
) -> None:
    """Lay reports into a campaign for the action's officer; `words` say why, before the reason that
    each had, or instead of it. Nothing keeps them apart from it any more.
    """
    chosen = list(reports)
    _run(
        _PLACE, action, chosen, to=to.pk, by=action.actor_id, words=words, keeps_reason=keeps_reason
    )
    CampaignExclusion.objects.filter(campaign=to, report__in=chosen).delete()


def remove_from_campaign(reports: Iterable[UUID], away: Campaign, action: CampaignAction) -> None:
    """Take reports out of a campaign and keep them out."""
    chosen = list(reports)
    _run(_LIFT, action, chosen, away=away.pk)
    exclude(chosen, away, action)


def exclude(reports: Iterable[UUID], away: Campaign, action: CampaignAction) -> None:
    """From now on the machine places none of them in that campaign."""
    rows = [CampaignExclusion(report_id=report, campaign=away, action=action) for report in reports]
    CampaignExclusion.objects.bulk_create(rows, ignore_conflicts=True)


def copy_exclusions(away: Campaign, to: Campaign, action: CampaignAction) -> None:
    """What was kept apart from one campaign is kept apart from the one that it is merged into."""
    _run(_APART_ALONG, action, [], away=away.pk, to=to.pk)


def unchanged_since(action: CampaignAction) -> list[UUID]:
    """The reports that lie as the action left them: nobody has placed them otherwise since."""
    if action.kind != CampaignAction.Kind.DETACHED:
        links = CampaignLink.objects.select_for_update().filter(action=action)
        return list(links.order_by("pk").values_list("pk", flat=True))
    apart = CampaignExclusion.objects.filter(action=action, campaign=action.campaign)
    placed = apart.filter(report__campaign_link__kind=CampaignLink.Kind.OFFICER)
    return list(apart.exclude(pk__in=placed).values_list("report", flat=True))


def restore_targets(action: CampaignAction, reports: Iterable[UUID]) -> list[UUID]:
    """The campaigns into which `restore` would put these reports."""
    with connection.cursor() as cursor:
        cursor.execute(_WHERE_TO, {"action": action.pk, "reports": list(reports)})
        return [campaign for (campaign,) in cursor.fetchall() if campaign]


def undo_moves(action: CampaignAction, reports: Iterable[UUID]) -> None:
    """Put reports back as they lay before the action, in every column, and what kept them apart."""
    chosen = list(reports)
    _run(_RESTORE, action, chosen)
    CampaignExclusion.objects.filter(action=action).delete()
    _run(_APART_AGAIN, action, chosen, to=action.campaign_id)


def _run(statement: str, action: CampaignAction, reports: list[UUID], **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"action": action.pk, "reports": reports, **values})
