"""The portal on a machine that is overrun: it waits longer for Valkey than a page may."""

from core import valkey
from portal.settings import *  # noqa: F403  # a settings module is its names

valkey.TIMEOUT_SECONDS = 5.0
