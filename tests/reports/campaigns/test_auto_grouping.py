"""Campaigns that a late report ties together: a person is asked, unless a person keeps them apart."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from reports.models import (
    Campaign,
    CampaignAction,
    CampaignExclusion,
    CampaignLink,
    MergeProposal,
    Report,
)
from reports.triage import report_triage
from tests.support.campaign_factories import add_to_campaign, campaign_of, item_of, triage
from tests.support.report_factories import report

pytestmark = pytest.mark.django_db

NUMBER, OTHER = "0550 000 123", "0992 000 777"
ACCOUNT = "Họ bảo chuyển tiền vào tài khoản 0987000111222 ngay."


def two_campaigns() -> tuple[Campaign, Campaign]:
    """The machine's, the older one first: one of a number, one of an account."""
    first, _ = triage("một", caller_number=NUMBER), triage("hai", caller_number=NUMBER)
    second, _ = triage(ACCOUNT), triage(f"{ACCOUNT} Họ dọa bắt.")
    older, younger = campaign_of(first), campaign_of(second)
    assert older
    assert younger
    return older, younger


def tying() -> Report:
    return triage(f"{ACCOUNT} Lại nữa.", caller_number=NUMBER)


def keep_apart(
    subject: Report, campaign: Campaign, by: User, other: Campaign | None = None
) -> None:
    """An officer has taken a report out of a campaign."""
    act = CampaignAction.objects.create(
        kind="split" if other else "detached", campaign=campaign, other=other, reason="khác bọn",
        reports=1, actor=by,
    )  # fmt: skip
    CampaignExclusion.objects.create(report=subject, campaign=campaign, action=act)


@pytest.mark.parametrize("which", [None, 0, 1])
def test_of_two_campaigns_that_a_late_report_ties_a_person_is_asked(
    which: int | None, chief: User
) -> None:
    """Whether a person had a hand in one or not."""
    pair = two_campaigns()
    if which is not None:
        add_to_campaign(report("của cán bộ"), pair[which], kind="officer", placed_by=chief)
    late = tying()
    proposal = MergeProposal.objects.open().get()
    assert {proposal.campaign_a, proposal.campaign_b} == set(pair)
    assert campaign_of(late) == pair[1]  # an account ties more than a number
    assert proposal.reason
    assert not Campaign.objects.exclude(merged_into=None).exists()


def test_a_proposal_is_made_once(chief: User) -> None:
    two_campaigns()
    tying(), tying()
    MergeProposal.objects.update(rejected_at=timezone.now(), rejected_by=chief)
    tying()
    assert MergeProposal.objects.count() == 1
    assert not MergeProposal.objects.open().exists()


def test_what_a_person_keeps_apart_is_neither_merged_nor_proposed(chief: User) -> None:
    older, younger = two_campaigns()
    keep_apart(younger.links.earliest("report_id").report, older, chief, other=younger)
    tying()
    assert not MergeProposal.objects.exists()
    assert not Campaign.objects.exclude(merged_into=None).exists()


def test_a_report_that_does_not_belong_glues_nothing(chief: User) -> None:
    older, younger = two_campaigns()
    late = report(f"{ACCOUNT} Lại nữa.", caller_number=NUMBER)
    keep_apart(late, older, chief)
    report_triage.process_items([item_of(late)])
    assert campaign_of(late) == younger
    assert not Campaign.objects.exclude(merged_into=None).exists()


def test_reading_again_brings_nothing_together_that_people_parted(chief: User) -> None:
    first, second = triage("một", caller_number=NUMBER), triage("hai", caller_number=NUMBER)
    CampaignLink.objects.filter(report=second).delete()
    keep_apart(second, CampaignLink.objects.get(report=first).campaign, chief)
    report_triage.write_and_link([report_triage.extract(second)])
    assert not CampaignLink.objects.filter(report=second).exists()


@pytest.mark.parametrize(
    "change",
    ["UPDATE reports_mergeproposal SET reason = ''", "DELETE FROM reports_mergeproposal",
     "UPDATE reports_mergeproposal SET rejected_at = NULL, rejected_by_id = NULL"],
)  # fmt: skip
def test_a_proposal_stays_as_it_was_made(change: str, chief: User) -> None:
    two_campaigns(), tying()
    MergeProposal.objects.update(rejected_at=timezone.now(), rejected_by=chief)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
