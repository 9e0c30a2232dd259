"""What may stand on a public page as the number of a bank or an institution: none from which people
here were called, for whoever reads the page would ring it.
"""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from reports.extraction import phones
from reports.models import Indicator, NumberFinding, Report
from reports.numbers import lookup, report_counts

_CALLERS = (Indicator.IndicatorSource.CALLER, Indicator.IndicatorSource.LATER)
_NAMED = 3  # reports that the sentence names


def publication_blocker(number: str) -> str:
    """Why a number may not be published, in a sentence; "" when nothing is known against it. Two
    statements.
    """
    key = lookup.lookup_key(phones.parse(number))
    if not key:
        return ""
    if _is_confirmed(key):
        return "Số này đang có ghi nhận là kẻ gian dùng. Gỡ ghi nhận ấy trước đã."
    if told := _callers_of(key):
        which = ", ".join(told)
        return (
            f"Trong {report_counts.DAYS} ngày qua có tin báo bị gọi từ số này ({which}). Xem các tin ấy;"
            " số này chưa cho lên trang được."
        )
    return ""


def _is_confirmed(key: str) -> bool:
    holds = Q(withdrawn_at=None, finding=NumberFinding.Finding.CONFIRMED)
    return NumberFinding.objects.filter(holds, key=key).exists()


def _callers_of(key: str) -> list[str]:
    """The public numbers of the newest reports of a call from it."""
    called = Indicator.objects.filter(key=key, kind=Indicator.Kind.NUMBER, place__in=_CALLERS)
    since = timezone.now() - timedelta(days=report_counts.DAYS)
    told = Report.objects.filter(pk__in=called.values("report_id"), received_at__gte=since)
    newest = told.order_by("-received_at").values_list("public_number", flat=True)
    return list(newest[:_NAMED])
