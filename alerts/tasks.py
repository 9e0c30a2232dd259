"""What Celery calls. Each task opens the right door and nothing else."""

from celery import shared_task
from django.db import close_old_connections

from alerts import snapshots


@shared_task(name=snapshots.TASK)
def write_snapshots(items: list[int]) -> None:
    """Write the public pages as files after a word was given."""
    close_old_connections()
    snapshots.work_off(items, snapshots.PATIENCE)


@shared_task(name="alerts.keep_snapshots")
def keep_snapshots() -> None:
    """Say that the files are right, or make them so: something came into force or ended."""
    close_old_connections()
    snapshots.look()
