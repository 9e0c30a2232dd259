"""The link in a letter to a partner: its program or a person answers there, and reads the paper."""

from typing import Any

from django import db
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import rate_limits
from core.api.problems import Problem, ProblemError, problem_response
from core.errors import ActionError
from reports.blocking import answers, letters
from reports.models import BlockLetter
from reports.views.form_errors import form_view, render_link_later

ANSWERS = rate_limits.Window("block_answer", 600)
NO_LETTER = Problem("letter", 404, _("Link đã quá 60 ngày, hoặc chép thiếu. Mở lại công văn mới nhất."))  # fmt: skip
NOT_TAKEN = Problem("answer", 422, _("Câu trả lời này chưa ghi được."))
TOO_MANY = Problem("too_many_answers", 429, _("Đã trả lời quá nhiều lần từ mạng này. Chờ 10 phút rồi gửi lại."), 600)  # fmt: skip
NOT_NOW = Problem("not_recorded", 503, _("Trang đang gặp trục trặc, chưa chắc đã ghi. Gửi lại sau 30 giây: gửi hai lần không sao."), 30)  # fmt: skip
PROBLEMS = (NO_LETTER, NOT_TAKEN, TOO_MANY, NOT_NOW)


@form_view  # the link itself is the right to press, and there is no cookie to abuse
def answer_letter(request: HttpRequest, token: str) -> HttpResponse:
    """Return the page of a letter with its answers; posted, record one. A program that accepts JSON gets
    {"state"}, or a problem.
    """
    letter: BlockLetter | None
    try:
        letter, error = _answer(request, token)
    except db.Error:
        letter, error = None, ProblemError(NOT_NOW)
    if "json" in request.headers.get("Accept", ""):
        if error or letter is None:
            return problem_response(request, error or ProblemError(NO_LETTER))
        return JsonResponse({"state": letter.request.state})
    if error and error.problem == NOT_NOW:
        return render_link_later(request, ("answer", "reason"))
    return _render_page(request, letter, error)


def _answer(request: HttpRequest, token: str) -> tuple[BlockLetter | None, ProblemError | None]:
    """Record what was posted; return the letter of the link, and why it is none or nothing was recorded."""
    letter = answers.find_letter(token)
    if letter is None:
        return None, ProblemError(NO_LETTER)
    error = None
    if request.method == "POST":
        if not rate_limits.consume(ANSWERS, request):
            return letter, ProblemError(TOO_MANY)
        typed = [request.POST.get(name, "").replace("\0", "") for name in ("answer", "reason")]
        try:
            answers.record(letter, *typed)
        except ActionError as refused:
            error = ProblemError(NOT_TAKEN, detail=str(refused))
        letter.request.refresh_from_db()
    return letter, error


def _render_page(
    request: HttpRequest, letter: BlockLetter | None, error: ProblemError | None
) -> HttpResponse:
    context: dict[str, Any] = {
        "letter": letter,
        "error": error and error.members.get("detail", error.problem.detail),
        "is_posted": request.method == "POST",
        "refused": request.POST if error else {},
    }
    if letter:
        context |= {
            "number": letters.format_number(letter),
            "subject": letters.get_subject(letter),
            "answers": answers.list_answers(letter),
        }
    status = error.problem.status if error else 200
    return render(request, "reports/block_answer.html", context, status=status, using="public")


@require_safe
@never_cache
def letter_paper(request: HttpRequest, token: str) -> HttpResponse:
    """Return the letter as PDF."""
    letter = answers.find_letter(token)
    if letter is None:
        raise Http404
    name = f"{letter.number}-{letter.year}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return HttpResponse(letters.render_pdf(letter), content_type="application/pdf", headers=headers)
