"""Celery tasks of officers' accounts."""

from celery import shared_task

from accounts import officer_accounts


@shared_task(name="accounts.close_idle_accounts")
def close_idle_accounts() -> None:
    officer_accounts.close_idle_accounts()
