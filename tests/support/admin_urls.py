"""The walk over the desk: every page by its name, where it is, and what it answers."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any
from unittest import mock
from uuid import UUID

from django.contrib import admin
from django.db import transaction
from django.template import Template
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.urls.converters import IntConverter, UUIDConverter

from core.models import AuditEvent
from tests.support.permission_matrix import THINGS

METHODS = ("get", "post")
_THE_THING = {"pk", "object_id", "id"}
# The way in and out.
_NO_PAGE = {"login", "logout", "oidc_start", "oidc_callback", "oidc_code", "oidc_backchannel"}


def pages() -> dict[str, URLPattern]:
    """Every named page of the desk by its name."""
    reverse("admin:index")  # the module of the addresses registers the pages
    named = {str(pattern.name): pattern for pattern in _leaves(admin.site.urls[0]) if pattern.name}
    return {name: named[name] for name in sorted(named.keys() - _NO_PAGE)}


def _leaves(patterns: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _leaves(pattern.url_patterns)
        else:
            yield pattern


class AdminUrls:
    """Where each page is; of pages of one thing, the page of one that exists."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}

    def build(self, name: str, page: URLPattern) -> str:
        """Return the address of a page. Raises KeyError for a kind of thing that `THINGS` cannot make."""
        if name == "app_list":
            return reverse("admin:app_list", args=["reports"])
        parts = getattr(page.pattern, "converters", {})
        values = {part: self._value(name, part, kind) for part, kind in parts.items()}
        return reverse(f"admin:{name}", kwargs=values)

    def _value(self, name: str, part: str, converter: object) -> Any:
        """The thing's key; for what else an address asks, nothing that exists, so that a refusal
        must come first.
        """
        kind = kind_of(name)
        if part in _THE_THING and kind:
            if kind not in self.made:
                self.made[kind] = THINGS[kind]().pk
            if fits(converter, self.made[kind]):
                return self.made[kind]
        nothing = {IntConverter: 0, UUIDConverter: UUID(int=0)}
        return nothing.get(type(converter), "x")


def fits(converter: object, key: object) -> bool:
    """Whether the key is of the kind that the address wants; else that is about something else."""
    return isinstance(key, int) or not isinstance(converter, IntConverter)


def kind_of(name: str) -> str:
    """The model whose page it is; "" for a page of none."""
    models = [model._meta for model in admin.site._registry]
    mine = [m.model_name for m in models if name.startswith(f"{m.app_label}_{m.model_name}_")]
    return mine[0] or "" if mine else ""


def answer(
    client: Client, method: str, address: str, *, is_drawn: bool = False
) -> tuple[int, bool]:
    """The status, and whether a refusal went on record; nothing that was done stays."""
    client.raise_request_exception = False
    undrawn = mock.patch.object(Template, "_render", return_value="")
    with transaction.atomic(), nullcontext() if is_drawn else undrawn:
        status = getattr(client, method)(address).status_code
        is_on_record = AuditEvent.objects.filter(kind="refused").exists()
        transaction.set_rollback(True)
    return status, is_on_record
