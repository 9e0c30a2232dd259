from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "desk"

    def ready(self) -> None:
        from reports.models import retention  # noqa: PLC0415 - needs the registry

        retention.report_erased.connect(_remove_viewers)
        retention.contacts_erased.connect(_remove_searches)


def _remove_viewers(*, report_id: UUID, **_: Any) -> None:
    from desk.models import ReportViewer  # noqa: PLC0415

    ReportViewer.objects.filter(report=report_id).delete()


def _remove_searches(*, contacts: Collection[str], **_: Any) -> None:
    from desk.reports import saved_searches  # noqa: PLC0415

    saved_searches.remove_searches_with_contact(contacts)
