"""The portal's app, which registers checks and the alarm of the certificate, and the desk as the default admin site."""

import django_stubs_ext
from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig

# Lets classes say for which model they are: admin.ModelAdmin[Report].
django_stubs_ext.monkeypatch()


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from alerts.formats import cap_signer  # noqa: PLC0415
        from portal import checks  # noqa: F401, PLC0415
        from reports.monitoring import alarms  # noqa: PLC0415

        alarms.CHECKS[alarms.Kind.CERTIFICATE] = lambda _: cap_signer.is_certificate_ending()


class DeskAdminConfig(AdminConfig):
    default = False
    default_site = "desk.site.DeskSite"
