"""The portal's next version: the same and one app more, with a migration."""

from portal.settings import *  # noqa: F403  # a settings module is its names
from portal.settings import INSTALLED_APPS as BEFORE

INSTALLED_APPS = [*BEFORE, "tests.faults.newer"]
