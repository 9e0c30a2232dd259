"""Django with nothing around the view, Celery with nothing in the task, on the portal's own
settings of database and queue.
"""

from portal.settings import (  # noqa: F401  # a settings module is its names
    ALLOWED_HOSTS,
    CELERY_ACCEPT_CONTENT,
    CELERY_BROKER_TRANSPORT_OPTIONS,
    CELERY_BROKER_URL,
    CELERY_DB_REUSE_MAX,
    CELERY_TASK_ACKS_LATE,
    CELERY_TASK_IGNORE_RESULT,
    CELERY_TASK_REJECT_ON_WORKER_LOST,
    CELERY_TASK_SERIALIZER,
    CELERY_WORKER_HIJACK_ROOT_LOGGER,
    CELERY_WORKER_PREFETCH_MULTIPLIER,
    DATABASES,
    DEFAULT_AUTO_FIELD,
    SECRET_KEY,
    USE_TZ,
)
from portal.settings import (
    INSTALLED_APPS as _PORTAL_APPS,
)

INSTALLED_APPS = [*_PORTAL_APPS, "bench"]  # gunicorn's own settings count requests with them
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.limits"
