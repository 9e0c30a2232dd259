"""What Celery calls. Each task opens the right door and nothing else."""

from celery import current_app, shared_task
from celery.signals import celeryd_after_setup
from django.db import close_old_connections, connection

from accounts import idle_accounts
from core.audit import chain, chain_verification
from core.outbox import relay
from desk import saved_searches
from reports.attachments import sanitized_copies
from reports.campaigns import burst_monitor
from reports.cases import daily_counts, deadline_notifications, routing
from reports.monitoring import alarms, queue_stats
from reports.public import statistics
from reports.retention import destruction_requests
from reports.retention import purge as purging
from reports.triage import reprocessing, service


@celeryd_after_setup.connect
def on_worker_ready(**_: object) -> None:
    """Before a worker takes its first message: one that ended the last worker is not among them.
    What its pool processes read by is read before they are forked.
    """
    relay.purge_and_requeue(current_app)
    service.preload_models()
    connection.close()  # the processes that are forked next open their own


@shared_task(name="reports.triage")
def triage_reports(items: list[int]) -> None:
    """Triage the reports that these outbox items owe."""
    close_old_connections()  # CELERY_DB_REUSE_MAX skips Django's own look at stale ones
    service.process_items(items, service.TIMEOUT_SECONDS)


@shared_task(name="reports.retriage_some")
def continue_reprocessing(items: list[int]) -> None:
    """Owe the next reports of a run their triage anew."""
    close_old_connections()
    reprocessing.process_items(items, service.TIMEOUT_SECONDS)


@shared_task(name="reports.look_into_file")
def scan_files(items: list[int]) -> None:
    """Look into the files that these outbox items owe a look."""
    close_old_connections()
    sanitized_copies.process_items(items, sanitized_copies.TIMEOUT_SECONDS)


@shared_task(name="reports.remove_file")
def remove_files(items: list[int]) -> None:
    """Remove the files that two people had destroyed."""
    close_old_connections()
    destruction_requests.process_items(items, service.TIMEOUT_SECONDS)


@shared_task(name="reports.watch_queue")
def check_queue_alarms() -> None:
    """Raise, end and tell the alarms of the queue."""
    close_old_connections()
    alarms.check_alarms()


@shared_task(name="reports.route_fresh", soft_time_limit=55, time_limit=58)
def route_new_cases() -> None:
    """Send what was read since the last look where the rules say."""
    close_old_connections()
    routing.route_untriaged_cases()


@shared_task(name="reports.count_queue", soft_time_limit=55, time_limit=58)
def count_queue() -> None:
    """Count every report, for pages and metrics that may not."""
    close_old_connections()
    queue_stats.store_queue_balance_if_due()


@shared_task(name="reports.count_figures", soft_time_limit=55, time_limit=58)
def count_figures() -> None:
    """Count what the public may know, once a night."""
    close_old_connections()
    statistics.count_if_due()


@shared_task(name="reports.count_bursts", soft_time_limit=55, time_limit=58)
def count_bursts() -> None:
    """Look where more reports come in than is usual there."""
    close_old_connections()
    burst_monitor.detect_if_due()


@shared_task(name="reports.seal_events")
def extend_audit_chain() -> None:
    """Give the acts on record their links."""
    close_old_connections()
    chain.extend_chain()


@shared_task(name="reports.check_events")
def verify_audit_chain() -> None:
    """Check some of the links, and the newest heads."""
    close_old_connections()
    chain_verification.verify_next_batch()


@shared_task(name="reports.keep_accounts")
def close_idle_accounts() -> None:
    """Close the accounts that nobody uses, and tell before."""
    close_old_connections()
    idle_accounts.close_and_warn()


@shared_task(name="reports.purge")
def purge() -> None:
    """Erase some of what is over its time, at night."""
    close_old_connections()
    purging.run_if_due()


@shared_task(name="reports.watch_deadlines")
def watch_deadlines() -> None:
    """Start the clocks of new reports and tell whose time runs out."""
    close_old_connections()
    deadline_notifications.send_due_reminders()


@shared_task(name="reports.count_days")
def update_daily_counts() -> None:
    """Count the inflow and the backlog of the day."""
    close_old_connections()
    daily_counts.count_if_possible()


@shared_task(name="reports.count_searches", soft_time_limit=55, time_limit=58)
def count_searches() -> None:
    """Count the searches that officers keep, and tell who waits for them."""
    close_old_connections()
    saved_searches.count_all()
