"""What is done nowhere in the code, or only in a certain way."""

import ast
import re
from collections import Counter
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest

from tools.house import load_rooms
from tools.source import ROOMS, ROOT, count_body_lines, get_last_name

PAGES = sorted((ROOT / "templates").rglob("*.html"))
admin.autodiscover()  # else only portal/urls.py would


def test_no_template_turns_escaping_off() -> None:
    off = re.compile(r"\|\s*safe\b|autoescape\s+off|\|\s*safeseq")
    assert [str(path) for path in PAGES if off.search(path.read_text())] == []


def test_no_part_of_a_page_hides_a_name_of_another_part() -> None:
    """A page of the desk is put together of many classes. What Django names several may answer, each
    with the next behind it; what we name one part of a page has, and nothing private of Django's.
    """
    wrong = [
        (type(page).__name__, name)
        for page in admin.site._registry.values()
        for name, parts in count_parts_by_name(type(page)).items()
        if (parts > 1 and not hasattr(ModelAdmin, name))
        or (name.startswith("_") and hasattr(ModelAdmin, name))
    ]
    assert wrong == []


@pytest.mark.parametrize("page", admin.site._registry.values(), ids=str)
def test_no_list_of_the_desk_is_asked_about_a_column_that_is_sealed_or_secret(page: Any) -> None:
    columns = [field.name for field in page.model._meta.get_fields()]
    assert not [x for x in columns if page.lookup_allowed(f"{x}__startswith", "a", HttpRequest())]
    assert (page.show_facets, page.date_hierarchy) == (admin.ShowFacets.NEVER, None)
    shown = [each if callable(each) else getattr(page, each, each) for each in page.list_display]
    ordered = [getattr(each, "admin_order_field", each) for each in shown if each]
    asked = " ".join(map(str, (*page.search_fields, *(page.ordering or ()), *ordered)))
    assert not re.search("_sealed|password", asked)


def count_parts_by_name(page: type) -> Counter[str]:
    """Return how many of our classes of a page give each name."""
    parts = [part for part in page.__mro__ if part.__module__.partition(".")[0] in ROOMS]
    return Counter(name for part in parts for name in vars(part) if not name.startswith("__"))


def test_a_name_that_two_parts_of_a_page_have_is_noticed() -> None:
    class Part:
        def _keys(self) -> None: ...

    Part.__module__ = "desk.reports.part"
    page = type("Page", (Part,), {"_keys": None, "__module__": "desk.reports.detail"})
    assert count_parts_by_name(page) == {"_keys": 2}


def test_no_save_of_our_own() -> None:
    """Models neither talk nor decide when they are saved. A ModelAdmin's save_model is the
    desk's affair.
    """
    wrong = [
        (str(module), function.name)
        for module in load_rooms()
        if module.is_model
        for function in module.functions
        if function.name in {"save", "delete"}
    ]
    assert wrong == []


def test_a_task_opens_a_door_and_nothing_else() -> None:
    tasks = [
        (str(module), function)
        for module in load_rooms()
        for function in module.functions
        if any(map(is_task, function.decorator_list))
    ]
    assert tasks
    assert [where for where, function in tasks if count_body_lines(function) > 5] == []


def is_task(decorator: ast.expr) -> bool:
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    return get_last_name(call) in {"shared_task", "task"}


def test_nobody_swallows_everything() -> None:
    wrong = [
        (str(module), node.lineno)
        for module in load_rooms()
        for node in module.nodes
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or get_last_name(node.type) in {"Exception", "BaseException"})
    ]
    assert wrong == []
