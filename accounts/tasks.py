"""Celery tasks of officers' accounts."""

from celery import shared_task

from accounts import idle_accounts


@shared_task(name="accounts.close_idle_accounts")
def close_idle_accounts() -> None:
    idle_accounts.close_and_warn()
