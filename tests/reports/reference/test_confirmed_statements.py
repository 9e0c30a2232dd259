"""Sentences and numbers that no page shows before an officer has confirmed them."""

from unittest.mock import Mock

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import translation

from reports.models import BankHotline, PublicStatement
from reports.reference import confirmed_statements
from tests.support.report_factories import confirm_statement

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_fine(reference_rows: None) -> PublicStatement:
    return PublicStatement.objects.get(codename="no_fine")


def test_a_sentence_is_said_once_confirmed_in_the_language_of_the_page_and_without_a_database(
    no_fine: PublicStatement,
) -> None:
    assert confirmed_statements.statements() == {}
    confirm_statement(no_fine.pk)
    assert set(confirmed_statements.statements()) == {"no_fine"}
    assert confirmed_statements.statements()["no_fine"].text == "Cúp máy không ai phạt."
    with translation.override("en"):
        in_english = confirmed_statements.statements()["no_fine"].text
    assert in_english == "You will not be fined for hanging up."
    confirmed_statements._statements.expires_at = 0.0
    with connection.execute_wrapper(Mock(side_effect=OperationalError)):
        assert "no_fine" in confirmed_statements.statements()


def test_setup_leaves_what_the_officers_wrote(no_fine: PublicStatement) -> None:
    PublicStatement.objects.filter(pk=no_fine.pk).update(text="Lời khác.")
    call_command("setup_desk", verbosity=0)
    assert PublicStatement.objects.get(pk=no_fine.pk).text == "Lời khác."


@pytest.mark.usefixtures("reference_rows")
def test_there_is_no_bank_until_officers_fill_the_table() -> None:
    assert BankHotline.objects.count() == 0
    assert confirmed_statements.bank_hotlines() == ()
