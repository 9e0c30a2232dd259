"""The portal's app, which registers the checks, and the desk as the default admin site."""

import django_stubs_ext
from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

# Lets classes say for which model they are: admin.ModelAdmin[Report].
django_stubs_ext.monkeypatch()


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from portal import checks  # noqa: F401, PLC0415


class DeskAdminConfig(AdminConfig):
    default = False
    default_site = "desk.site.DeskSite"
