"""Which warnings a subscriber wants: communes, kinds of scam, offices."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import get_language, gettext

from reports.campaigns import campaign_stats
from reports.models import Commune, Office


@dataclass(frozen=True)
class SubscriptionFilter:
    """Which warnings: none chosen stands for all of a kind."""

    communes: Sequence[str] = ()
    scenarios: Sequence[str] = ()
    offices: Sequence[str] = ()

    @property
    def names(self) -> list[str]:
        """Return what was chosen in the words of the active language, for a mail and its pages."""
        is_english = get_language() == "en"
        communes = Commune.objects.filter(pk__in=self.communes).values_list("name", flat=True)
        kinds = [label for code, label in campaign_stats.scenarios() if code in self.scenarios]
        offices = Office.objects.filter(pk__in=self.offices).values_list("name", "name_en")
        return [
            *(list(communes) or [gettext("Cả tỉnh")]),
            *(kinds or [gettext("Mọi kiểu lừa")]),
            *(
                [(is_english and english) or name for name, english in offices]
                or [gettext("Mọi nơi")]
            ),
        ]


def parse_filter(parts: Sequence[str]) -> SubscriptionFilter:
    """Return the filter of a link's parts, each a list with commas, empty for all."""
    return SubscriptionFilter(*([each for each in part.split(",") if each] for part in parts))
