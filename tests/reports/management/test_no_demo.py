"""Where no invented reports may come, and where none were asked for."""

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from reports.models import PublicStatement, Report
from tests.support.officers import Person

pytestmark = pytest.mark.django_db


def test_the_demo_is_refused_in_production(settings: Settings, duty: Person) -> None:
    settings.FIRST_LOOK = False
    with pytest.raises(CommandError, match="first look"):
        call_command("demo")
    assert not Report.objects.exists()


def test_without_an_officer_it_says_what_to_start() -> None:
    with pytest.raises(CommandError, match="make run"):
        call_command("demo")


def test_setup_alone_turns_no_sentence_on(duty: Person) -> None:
    call_command("setup_desk", verbosity=0)
    assert not PublicStatement.objects.filter(is_public=True).exists()
