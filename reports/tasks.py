"""Celery tasks of reports, one service each."""

from celery import current_app, shared_task
from celery.signals import celeryd_after_setup
from django.db import connection

from core.audit import chain, chain_verification
from core.outbox import relay
from core.outbox.sweeps import Guard
from reports.attachments import sanitized_copies
from reports.blocking import letters, requests, sending
from reports.campaigns import bursts, regrouping
from reports.cases import deadlines, routing
from reports.channels import dispatch, zalo_threads
from reports.monitoring import alarms, daily_counts, queue_stats
from reports.numbers import findings, office_questions
from reports.public import statistics
from reports.retention import destruction_requests
from reports.retention import purge as purging
from reports.submission import report_lists
from reports.triage import report_triage, reprocessing


@celeryd_after_setup.connect
def on_worker_ready(**_: object) -> None:
    """Requeue a message that killed the last worker; load the models before processes fork."""
    relay.purge_and_requeue(current_app)
    report_triage.preload_models()
    connection.close()  # the processes that are forked next open their own


@shared_task(name="reports.triage")
def triage_reports(items: list[int]) -> None:
    report_triage.process_items(items, report_triage.TIMEOUT_SECONDS)


@shared_task(name="reports.continue_reprocessing")
def continue_reprocessing(items: list[int]) -> None:
    """Enqueue the next reports of these reprocessing runs."""
    reprocessing.process_items(items, report_triage.TIMEOUT_SECONDS)


@shared_task(name="reports.regroup")
def regroup_reports(items: list[int]) -> None:
    """Take back or bring again what the reports of these outbox items tie."""
    regrouping.process_items(items, report_triage.TIMEOUT_SECONDS)


@shared_task(name="reports.scan_files")
def scan_files(items: list[int]) -> None:
    sanitized_copies.process_items(items, sanitized_copies.TIMEOUT_SECONDS)


@shared_task(name="reports.remove_files")
def remove_files(items: list[int]) -> None:
    """Remove the files whose destruction two people confirmed."""
    destruction_requests.process_items(items, report_triage.TIMEOUT_SECONDS)


@shared_task(name=report_lists.FILE_TASK)
def file_lists(items: list[int]) -> None:
    """File the next rows of these lists."""
    report_lists.process_items(items, report_lists.TIMEOUT_SECONDS)


@shared_task(name="reports.check_queue_alarms")
def check_queue_alarms() -> None:
    alarms.check_alarms()


@shared_task(name="reports.route_new_cases", soft_time_limit=55, time_limit=58)
@Guard("cases.route_all")
def route_new_cases() -> None:
    """Route the cases that were triaged since the last run."""
    routing.route_untriaged_cases()


@shared_task(name="reports.count_queue", soft_time_limit=55, time_limit=58)
def count_queue() -> None:
    """Store the queue's balance for pages and metrics."""
    queue_stats.store_queue_balance_if_due()


@shared_task(name="reports.update_public_statistics", soft_time_limit=55, time_limit=58)
def update_public_statistics() -> None:
    """Update the public statistics, once a night."""
    statistics.update_if_due()


@shared_task(name="reports.detect_bursts", soft_time_limit=55, time_limit=58)
def detect_bursts() -> None:
    """Store where more reports come in than usual."""
    bursts.detect_if_due()


@shared_task(name="reports.extend_audit_chain")
@Guard("audit_chain.extend")
def extend_audit_chain() -> None:
    chain.extend_chain()


@shared_task(name="reports.verify_audit_chain")
@Guard("audit_chain.verify")
def verify_audit_chain() -> None:
    """Verify some links of the chain, and its newest heads."""
    chain_verification.verify_next_batch()


@shared_task(name="reports.purge")
def purge() -> None:
    """Erase some of what has outlived its retention."""
    purging.run_if_due()


@shared_task(name="reports.send_deadline_reminders", soft_time_limit=55, time_limit=58)
def send_deadline_reminders() -> None:
    deadlines.send_due_reminders()


@shared_task(name=dispatch.SEND_TASK)
def send_notices(items: list[int]) -> None:
    dispatch.process_items(items, dispatch.TIMEOUT_SECONDS)


@shared_task(name="reports.send_office_mails", soft_time_limit=55, time_limit=58)
@Guard("office_questions.send")
def send_office_mails() -> None:
    office_questions.send_due_mails()


@shared_task(name="reports.dispatch_notices")
@Guard("notices.dispatch")
def dispatch_notices() -> None:
    zalo_threads.drop_expired()
    dispatch.dispatch_due()


@shared_task(name=letters.SEND_TASK)
def send_block_letters(items: list[int]) -> None:
    sending.process_items(items, sending.TIMEOUT_SECONDS)


@shared_task(name=findings.END_BLOCKS_TASK)
def end_blocks(items: list[int]) -> None:
    requests.end_withdrawn(items, sending.TIMEOUT_SECONDS)


@shared_task(name="reports.dispatch_block_letters")
@Guard("block_letters.dispatch")
def dispatch_block_letters() -> None:
    sending.dispatch_due()


@shared_task(name="reports.update_daily_counts")
@Guard("daily_counts.update")
def update_daily_counts() -> None:
    daily_counts.update_daily_counts()
