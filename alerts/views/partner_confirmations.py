"""The link by which an agency says that it put a version to use: a page with one button."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alerts.delivery import partners


@csrf_exempt  # the link itself is the right to press, and there is no cookie to abuse
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm_deployment(request: HttpRequest, token: str) -> HttpResponse:
    asked = partners.open_confirmation(token)
    if asked and request.method == "POST":
        partners.record_confirmation(asked)
        asked = partners.open_confirmation(token)
    context = {"asked": asked}
    status = 200 if asked else 404
    return render(request, "alerts/deployed.html", context, status=status, using="public")
