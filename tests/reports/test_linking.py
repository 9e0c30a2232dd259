"""Campaigns, first cut: who shares a number, an account or a link lies together."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User

from reports import linking, triage
from reports.models import Campaign, CampaignLink, OutboxItem, Report
from tests.reports.evidence import report
from tests.threads import in_parallel

NUMBER = "0550 000 123"
ACCOUNT = "Họ bảo chuyển tiền vào tài khoản 0987000111222 ngay."


def item_of(subject: Report) -> int:
    return OutboxItem.objects.filter(key=str(subject.pk)).latest("id").pk


def triaged(story: str = "Có người gọi.", **typed: Any) -> Report:
    subject = report(story, **typed)
    triage.work_off([item_of(subject)])
    return subject


def campaign_of(subject: Report) -> Campaign | None:
    link = CampaignLink.objects.filter(report=subject).first()
    return link.campaign if link else None


@pytest.mark.django_db
def test_a_single_report_is_in_no_campaign() -> None:
    assert campaign_of(triaged(caller_number=NUMBER)) is None
    assert not Campaign.objects.exists()


@pytest.mark.django_db
def test_two_reports_of_one_number_open_a_campaign() -> None:
    first, second = triaged(caller_number=NUMBER), triaged("khác", caller_number="+84550000123")
    campaign = campaign_of(first)
    assert campaign is not None
    assert campaign_of(second) == campaign
    assert re.fullmatch(r"Đ-\d\d-[2-9B-Z]{3}", campaign.code)


@pytest.mark.django_db
def test_a_third_report_joins() -> None:
    reports = [triaged(f"chuyện {n}", caller_number=NUMBER) for n in range(3)]
    assert Campaign.objects.count() == 1
    assert {campaign_of(subject) for subject in reports} == {Campaign.objects.get()}


@pytest.mark.django_db
def test_every_link_has_its_reason() -> None:
    triaged(ACCOUNT), triaged(f"{ACCOUNT} Họ dọa bắt.")
    for link in CampaignLink.objects.all():
        assert link.kind == CampaignLink.Kind.SAME_ACCOUNT
        assert "0987000111222" in link.reason
        assert link.placed_by is None


@pytest.mark.django_db
def test_an_account_ties_more_than_a_number() -> None:
    triaged(caller_number=NUMBER), triaged("hai", caller_number=NUMBER)
    third = triaged(ACCOUNT)
    fourth = triaged(f"{ACCOUNT} Họ dọa bắt.")
    both = triaged(f"{ACCOUNT} Lại nữa.", caller_number=NUMBER)
    assert campaign_of(both) == campaign_of(third) == campaign_of(fourth)
    assert Campaign.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "caller", ["113", "18001091", "số ẩn", "02373725725", "CONG AN", "", "không nhớ"]
)
def test_what_many_share_binds_nobody(caller: str) -> None:
    triaged("một", caller_number=caller), triaged("hai", caller_number=caller)
    assert not Campaign.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("link", ["dichvucong.gov.vn", "https://zalo.me/g/abc", "www.facebook.com"])
def test_places_where_everybody_is_bind_nobody(link: str) -> None:
    triaged(f"một {link}"), triaged(f"hai {link}")
    assert not Campaign.objects.exists()


@pytest.mark.django_db
def test_a_number_in_a_story_is_not_the_caller() -> None:
    """It may be the bank's or a neighbour's; the form names who called."""
    triaged("Gọi hỏi 0550000123 thì không phải.", caller_number="0550 000 777")
    triaged("Con tôi ở số 0550000123.", caller_number="0550 000 888")
    assert not Campaign.objects.exists()


@pytest.mark.django_db
def test_what_an_officer_placed_is_never_moved(django_user_model: type[User]) -> None:
    officer = django_user_model.objects.create(username="truc.ban")
    first = triaged(caller_number=NUMBER)
    chosen = Campaign.objects.create(code="Đ-26-AAA", title="của cán bộ")
    link = CampaignLink(report=first, campaign=chosen, kind="officer", strength=1)
    link.placed_by = officer
    link.save()
    triaged("hai", caller_number=NUMBER), triage.work_off([item_of(first)])
    link.refresh_from_db()
    assert (link.campaign, link.kind) == (chosen, "officer")


@pytest.mark.django_db
def test_an_officer_who_places_a_report_meanwhile_is_not_overruled(
    django_user_model: type[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the machine's look at a neighbour and its writing."""
    officer = django_user_model.objects.create(username="truc.ban")
    first, second = triaged(caller_number=NUMBER), report("hai", caller_number=NUMBER)
    chosen = Campaign.objects.create(code="Đ-26-AAA", title="của cán bộ")
    look = linking._neighbour

    def look_then_officer_acts(*args: Any) -> Any:
        found = look(*args)
        CampaignLink.objects.create(
            report=first, campaign=chosen, kind="officer", strength=1, placed_by=officer
        )
        return found

    monkeypatch.setattr(linking, "_neighbour", look_then_officer_acts)
    triage.work_off([item_of(second)])
    assert campaign_of(first) == chosen


@pytest.mark.django_db
def test_a_report_joins_where_an_officer_placed_its_neighbour(
    django_user_model: type[User],
) -> None:
    officer = django_user_model.objects.create(username="truc.ban")
    first = triaged(caller_number=NUMBER)
    chosen = Campaign.objects.create(code="Đ-26-AAA", title="của cán bộ")
    CampaignLink.objects.create(
        report=first, campaign=chosen, kind="officer", strength=1, placed_by=officer
    )
    assert campaign_of(triaged("hai", caller_number=NUMBER)) == chosen


@pytest.mark.django_db
def test_triage_again_leaves_the_campaign() -> None:
    first, _ = triaged(caller_number=NUMBER), triaged("hai", caller_number=NUMBER)
    before = list(CampaignLink.objects.order_by("pk").values())
    triage._write(triage.find(first))
    assert list(CampaignLink.objects.order_by("pk").values()) == before
    assert Campaign.objects.count() == 1


@pytest.mark.django_db
def test_a_code_that_is_taken_is_not_taken_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = iter(["Đ-26-AAA", "Đ-26-AAA", "Đ-26-BBB"])
    monkeypatch.setattr(linking, "new_code", lambda *_: next(codes))
    Campaign.objects.create(code=next(codes), title="")
    triaged(caller_number=NUMBER), triaged("hai", caller_number=NUMBER)
    assert Campaign.objects.filter(code="Đ-26-BBB").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_campaign() -> None:
    """Neither has committed when the other looks: they take turns on the shared key."""
    reports = [report(f"chuyện {n}", caller_number=NUMBER) for n in range(8)]
    items = [item_of(subject) for subject in reports]
    in_parallel([lambda item=item: triage.work_off([item]) for item in items])
    assert OutboxItem.objects.filter(settled_at=None).count() == 0
    assert Campaign.objects.count() == 1
    assert CampaignLink.objects.count() == 8


@pytest.mark.django_db
def test_a_number_in_a_story_ties_where_the_form_names_no_caller() -> None:
    first, second = triaged("Số gọi là 0550000123."), triaged(caller_number=NUMBER)
    assert campaign_of(first) == campaign_of(second) is not None


def test_the_strongest_key_comes_first() -> None:
    keys = triage.find(Report(story=ACCOUNT, caller_number=NUMBER)).keys
    kinds = [key.kind for key in linking.strongest_first(keys)]
    assert kinds == ["same_account", "same_number"]


def test_what_triage_does_not_read_binds_nobody() -> None:
    """Also in time: an endless report holds its locks no longer than another."""
    far = "x " * 10_000
    assert triage.find(Report(story=far + ACCOUNT, caller_number=far + NUMBER)).keys == []
