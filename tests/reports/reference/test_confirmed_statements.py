"""Sentences and numbers that no page shows before an officer has confirmed them."""

from unittest.mock import Mock

import pytest
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection
from django.utils import translation

from reports.models import BankHotline, PublicStatement
from reports.reference import confirmed_statements
from tests.support.report_factories import confirm_statement

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_fine(db: None) -> PublicStatement:
    call_command("setup_desk", verbosity=0)
    return PublicStatement.objects.get(codename="no_fine")


def test_nothing_is_said_until_it_is_confirmed(no_fine: PublicStatement) -> None:
    assert confirmed_statements.statements() == {}
    confirm_statement(no_fine.pk)
    assert set(confirmed_statements.statements()) == {"no_fine"}


def test_it_is_said_in_the_language_of_the_page(no_fine: PublicStatement) -> None:
    confirm_statement(no_fine.pk)
    assert confirmed_statements.statements()["no_fine"].text == "Cúp máy không ai phạt."
    with translation.override("en"):
        assert (
            confirmed_statements.statements()["no_fine"].text == "Nobody is fined for hanging up."
        )


def test_the_database_refuses_a_public_sentence_that_nobody_confirmed(
    no_fine: PublicStatement,
) -> None:
    with pytest.raises(IntegrityError, match="publicstatement_confirmed"):
        PublicStatement.objects.filter(pk=no_fine.pk).update(is_public=True)


def test_setup_leaves_what_the_officers_wrote(no_fine: PublicStatement) -> None:
    PublicStatement.objects.filter(pk=no_fine.pk).update(text="Lời khác.")
    call_command("setup_desk", verbosity=0)
    assert PublicStatement.objects.get(pk=no_fine.pk).text == "Lời khác."


def test_there_is_no_bank_until_officers_fill_the_table() -> None:
    call_command("setup_desk", verbosity=0)
    assert BankHotline.objects.count() == 0
    assert confirmed_statements.bank_hotlines() == ()


def test_without_a_database_what_was_read_last_goes_on(no_fine: PublicStatement) -> None:
    confirm_statement(no_fine.pk)
    assert "no_fine" in confirmed_statements.statements()

    confirmed_statements._statements.expires_at = 0.0
    with connection.execute_wrapper(Mock(side_effect=OperationalError)):
        assert "no_fine" in confirmed_statements.statements()
