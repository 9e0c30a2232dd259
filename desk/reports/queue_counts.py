"""Counts of the open cases, and of the processing queue."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from django import db
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest

from accounts.sessions import get_officer
from desk.pages.http import once_per_request
from desk.reports import reporter_activity
from reports.calendar.deadline_rules import CALL_WITHIN, CALLS
from reports.cases import visibility
from reports.extraction.priority import URGENT
from reports.facts import effective_facts
from reports.models import Alarm
from reports.monitoring.alarms import affected_counts
from reports.monitoring.queue_stats import QueueState, queue_state

OF_REPORTS = (Alarm.Kind.LATE, Alarm.Kind.FAILED, Alarm.Kind.UNSEEN, Alarm.Kind.OVERDUE)

# All counts of the filters in one scan of the open cases; priorities as the steps of
# codes.priority_floor, "0" before triage. The lateral joins make the planner look up only open keys,
# however large the tables are. Deadlines also run outside the queue (crime reports), so overdue cases
# are counted by an index of their own.
_COUNTED = f"""
WITH waits AS MATERIALIZED (
    SELECT desk.report_id, desk.status, desk.changed_at, desk.officer_id, desk.assigned_unit_id,
           report.channel, report.source, report.flags, report.received_at, report.happening_now,
           flood_sample.flags AS flood_flags, {effective_facts.COLUMNS}, {effective_facts.COMMUNE} AS commune,
           coalesce((desk.corrections_json ->> 'priority')::int,
                    greatest(machine.priority, desk.min_priority)) AS priority
      FROM reports_case AS desk
     CROSS JOIN LATERAL (SELECT * FROM reports_report WHERE id = desk.report_id LIMIT 1) AS report
      LEFT JOIN LATERAL (SELECT flags FROM reports_floodsample
                          WHERE report_id = desk.report_id LIMIT 1) AS flood_sample
             ON true
      LEFT JOIN LATERAL (SELECT scenario, priority, ongoing, money_lost_vnd, actions, offices, stages,
                                commune_id, commune_raw
                           FROM reports_extractedfacts WHERE report_id = desk.report_id LIMIT 1) AS machine
             ON true
     WHERE desk.status IN ('new', 'in_review', 'waiting')
       AND (%(unit)s::text IS NULL OR desk.assigned_unit_id = %(unit)s)),
told AS (
    SELECT status, scenario, channel, source, assigned_unit_id, officer_id || '' AS officer,
           coalesce(commune, '') AS commune,
           CASE WHEN priority IS NULL THEN '0' ELSE least(priority / 20, 4)::int + 1 || '' END AS step
      FROM waits),
counted AS (
    SELECT CASE 0 WHEN grouping(status) THEN 'viec' WHEN grouping(step) THEN 'muc'
                  WHEN grouping(scenario) THEN 'kieu' WHEN grouping(commune) THEN 'xa'
                  WHEN grouping(officer) THEN 'can-bo' WHEN grouping(assigned_unit_id) THEN 'don-vi'
                  WHEN grouping(channel) THEN 'kenh' ELSE 'nguon' END AS facet,
           coalesce(status, step, scenario, commune, officer, assigned_unit_id, channel, source) AS value,
           count(*) AS n
      FROM told
     GROUP BY GROUPING SETS (status, step, scenario, commune, officer, assigned_unit_id, channel, source)
     UNION ALL
    SELECT 'xung', office, count(*) FROM waits CROSS JOIN unnest(offices) AS office GROUP BY office
     UNION ALL
    SELECT 'dau', flag, count(*) FROM waits CROSS JOIN unnest(flags || flood_flags) AS flag GROUP BY flag
     UNION ALL
    SELECT kind.* FROM (
           SELECT count(*) AS open, count(*) FILTER (WHERE ongoing) AS ongoing,
                  count(*) FILTER (WHERE officer_id IS NULL) AS unassigned,
                  count(*) FILTER (WHERE officer_id = %(officer)s) AS mine,
                  count(*) FILTER (WHERE money_lost_vnd > 0) AS lost,
                  count(*) FILTER (WHERE money_lost_vnd >= 100000000) AS much,
                  count(*) FILTER (WHERE scenario IS NOT NULL AND money_lost_vnd IS NULL) AS unknown
             FROM waits) AS sums
     CROSS JOIN LATERAL (
           VALUES ('viec', 'open', open), ('viec', 'ongoing', ongoing),
                  ('viec', 'mine', mine), ('viec', 'unassigned', unassigned), ('tien', 'lost', lost), ('tien', 'much', much),
                  ('tien', 'unknown', unknown)) AS kind
     UNION ALL
    SELECT 'viec', 'answered', count(*) FROM waits WHERE {reporter_activity.SPOKEN}
     UNION ALL
    SELECT 'viec', 'call', count(*) FROM (
           SELECT report_id FROM reports_deadline AS deadline
            WHERE met_at IS NULL AND dropped_at IS NULL AND kind IN {CALLS}
              AND started_at > statement_timestamp() - interval '{CALL_WITHIN.total_seconds()} s'
              AND (%(unit)s::text IS NULL OR EXISTS (SELECT FROM reports_case
                    WHERE report_id = deadline.report_id AND assigned_unit_id = %(unit)s))
            UNION  -- those that have just come, as deadlines.uncalled() has them
           SELECT report_id FROM waits
            WHERE received_at > statement_timestamp() - interval '{CALL_WITHIN.total_seconds()} s'
              AND (priority >= {URGENT} OR happening_now) AND NOT EXISTS (SELECT FROM reports_deadline
                   WHERE report_id = waits.report_id AND kind = 'call')) AS lane
     UNION ALL
    SELECT 'viec', 'overdue', count(*) FROM reports_case
     WHERE due_at <= statement_timestamp()
       AND (%(unit)s::text IS NULL OR assigned_unit_id = %(unit)s))
SELECT facet, value, n,
       coalesce(commune.name, nullif(trim(person.first_name || ' ' || person.last_name), ''),
                person.username, unit.name)
  FROM counted
  LEFT JOIN reports_commune AS commune ON facet = 'xa' AND commune.codename = value
  LEFT JOIN auth_user AS person ON facet = 'can-bo' AND person.id || '' = value
  LEFT JOIN reports_unit AS unit ON facet = 'don-vi' AND unit.codename = value
 WHERE value IS NOT NULL AND n > 0
 ORDER BY n DESC, value
"""  # noqa: S608  # nosec B608


@dataclass(frozen=True)
class ValueCount:
    value: str
    count: int
    name: str


@dataclass(frozen=True)
class QueueCounts:
    """The counts of open cases by filter, the most frequent value first."""

    by: Mapping[str, list[ValueCount]] = field(default_factory=dict)

    @cached_property
    def work(self) -> Counter[str]:
        return Counter({each.value: each.count for each in self.by.get("viec", [])})

    @property
    def untriaged(self) -> int:
        return next((each.count for each in self.by.get("muc", []) if each.value == "0"), 0)


def load_counts(user: User) -> QueueCounts:
    """Return the counts in one statement, whose cost grows with the open cases only."""
    by: dict[str, list[ValueCount]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, {"officer": user.pk, "unit": visibility.visible_unit_code(user)})
        for facet, value, count, name in cursor.fetchall():
            by[facet].append(ValueCount(value, count, name or ""))
    return QueueCounts(by)


@once_per_request
def counts_for(request: HttpRequest) -> QueueCounts:
    return load_counts(get_officer(request))


@once_per_request
def queue_state_for(request: HttpRequest) -> QueueState | None:
    """Return the state of the processing queue, of a unit's part at a unit; None on a database error."""
    try:
        return queue_state(visibility.visible_unit_code(get_officer(request)))
    except db.Error:
        return None


def active_alarms(request: HttpRequest) -> dict[str, int]:
    """Return the counts by kind of alarm, at a unit of its reports only.

    They come from the queue itself, so that no monitoring process is needed.
    """
    state = queue_state_for(request)
    if state is None:
        return {}
    counts = {kind.value: count for kind, count in affected_counts(state).items() if count}
    if not visibility.sees_every_report(get_officer(request)):
        return {kind: count for kind, count in counts.items() if kind in OF_REPORTS}
    return counts | state.slow
