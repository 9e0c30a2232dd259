"""The portal's own settings with nothing around the view and nothing in the task."""

from portal.settings import *  # noqa: F403  # whatever migrations and checks ask for
from portal.settings import INSTALLED_APPS as _PORTAL_APPS

INSTALLED_APPS = [*_PORTAL_APPS, "bench"]  # gunicorn's own settings count requests with them
MIDDLEWARE = []
ROOT_URLCONF = "bench.limits"
# The desk is installed and never opened.
SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "admin.E410"]
