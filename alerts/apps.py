from typing import TYPE_CHECKING, Any

from django.apps import AppConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.periods import Period
    from reports.monitoring.period_figures import WarningFigures


class AlertsConfig(AppConfig):
    name = "alerts"
    verbose_name = "Cảnh báo"

    def ready(self) -> None:
        from reports.monitoring import period_figures  # noqa: PLC0415 - needs the registry

        period_figures.warnings_counted.connect(_count_warnings)


def _count_warnings(*, periods: "Sequence[Period]", **_: Any) -> "WarningFigures":
    from alerts.delivery import partners  # noqa: PLC0415

    return partners.count_warnings(*periods)
