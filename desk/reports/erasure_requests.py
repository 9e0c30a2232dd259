"""Answering a reporter who wants everything erased, on the page beside the report."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from accounts.reauthentication import must_be_confirmed
from core.audit import log as events
from desk import highlighting as marking
from desk.reports.followups import Later
from reports.cases.transitions import ON_WISH
from reports.extraction import redaction as privacy
from reports.models import Report
from reports.retention import erasure_requests as rights

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
    "same": "Chưa xóa. Bạn là người đưa ra xem lại: cần người khác đồng ý xóa.",
}


class WishActs:
    """The two answers, and taking a refused wish up again; each is a POST."""

    _do: Callable[..., HttpResponse]

    def wish_acts(self) -> dict[str, Callable[..., HttpResponseBase]]:
        """The addresses under a report, and what answers there."""
        return {
            "grant-erasure": must_be_confirmed(self.grant_erasure, rights.GRANT),
            "refuse-erasure": self.refuse_erasure,
            "take-up-erasure": self.take_up_erasure,
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

    def take_up_erasure(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Have a refused wish answered anew."""

        def act(by: User, reason: str) -> None:
            rights.take_up(pk, by=by, version=_version(request), reason=reason)

        return self._do(request, pk, "take_up_erasure", act, "Đã đưa đề nghị xóa ra xem lại.")


def _version(request: HttpRequest) -> int:
    typed = request.POST.get("version", "")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else 0


def _taken_up(report: Report) -> str:
    """Why the wish is answered anew."""
    act = events.about("report", report.pk).filter(kind="wish_taken_up").first()
    return marking.plain(act.detail.get("reason", "")) if act else ""


def shown(report: Report, by: User) -> dict[str, Any]:
    """What the page says of the wish that waits, if one does, its words masked as a message's are;
    or of the one that was refused, which may be taken up again. Four statements at most.
    """
    newest, later = rights.newest(report.pk), Later(report)
    waits = newest is not None and newest.decided_at is None and not report.erased_at
    wish = newest if waits else None
    against = rights.stands_against(report.pk) if newest else ""
    return {
        "wish": wish,
        "refused_wish": None if wish or against or report.erased_at else newest,
        "taken_up": _taken_up(report) if wish and wish.taken_up_at else "",
        "is_taken_up_by_me": wish is not None and wish.taken_up_by == by,
        "may_take_up": by.has_perm(ON_WISH["take_wish_up"].permission),
        "wish_words": marking.plain(later.masked(privacy.opened(wish, "words") or ""))
        if wish
        else "",
        "wish_against": AGAINST.get(against, ""),
        "wish_answer": MUST_BE_KEPT[report.language] if wish and against else "",
        "may_grant": by.has_perm(rights.GRANT),
        "may_refuse": by.has_perm("reports.close_case"),
    }
