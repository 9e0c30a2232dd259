"""What Celery calls. Each task opens the right door and nothing else."""

from celery import current_app, shared_task
from celery.signals import celeryd_after_setup
from django.db import close_old_connections, connection

from accounts import idle_accounts as idle
from core.audit import chain
from core.audit import chain_verification as chain_check
from core.outbox import relay
from desk import saved_searches as saved
from reports.attachments import sanitized_copies as clean_copies
from reports.campaigns import burst_monitor as burst_watch
from reports.cases import daily_counts as days
from reports.cases import deadline_notifications as escalation
from reports.cases import routing
from reports.monitoring import alarms as watch
from reports.monitoring import queue_stats as stats
from reports.public import statistics as figures
from reports.retention import destruction_requests as destruction
from reports.retention import purge as purging
from reports.triage import reprocessing as retriage
from reports.triage import service as triage


@celeryd_after_setup.connect
def start_afresh(**_: object) -> None:
    """Before a worker takes its first message: one that ended the last worker is not among them.
    What its pool processes read by is read before they are forked.
    """
    relay.start_afresh(current_app)
    triage.read_tables()
    connection.close()  # the processes that are forked next open their own


@shared_task(name="reports.triage")
def triage_reports(items: list[int]) -> None:
    """Triage the reports that these outbox items owe."""
    close_old_connections()  # CELERY_DB_REUSE_MAX skips Django's own look at stale ones
    triage.work_off(items, triage.PATIENCE)


@shared_task(name="reports.retriage_some")
def retriage_some(items: list[int]) -> None:
    """Owe the next reports of a run their triage anew."""
    close_old_connections()
    retriage.work_off(items, triage.PATIENCE)


@shared_task(name="reports.look_into_file")
def look_into_files(items: list[int]) -> None:
    """Look into the files that these outbox items owe a look."""
    close_old_connections()
    clean_copies.work_off(items, clean_copies.PATIENCE)


@shared_task(name="reports.remove_file")
def remove_files(items: list[int]) -> None:
    """Remove the files that two people had destroyed."""
    close_old_connections()
    destruction.work_off(items, triage.PATIENCE)


@shared_task(name="reports.watch_queue")
def watch_queue() -> None:
    """Raise, end and tell the alarms of the queue."""
    close_old_connections()
    watch.look()


@shared_task(name="reports.route_fresh", soft_time_limit=55, time_limit=58)
def route_fresh() -> None:
    """Send what was read since the last look where the rules say."""
    close_old_connections()
    routing.route_fresh()


@shared_task(name="reports.count_queue", soft_time_limit=55, time_limit=58)
def count_queue() -> None:
    """Count every report, for pages and metrics that may not."""
    close_old_connections()
    stats.roll_up_if_due()


@shared_task(name="reports.count_figures", soft_time_limit=55, time_limit=58)
def count_figures() -> None:
    """Count what the public may know, once a night."""
    close_old_connections()
    figures.count_if_due()


@shared_task(name="reports.count_bursts", soft_time_limit=55, time_limit=58)
def count_bursts() -> None:
    """Look where more reports come in than is usual there."""
    close_old_connections()
    burst_watch.look_if_due()


@shared_task(name="reports.seal_events")
def seal_events() -> None:
    """Give the acts on record their links."""
    close_old_connections()
    chain.seal()


@shared_task(name="reports.check_events")
def check_events() -> None:
    """Check some of the links, and the newest heads."""
    close_old_connections()
    chain_check.check_some()


@shared_task(name="reports.keep_accounts")
def keep_accounts() -> None:
    """Close the accounts that nobody uses, and tell before."""
    close_old_connections()
    idle.look()


@shared_task(name="reports.purge")
def purge() -> None:
    """Erase some of what is over its time, at night."""
    close_old_connections()
    purging.run_if_due()


@shared_task(name="reports.watch_deadlines")
def watch_deadlines() -> None:
    """Start the clocks of new reports and tell whose time runs out."""
    close_old_connections()
    escalation.look()


@shared_task(name="reports.count_days")
def count_days() -> None:
    """Count the inflow and the backlog of the day."""
    close_old_connections()
    days.count_if_possible()


@shared_task(name="reports.count_searches", soft_time_limit=55, time_limit=58)
def count_searches() -> None:
    """Count the searches that officers keep, and tell who waits for them."""
    close_old_connections()
    saved.count_all()
