# ruff: noqa: S608
"""Last week as leaders find it, with what lies at its edges and what counts nowhere; the figures that it
must give, and SQL that counts them in another way.
"""

from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from core.audit import events
from core.periods import Period, week_of
from desk.labels import codes
from reports.models import (
    BankLetter,
    Campaign,
    CampaignLink,
    Case,
    Correction,
    Deadline,
    Dispute,
    FloodSample,
    Report,
)
from tests.support import alert_factories, report_factories

HERE, THERE = "xa_day", "xa_kia"
ACTS = {
    "number_proposed": 1, "number_confirmed": 2, "number_withdrawn": 1, "dispute_answered": 1,
    "alert_issued": 1, "alert_updated": 0, "alert_deployed": 2,
}  # fmt: skip
# What the days of the week give, the edges named beside.
EXPECTED = {
    "received": 14, "counted": 9, "lost_vnd": 130, "confirmed_vnd": 60, "frozen_vnd": 40, "lost": 4,
    "confirmed": 2, "frozen": 1, "called": 4, "reached": 1, "decided": 1, "unread": 1,
    "disputes": 2, **ACTS,
}  # fmt: skip
KINDS = {codes.short_label("police_case"): 7, codes.short_label("bank"): 1, "Máy chưa đọc": 1}
HOMES = {HERE: 2, THERE: 1, "": 6}

_DAY = "(({} AT TIME ZONE 'UTC') + interval '7 hours')::date BETWEEN %(first)s AND %(last)s"
_OF_WEEK = f"""
    SELECT r.*, c.corrections_json AS fixed FROM reports_report r, reports_case c
     WHERE c.report_id = r.id AND {_DAY.format("r.received_at")}"""
_COUNTED = f"""{_OF_WEEK}
   AND NOT (c.status IN ('junk', 'withdrawn') OR c.outcome IN ('duplicate', 'not_scam'))
   AND r.id NOT IN (SELECT report_id FROM reports_followup WHERE kind = 'withdrawal')
   AND (c.status <> 'new' OR NOT ('too_fast' = ANY (r.flags) OR EXISTS (
        SELECT 1 FROM reports_floodsample s WHERE s.report_id = r.id AND 'flood' <> ALL (s.flags))))"""
_LOSS = "coalesce((t.fixed ->> 'money_lost_vnd')::bigint, f.money_lost_vnd)"
_LOST = f"FROM ({_COUNTED}) t LEFT JOIN reports_extractedfacts f ON f.report_id = t.id WHERE {_LOSS} > 0"
_OWN = "(t.money_lost_raw <> '' OR t.fixed ? 'money_lost_vnd')"
_CALLED = f"FROM ({_COUNTED}) t JOIN reports_deadline d ON d.report_id = t.id AND d.kind = 'call'"
_ACTED = f"SELECT count(*) FROM core_auditevent WHERE {_DAY.format('created_at')} AND kind = "
PLAIN = {
    "received": f"SELECT count(*) FROM ({_OF_WEEK}) t",
    "counted": f"SELECT count(*) FROM ({_COUNTED}) t",
    "lost_vnd": f"SELECT sum({_LOSS}) {_LOST}",
    "lost": f"SELECT count(*) {_LOST}",
    "confirmed_vnd": f"SELECT sum({_LOSS}) {_LOST} AND {_OWN}",
    "confirmed": f"SELECT count(*) {_LOST} AND {_OWN}",
    "frozen_vnd": f"SELECT sum(l.frozen_vnd) FROM ({_COUNTED}) t JOIN reports_bankletter l ON l.report_id = t.id",
    "frozen": f"""SELECT count(DISTINCT t.id) FROM ({_COUNTED}) t
                    JOIN reports_bankletter l ON l.report_id = t.id WHERE l.frozen_vnd > 0""",
    "called": f"SELECT count(DISTINCT t.id) {_CALLED}",
    "reached": f"""SELECT count(*) FROM (SELECT t.id {_CALLED} GROUP BY t.id
                   HAVING bool_and(coalesce(d.met_at - d.started_at <= interval '15 minutes', false))) s
                   WHERE NOT EXISTS (SELECT 1 FROM reports_deadline a
                          WHERE a.report_id = s.id AND a.kind = 'call_again')""",
    "decided": f"""SELECT count(*) FROM ({_COUNTED}) t JOIN reports_deadline d ON d.report_id = t.id
                    WHERE d.kind = 'classify' AND extract(epoch FROM d.met_at - t.received_at) <= 86400""",
    "unread": f"SELECT count(*) FROM ({_COUNTED}) t WHERE id NOT IN (SELECT report_id FROM reports_extractedfacts)",
    "disputes": f"SELECT count(*) FROM reports_dispute WHERE {_DAY.format('received_at')}",
    **{kind: f"{_ACTED} '{kind}'" for kind in ACTS},
}  # fmt: skip


def last_week() -> Period:
    return week_of(timezone.localdate() - timedelta(days=7))


def count_plainly(name: str) -> int:
    week = last_week()
    with connection.cursor() as cursor:
        cursor.execute(PLAIN[name], {"first": week.first, "last": week.last})
        return int(cursor.fetchone()[0] or 0)


def at(day: int, hour: int = 12, minute: int = 0) -> datetime:
    """Return a local time of the week; day 0 is its Monday."""
    return timezone.make_aware(
        datetime.combine(last_week().first + timedelta(days=day), time(hour, minute))
    )


def move(row: Any, **columns: Any) -> None:
    """Set columns; the guards of the tables look away."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        row.__class__._default_manager.filter(pk=row.pk).update(**columns)
        cursor.execute("SET LOCAL session_replication_role = origin")


def receive(moment: datetime, *, kind: str = "police_case", **facts: Any) -> Report:
    report = report_factories.report(f"Tin lúc {moment}.")
    move(report, received_at=moment)
    report_factories.add_facts(report, scenario=kind, **facts)
    return report


def fill(officer: User) -> Campaign:
    """Create all of it; return the campaign that spreads."""
    for codename, name in ((HERE, "Xã Đây"), (THERE, "Xã Kia")):
        alert_factories.commune(codename, name)
    receive(at(0) - timedelta(hours=12, seconds=1))  # a second before the week
    receive(at(7, 0))  # its end
    _receive_calls()
    _receive_losses(officer)
    _receive_uncounted()
    _act(officer)
    return _group()


def _receive_calls() -> None:
    """Four had to be called: one was reached, one not answered, one late, one never."""
    minutes = {"reached": 15, "no answer": 5, "late": 16, "never": None}
    for place, met in enumerate(minutes.values()):
        start = at(0, 0) if place == 0 else at(place)
        report = receive(start)
        ends = start + timedelta(minutes=met) if met else None
        due = start + timedelta(minutes=15)
        calls = Deadline(report=report, kind="call", started_at=start, due_at=due, met_at=ends)
        calls.save()
        if met == minutes["no answer"]:
            Deadline.objects.create(
                report=report,
                kind="call_again",
                started_at=ends,
                due_at=due + timedelta(minutes=30),
            )
        decided = start + timedelta(hours=24, seconds=place)  # the first just in time
        Deadline.objects.create(
            report=report, kind="classify", started_at=start, due_at=decided, met_at=decided
        )


def _receive_losses(officer: User) -> None:
    here, there = {"commune_id": HERE}, {"commune_id": THERE, "commune_raw": "Xã Kia"}
    told = receive(at(4), money_lost_vnd=40)  # the machine alone says so
    typed, fixed = receive(at(5), money_lost_vnd=50), receive(at(6, 23, 59), money_lost_vnd=90)
    moved = receive(at(2), kind="bank", money_lost_vnd=30)
    move(told, **here)
    move(typed, money_lost_raw="50", **here)
    move(typed, erased_at=at(6))  # stays counted
    Case.objects.filter(report=fixed).update(corrections_json={"money_lost_vnd": 10})
    Correction.objects.create(
        report=fixed, fact="money_lost_vnd", value=10, reason="Đã gọi.", actor=officer
    )
    move(moved, **here)
    move(moved.facts, **there)  # a follow-up names another commune
    for number, (report, frozen) in enumerate([(told, 40), (moved, None)], 1):
        answer = {"frozen_vnd": frozen, "answered_by": officer, "answered_at": at(8)}
        BankLetter.objects.create(
            year=2026, number=number, report=report, bank="x", account="1", amount_vnd=90, text="x",
            actor=officer, **(answer if frozen else {}),
        )  # fmt: skip


def _receive_uncounted() -> None:
    """Set-aside ones, and two that came too fast, one of which an officer took up."""
    for status, outcome in (
        ("junk", ""), ("closed", "duplicate"), ("closed", "not_scam"), ("withdrawn", ""),
    ):  # fmt: skip
        report = receive(at(3), money_lost_vnd=1000)
        Case.objects.filter(report=report).update(status=status, outcome=outcome)
    suspected = receive(at(3), money_lost_vnd=1000)
    FloodSample.objects.filter(report=suspected).delete()
    FloodSample.objects.create(report=suspected, flags=["too_fast"])
    unread = report_factories.report("Chưa đọc.", flags=("too_fast",))
    move(unread, received_at=at(1))
    Case.objects.filter(report=unread).update(status="in_review")


def _act(officer: User) -> None:
    """Acts in the week, at its edges, and just beyond; two agencies show a warning."""
    edge = timedelta(minutes=1)
    times = {
        "number_proposed": [at(3), at(7, 0)],
        "number_confirmed": [at(0, 0), at(6, 23, 59), at(0, 0) - edge],
        "number_withdrawn": [at(6, 23, 59), at(7, 0)],
        "dispute_answered": [at(4)],
        "alert_issued": [at(1), at(0, 0) - edge],
        "alert_cancelled": [at(2)],
    }
    for kind, moments in times.items():
        for moment in moments:
            move(events.log_event("number", "x", kind, by=officer), created_at=moment)
    for agency in ("Sở Mẫu", "Báo Mẫu"):
        move(events.log_event("alert", "x", "alert_deployed", agency=agency), created_at=at(5))
    for place, moment in enumerate([at(0, 0), at(2), at(0, 0) - edge]):
        Dispute.objects.create(submission_key=str(place), received_at=moment)


def _group() -> Campaign:
    """A campaign of three that spreads, one of two that does not, one that was merged away."""
    spreading, small = (Campaign.objects.create(code=f"Đ-26-{n}", title="x") for n in "AB")
    Campaign.objects.create(code="Đ-26-C", title="x", merged_into=spreading)
    calls = Report.objects.filter(deadlines__kind="call").order_by("received_at")
    for report in calls[:3]:
        CampaignLink.objects.create(
            report=report, campaign=spreading, kind="same_number", strength=1, reason="x"
        )
    for report in Report.objects.filter(facts__money_lost_vnd__in=(40, 30)):
        CampaignLink.objects.create(
            report=report, campaign=small, kind="same_number", strength=1, reason="x"
        )
    return spreading
