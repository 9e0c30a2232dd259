"""Warnings by mail: the page that takes an address, and the three links of the mails."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alerts.delivery import signed_links, subscriptions
from alerts.views.forms import SubscribeForm, SubscriptionChangeForm
from core import mail, rate_limits
from core.form_data import is_same_origin

SUBSCRIPTIONS = rate_limits.Window("subscribe", 20)
IN_A_CROWD = rate_limits.Window("subscribe_in_a_crowd", 10, minutes=60, by_network=True)
_CROWDED = _("Đang có quá nhiều người ghi. Đợi một lát rồi bấm lại.")
_ELSEWHERE = _("Phần vừa gửi không phải từ trang này. Bấm lại ở đây.")
# Without no-store, so that the back button finds an answer, also one that gives back what was refused.
_BACK_FINDS = cache_control(private=True, no_cache=True)
_allow_page_methods = require_http_methods(["GET", "HEAD", "POST"])


@csrf_exempt  # a signed token of the form stands for the cookie
@_allow_page_methods
@_BACK_FINDS
def subscribe(request: HttpRequest) -> HttpResponse:
    """Return the page that takes an address; the same whether the address is known or not."""
    form = SubscribeForm(request.POST if request.method == "POST" else None)
    is_own_page = not form.is_bound or is_same_origin(request)
    if not is_own_page:
        form.add_error(None, _ELSEWHERE)
    is_open = mail.mail_is_configured()
    may_ask = form.is_bound and is_open and form.is_valid()
    is_asked = may_ask and _request_opt_in(request, form)
    context = {"form": form, "is_open": is_open, "is_asked": is_asked}
    status = 200 if not form.errors else 422 if is_own_page else 403
    return _render_page(request, "alerts/subscribe.html", context, status)


def _request_opt_in(request: HttpRequest, form: SubscribeForm) -> bool:
    """Enqueue the mail; return False where this visitor, or in a crowd their network, has to wait."""
    may_ask = rate_limits.consume(SUBSCRIPTIONS, request)
    if may_ask and subscriptions.is_crowded():
        may_ask = rate_limits.consume(IN_A_CROWD, request)
    if may_ask:
        subscriptions.request_opt_in(form.cleaned_data["address"], form.filters)
    else:
        form.add_error(None, _CROWDED)
    return may_ask


@csrf_exempt
@_allow_page_methods
@_BACK_FINDS
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Return the page that confirms an address, by a button: a mail program may open links by itself."""
    is_done = request.method == "POST" and subscriptions.confirm_opt_in(token)
    subscriber = subscriptions.pending_subscriber(token)
    is_valid = is_done or subscriber is not None
    chosen = subscriptions.requested_filter(token).names if is_valid else []
    change = signed_links.change_url(subscriber) if is_done and subscriber else ""
    context = {"is_done": is_done, "is_valid": is_valid, "chosen": chosen, "change": change}
    return _render_page(request, "alerts/subscription_join.html", context, 200 if is_valid else 404)


@csrf_exempt  # the link itself is the right to change, and there is no cookie to abuse
@_allow_page_methods
@_BACK_FINDS
def change(request: HttpRequest, token: str) -> HttpResponse:
    """Return the choices as they stand; after a POST those that were saved."""
    subscriber = subscriptions.find_by_change_token(token)
    if subscriber is None:
        return _render_page(request, "alerts/subscription_change.html", {}, 404)
    form = SubscriptionChangeForm(request.POST if request.method == "POST" else None, subscriber)
    chosen = None
    if form.is_bound and form.is_valid():
        subscriptions.change_filters(subscriber, form.filters)
        chosen = form.filters.names
    context = {"form": form, "chosen": chosen}
    return _render_page(
        request, "alerts/subscription_change.html", context, 422 if form.errors else 200
    )


@csrf_exempt  # mail programs post here by themselves (RFC 8058)
@_allow_page_methods
@_BACK_FINDS
def leave(request: HttpRequest, token: str) -> HttpResponse:
    is_valid = subscriptions.is_unsubscribe_token(token)
    if request.method == "POST":
        subscriptions.unsubscribe(token)
    context = {"is_done": is_valid and request.method == "POST", "is_valid": is_valid}
    return _render_page(
        request, "alerts/subscription_leave.html", context, 200 if is_valid else 404
    )


def _render_page(
    request: HttpRequest, template: str, context: dict[str, Any], status: int
) -> HttpResponse:
    return render(request, template, context, status=status, using="public")
