"""The link in a letter to a partner: its program or a person answers there, and reads the paper."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import rate_limits
from core.errors import ActionError
from reports.blocking import answers, letters
from reports.models import BlockLetter
from reports.views.form_errors import form_view

ANSWERS = rate_limits.Window("block_answer", 600)
_TOO_MANY = "Đã trả lời quá nhiều lần từ mạng này. Chờ 10 phút rồi gửi lại."


@form_view  # the link itself is the right to press, and there is no cookie to abuse
def answer_letter(request: HttpRequest, token: str) -> HttpResponse:
    """Return the page of a letter with its answers; posted, record one. A program that accepts JSON
    gets {"state", "error"}.
    """
    letter, error, status = answers.find_letter(token), "", 200
    if letter and request.method == "POST":
        if not rate_limits.consume(ANSWERS, request):
            error, status = _TOO_MANY, 429
        else:
            error = _record(letter, request)
            status = 422 if error else 200
            letter = answers.find_letter(token)
    if letter is None:
        status = 404
    if "application/json" in request.headers.get("Accept", ""):
        state = letter.request.state if letter else None
        return JsonResponse({"state": state, "error": error}, status=status)
    context: dict[str, Any] = {
        "letter": letter,
        "error": error,
        "is_posted": request.method == "POST",
        "reason": request.POST.get("reason", "") if error else "",
    }
    if letter:
        context |= {
            "number": letters.format_number(letter),
            "subject": letters.get_subject(letter),
            "answers": answers.list_answers(letter),
        }
    return render(request, "reports/block_answer.html", context, status=status, using="public")


def _record(letter: BlockLetter, request: HttpRequest) -> str:
    """Return why the posted answer was not recorded, "" where it was."""
    posted = {name: request.POST.get(name, "").replace("\0", "") for name in ("answer", "reason")}
    try:
        answers.record(letter, posted["answer"], posted["reason"])
    except ActionError as error:
        return str(error)
    return ""


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
