"""The page on which a subscriber chooses anew, opened by the link in each mail."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alerts.delivery import signed_links, subscriptions
from alerts.delivery.subscription_filters import SubscriptionFilter
from alerts.models import Subscriber
from alerts.views.forms import list_offices
from reports.campaigns import campaign_stats
from reports.models import Commune

_NOT_OFFERED = {"invalid_choice": _("Chọn trong danh sách.")}


def _many(label: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages=_NOT_OFFERED,
    )


class SubscriptionChangeForm(forms.Form):
    """What somebody wants to be told: as many of each as they like, none for all."""

    communes = _many(_("Xã, phường"))
    scenarios = _many(_("Kiểu lừa"))
    offices = _many(_("Nơi bị giả danh"))

    def __init__(self, data: Any, subscriber: Subscriber) -> None:
        initial = {name: getattr(subscriber, name) for name in signed_links.FILTERS}
        super().__init__(data, initial=initial, label_suffix="")
        communes = Commune.objects.order_by("sort_key").values_list("pk", "name")
        choices = communes, campaign_stats.warning_scenarios(), list_offices()
        for name, rows in zip(signed_links.FILTERS, choices, strict=True):
            self.fields[name].choices = list(rows)  # type: ignore[attr-defined]  # of many choices

    @property
    def filters(self) -> SubscriptionFilter:
        return SubscriptionFilter(
            **{name: self.cleaned_data[name] for name in signed_links.FILTERS}
        )


@csrf_exempt  # the link itself is the right to change, and there is no cookie to abuse
@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_cache=True)  # the back button finds what was saved
def change(request: HttpRequest, token: str) -> HttpResponse:
    """Return the choices as they stand; after a POST those that were saved."""
    subscriber = subscriptions.find_by_change_token(token)
    if subscriber is None:
        return render(request, "alerts/subscription_change.html", status=404, using="public")
    form = SubscriptionChangeForm(request.POST if request.method == "POST" else None, subscriber)
    chosen = None
    if form.is_bound and form.is_valid():
        subscriptions.change_filters(subscriber, form.filters)
        chosen = form.filters.names
    context = {"form": form, "chosen": chosen}
    status = 422 if form.errors else 200
    return render(
        request, "alerts/subscription_change.html", context, status=status, using="public"
    )
