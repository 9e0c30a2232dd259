from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "desk"

    def ready(self) -> None:
        from desk.pages import presence  # noqa: PLC0415 - need the registry
        from desk.reports import saved_searches  # noqa: PLC0415
        from reports.retention import erasure  # noqa: PLC0415

        erasure.report_erased.connect(presence.remove_viewers)
        erasure.contact_erased.connect(saved_searches.remove_searches_with_contact)
