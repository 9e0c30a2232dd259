"""The Celery application of the bare tasks (bench/tasks.py), on the portal's own settings."""

import os

from celery import Celery

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.bare_settings"

app = Celery("bare")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
