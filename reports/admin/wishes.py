"""Answering a reporter who wants everything erased, on the page beside the report."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from reports import privacy
from reports.admin import marking
from reports.admin.later import Later
from reports.keeping import rights
from reports.models import ErasureWish, Report
from reports.officers.reauth import must_be_confirmed

# What the reporter reads where the law stands above the wish: it tells no more than that.
MUST_BE_KEPT = {
    "vi": "Công an phải giữ tin này để giải quyết vụ việc, nên bây giờ chưa xóa được."
    " Xong việc, bạn đề nghị lại ở trang này.",
    "en": "The police must keep this report while a case is dealt with, so it cannot be erased now."
    " When that has ended, you may ask again on this page.",
}
AGAINST = {
    "held": "Tin đang phải giữ nguyên theo yêu cầu: chưa xóa được. Trả lời người báo bằng lời dưới đây.",
    "crime": "Tin đã phân loại là tin báo về tội phạm: chưa xóa được. Trả lời người báo bằng lời dưới đây.",
}
NOT_DONE = {
    **AGAINST,
    "closed": "Chưa làm. Đề nghị xóa này đã được trả lời rồi.",
    "gone": "Chưa làm. Dữ liệu của tin đã xóa rồi.",
}


class WishActs:
    """The two answers; each is a POST."""

    _do: Callable[..., HttpResponse]

    def wish_acts(self) -> dict[str, Callable[..., HttpResponseBase]]:
        """The addresses under a report, and what answers there."""
        return {
            "grant-erasure": must_be_confirmed(self.grant_erasure, rights.GRANT),
            "refuse-erasure": self.refuse_erasure,
        }

    def grant_erasure(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Erase everything."""

        def act(by: User, _: str) -> None:
            rights.grant(pk, by=by, version=_version(request))

        return self._do(request, pk, "grant_erasure", act, "Đã xóa toàn bộ dữ liệu của tin.")

    def refuse_erasure(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Leave it and tell the reporter why."""

        def act(by: User, reason: str) -> None:
            rights.refuse(pk, by=by, version=_version(request), reason=reason)

        return self._do(request, pk, "refuse_erasure", act, "Đã trả lời người báo.")


def _version(request: HttpRequest) -> int:
    typed = request.POST.get("version", "")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else 0


def shown(report: Report, by: User) -> dict[str, Any]:
    """What the page says of the wish that waits, if one does, its words masked as a message's are.
    Three statements at most.
    """
    wish, later = ErasureWish.objects.open().filter(report=report).first(), Later(report)
    against = rights.stands_against(report.pk) if wish else ""
    return {
        "wish": wish,
        "wish_words": marking.plain(later.masked(privacy.opened(wish, "words") or ""))
        if wish
        else "",
        "wish_against": AGAINST.get(against, ""),
        "wish_answer": MUST_BE_KEPT[report.language] if against else "",
        "may_grant": by.has_perm(rights.GRANT),
        "may_refuse": by.has_perm("reports.close_case"),
    }
