from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = "Tin và xử lý"

    def ready(self) -> None:
        from accounts import reauthentication as reauth  # noqa: PLC0415
        from accounts import sessions

        reauth.begin()
        sessions.begin()
