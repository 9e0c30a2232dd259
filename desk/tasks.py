"""Celery tasks of the desk."""

from celery import shared_task

from desk.reports import saved_searches


@shared_task(name="desk.count_saved_searches", soft_time_limit=55, time_limit=58)
def count_saved_searches() -> None:
    """Count the saved searches, and notify owners whose threshold is reached."""
    saved_searches.count_all()
