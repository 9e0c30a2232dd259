"""The portal with a trap for its web processes."""

from portal.settings import *  # noqa: F403  # a settings module is its names
from portal.settings import INSTALLED_APPS as BEFORE

INSTALLED_APPS = [*BEFORE, "tests.faults.support.kill_after_commit"]
