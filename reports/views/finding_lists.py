"""The outlets by which programs fetch what was confirmed: the lists of the registry, and a MISP feed."""

import base64
import hashlib
import time
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from core import rate_limits
from core.api import keys, problems
from core.api.problems import Problem, ProblemError
from core.api.views import Dialect, View, api_view, public_api_view
from core.keys import Signer
from core.models import ApiClient
from reports.numbers.hash_api import BUNDLE_USE_HOURS
from reports.outlets import listed_findings, misp_feed
from reports.outlets.listed_findings import Cursor
from reports.outlets.lists import ListOutlet
from reports.views.numbers_api import NO_SIGNING_KEY, NOT_NOW, TOO_MANY, load_signer

MAX_ROWS = 10_000  # of a page
PUBLIC_LISTS = rate_limits.Window("finding_list", 30)
BAD_SINCE = Problem(
    "bad_since", 400, _("since phải là một thời điểm có múi giờ, như 2026-11-30T08:00:00Z.")
)
BAD_NEXT = Problem("bad_next", 400, _("next phải y như địa chỉ trang sau đã cho."))
NO_EVENT = Problem("no_event", 404, _("Không có gì xác nhận trong ngày ấy."))
PROBLEMS = (BAD_SINCE, BAD_NEXT, NO_EVENT)
_OF_ALL_LISTS = (problems.METHOD, NOT_NOW, BAD_SINCE, BAD_NEXT)
_OF_KEY = (problems.NO_KEY, problems.OTHER_NETWORK, problems.OTHER_SCOPE, problems.TOO_MANY)
OF_LIST = (*_OF_ALL_LISTS, *_OF_KEY)
OF_PUBLIC_LIST = (*_OF_ALL_LISTS, NO_SIGNING_KEY, TOO_MANY)
_DIALECT = Dialect(keys.read_bearer_or_basic, problems.problem_response)
_reader = api_view("GET", ApiClient.Scope.READ_FINDINGS, _DIALECT, NOT_NOW)


def build_list_view(outlet: ListOutlet) -> View:
    """Return the view of a list, open to everybody or to programs with a key."""

    def list_findings(request: HttpRequest, client: ApiClient | None = None) -> HttpResponse:
        signer = load_signer()
        if outlet.is_public and signer is None:
            raise ProblemError(NO_SIGNING_KEY)
        if outlet.is_public and not rate_limits.consume(PUBLIC_LISTS, request):
            raise ProblemError(TOO_MANY)
        since = parse_since(request.GET.get("since"))
        after = parse_next(request.GET.get("next")) or listed_findings.start(since)
        page = listed_findings.load_page(
            after, MAX_ROWS, outlet.kinds, with_ended=since is not None
        )
        response = HttpResponse(outlet.render(page), content_type=outlet.media_type)
        who = "public" if outlet.is_public else "private"
        response.headers["Cache-Control"] = f"{who}, no-cache, no-transform"
        if signer:
            _sign(response, signer)
        etag = _compute_etag(response.content)
        response.headers["ETag"] = etag
        answer = get_conditional_response(request, etag=etag, response=response) or response
        if page.next:  # also where this page is as it was: what follows must be read as of now
            answer.headers["Link"] = _link_next(request, page.next)
        return answer

    guard = public_api_view(NOT_NOW) if outlet.is_public else _reader
    return guard(list_findings)


def parse_since(typed: str | None) -> datetime | None:
    """Return a time with its zone, None for none. Raises ProblemError."""
    if typed is None:
        return None
    try:
        since = parse_datetime(typed.replace(" ", "+"))  # a plus that nobody escaped
    except ValueError:
        since = None
    if since is None or since.tzinfo is None:
        raise ProblemError(BAD_SINCE)
    return since


def parse_next(typed: str | None) -> Cursor | None:
    """Return how far the reader is, None for one who begins. Raises ProblemError."""
    if typed is None:
        return None
    if cursor := listed_findings.parse_cursor(typed):
        return cursor
    raise ProblemError(BAD_NEXT)


def _link_next(request: HttpRequest, cursor: Cursor) -> str:
    """Return the header by which programs find the next page (RFC 8288)."""
    query = {"since": request.GET["since"]} if "since" in request.GET else {}
    query["next"] = str(cursor)
    return f'<{request.build_absolute_uri(request.path)}?{urlencode(query)}>; rel="next"'


def _compute_etag(content: bytes) -> str:
    """Return a tag that changes within half the time of a signature: who is told that nothing has
    changed keeps the old one.
    """
    turn = int(time.time()) // (BUNDLE_USE_HOURS * 3600 // 2)
    return f'"{hashlib.sha256(content + str(turn).encode()).hexdigest()[:32]}"'


def _sign(response: HttpResponse, signer: Signer) -> None:
    """Sign the content and say until when it may be used, as HTTP has it (RFC 9421, RFC 9530)."""
    digest = base64.b64encode(hashlib.sha256(response.content).digest()).decode()
    created = int(time.time())
    parameters = (
        f'("content-digest" "content-type");created={created}'
        f';expires={created + BUNDLE_USE_HOURS * 3600};keyid="{signer.id}";alg="ed25519"'
    )
    response.headers["Content-Digest"] = f"sha-256=:{digest}:"
    signed = "\n".join(
        (
            f'"content-digest": {response.headers["Content-Digest"]}',
            f'"content-type": {response.headers["Content-Type"]}',
            f'"@signature-params": {parameters}',
        )
    )
    response.headers["Signature-Input"] = f"list={parameters}"
    response.headers["Signature"] = f"list=:{signer.sign(signed.encode())}:"


# --- the MISP feed


@_reader
def misp_manifest(request: HttpRequest, client: ApiClient) -> HttpResponse:
    """Return the events of the MISP feed, one for each day on which something was confirmed."""
    read_at = timezone.now()
    return JsonResponse(misp_feed.build_manifest(listed_findings.load_last_changes(), read_at))


@_reader
def misp_event(request: HttpRequest, client: ApiClient, event: UUID) -> HttpResponse:
    """Return the event of a day of the MISP feed."""
    read_at, day = timezone.now(), misp_feed.parse_event_id(event)
    confirmed = listed_findings.load_confirmed_on(day) if day else []
    if day is None or not confirmed:
        raise ProblemError(NO_EVENT)
    return JsonResponse(misp_feed.build_event(day, confirmed, read_at))


@_reader
def misp_hashes(request: HttpRequest, client: ApiClient) -> HttpResponse:
    """Return the hashes of what is in force, each with its event of the MISP feed."""
    content = misp_feed.render_hashes(listed_findings.load_in_force())
    return HttpResponse(content, content_type="text/csv; charset=utf-8")
