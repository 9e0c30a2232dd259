from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = "Tin và xử lý"

    def ready(self) -> None:
        from reports.officers import reauth, sessions  # noqa: PLC0415

        reauth.begin()
        sessions.begin()
