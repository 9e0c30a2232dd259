"""The tour of the desk, on the start page of who has not read it."""

from typing import Any

from django import template
from django.contrib.auth.models import User
from django.template import Context

from desk import help_pages

register = template.Library()


@register.inclusion_tag("admin/tour_offer.html", takes_context=True)
def desk_tour(context: Context) -> dict[str, Any]:
    """The five steps, once; nothing for who has read them."""
    request = context["request"]
    steps = help_pages.tour_for(request)
    is_new = (
        isinstance(request.user, User) and steps and not help_pages.has_seen_tour_cached(request)
    )
    return {"is_new": is_new, "steps": steps, "csrf_token": context.get("csrf_token")}
