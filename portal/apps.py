"""The portal's app, which registers its checks, and the desk as the default admin site."""

from collections.abc import Callable

import django_stubs_ext
from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.core.checks import CheckMessage, Tags, register
from django.utils.module_loading import import_string

# Lets classes say for which model they are: admin.ModelAdmin[Report].
django_stubs_ext.monkeypatch()


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        register(_load_check("check_province"))
        register(_load_check("check_deployment"), Tags.security, deploy=True)


def _load_check(name: str) -> Callable[..., list[CheckMessage]]:
    """Return a check that is imported when it runs: what it looks at doubles a process's start."""
    return lambda **_: list(import_string(f"portal.checks.{name}")())


class DeskAdminConfig(SimpleAdminConfig):
    """The desk; its pages are found where the addresses are (portal/urls.py)."""

    default = False
    default_site = "desk.site.DeskSite"
