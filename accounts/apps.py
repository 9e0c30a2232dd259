from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Cán bộ"

    def ready(self) -> None:
        from accounts import reauthentication, sessions  # noqa: PLC0415 - need the registry

        reauthentication.connect_signals()
        sessions.connect_signals()
