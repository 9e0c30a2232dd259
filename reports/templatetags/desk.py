"""What the desk's pages ask for in their templates."""

from typing import Any

from django import template
from django.template import Context

from reports.admin.figures import balance
from reports.admin.queue import figures

register = template.Library()


@register.inclusion_tag("admin/figures.html", takes_context=True)
def desk_figures(context: Context) -> dict[str, Any]:
    """What is waiting, as a strip of links."""
    return {"figures": figures(context["request"]), "balance": balance()}
