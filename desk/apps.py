from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "desk"

    def ready(self) -> None:
        from desk.reports import navigation, saved_searches  # noqa: PLC0415 - need the registry
        from reports.retention import erasure  # noqa: PLC0415

        erasure.report_erased.connect(navigation.remove_viewers)
        erasure.contacts_erased.connect(saved_searches.remove_searches_with_contact)
