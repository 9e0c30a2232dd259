"""Answering a reporter who wants everything erased, on the page beside the report."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from accounts.reauthentication import reauthentication_required
from core import encryption
from core.audit import events
from desk.labels import highlighting
from desk.reports.followups import FollowupPanel
from reports.cases.transitions import ON_WISH
from reports.models import Report
from reports.retention import erasure_requests

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


class ErasureActionsMixin:
    """The two answers, and taking a refused wish up again; each is a POST."""

    _do: Callable[..., HttpResponse]

    def wish_acts(self) -> dict[str, Callable[..., HttpResponseBase]]:
        """The addresses under a report, and what answers there."""
        return {
            "grant-erasure": reauthentication_required(self.grant_erasure, erasure_requests.GRANT),
            "refuse-erasure": self.refuse_erasure,
            "take-up-erasure": self.reopen_erasure,
        }

    def grant_erasure(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Erase everything."""

        def act(by: User, _: str) -> None:
            erasure_requests.grant_erasure(pk, by=by, version=_version(request))

        return self._do(request, pk, "grant_erasure", act, "Đã xóa toàn bộ dữ liệu của tin.")

    def refuse_erasure(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Leave it and tell the reporter why."""

        def act(by: User, reason: str) -> None:
            erasure_requests.refuse_erasure(pk, by=by, version=_version(request), reason=reason)

        return self._do(request, pk, "refuse_erasure", act, "Đã trả lời người báo.")

    def reopen_erasure(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Have a refused wish answered anew."""

        def act(by: User, reason: str) -> None:
            erasure_requests.reopen_request(pk, by=by, version=_version(request), reason=reason)

        return self._do(request, pk, "take_up_erasure", act, "Đã đưa đề nghị xóa ra xem lại.")


def _version(request: HttpRequest) -> int:
    typed = request.POST.get("version", "")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else 0


def _taken_up(report: Report) -> str:
    """Why the wish is answered anew."""
    act = events.events_for("report", report.pk).filter(kind="wish_taken_up").first()
    return highlighting.plain_line(act.detail.get("reason", "")) if act else ""


def erasure_panel(report: Report, by: User) -> dict[str, Any]:
    """What the page says of the wish that waits, if one does, its words masked as a message's are;
    or of the one that was refused, which may be taken up again. Four statements at most.
    """
    newest, later = erasure_requests.latest_request(report.pk), FollowupPanel(report)
    waits = newest is not None and newest.decided_at is None and not report.erased_at
    wish = newest if waits else None
    against = erasure_requests.erasure_blocker(report.pk) if newest else ""
    return {
        "wish": wish,
        "refused_wish": None if wish or against or report.erased_at else newest,
        "taken_up": _taken_up(report) if wish and wish.taken_up_at else "",
        "is_taken_up_by_me": wish is not None and wish.taken_up_by == by,
        "may_take_up": by.has_perm(ON_WISH["take_wish_up"].permission),
        "wish_words": highlighting.plain_line(
            later.redact(encryption.decrypt_field(wish, "text") or "")
        )
        if wish
        else "",
        "wish_against": AGAINST.get(against, ""),
        "wish_answer": MUST_BE_KEPT[report.language] if wish and against else "",
        "may_grant": by.has_perm(erasure_requests.GRANT),
        "may_refuse": by.has_perm("reports.close_case"),
    }
