"""From a wave to a draft: numbers, no words of a person."""

import pytest
from django.template import engines
from django.utils import timezone

from alerts import drafting
from alerts.models import Alert
from alerts.templatetags import alert_cards
from reports.models import Campaign, CampaignLink, Commune
from tests.support.alert_factories import draft, issued
from tests.support.campaign_factories import add_to_campaign
from tests.support.officers import Person
from tests.support.report_factories import add_facts, report

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return Campaign.objects.create(code="Đ-26-001", title="Giả bưu điện")


def attach(campaign: Campaign, story: str, scenario: str) -> None:
    subject = report(story, contact="0550 000 777")
    add_facts(subject, scenario=scenario)
    CampaignLink.objects.create(
        campaign=campaign, report=subject, kind="same_number", strength=1, reason="cùng số"
    )


def test_a_wave_gives_its_size_its_days_and_its_usual_scenario(campaign: Campaign) -> None:
    for scenario in ("police_case", "delivery_parcel", "delivery_parcel"):
        attach(campaign, f"Chuyện riêng {scenario}", scenario)
    first = drafting.initial_from_campaign(campaign)
    assert first["scenario"] == "delivery_parcel"
    assert first["grounds"] == "Đợt Đ-26-001: dưới 5 tin."
    assert first["summary"] == ""


def test_a_wave_of_many_tells_counts_that_point_at_nobody(campaign: Campaign) -> None:
    near = commune("xa_gan", "Xã Gần")
    far = commune("xa_xa", "Xã Xa")
    for number in range(9):
        place = near if number < 6 else far
        subject = report(f"Chuyện {number}", contact="0550 000 777", commune_id=place.pk)
        actions = ["transfer_money"] + (["otp"] if number < 2 else [])
        add_facts(subject, scenario="tax", actions=actions, money_lost_vnd=5 if number < 3 else 0)
        add_to_campaign(subject, campaign)
    day = timezone.localdate().strftime("%d/%m/%Y")
    first = drafting.initial_from_campaign(campaign)
    assert first["grounds"].splitlines()[0] == f"Đợt Đ-26-001: 9 tin, từ {day} đến {day}."
    assert first["grounds"].splitlines()[-1] == "Họ đòi: Chuyển tiền (9)."
    assert "Xã Xa" not in first["grounds"]
    assert first["summary"].endswith("Họ đòi: chuyển tiền.")


def test_a_number_in_the_title_of_a_wave_stays_at_the_desk(campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(title="Giả điện lực 0550 000 123 gọi")
    campaign.refresh_from_db()
    assert drafting.initial_from_campaign(campaign)["title"] == "Giả điện lực gọi"


def test_the_form_of_a_warning_opens_with_the_aggregates(
    campaign: Campaign, editor: Person
) -> None:
    for number in range(5):
        attach(campaign, f"Bà Tư kể {number}", "tax")
    page = editor.client.get(f"/admin/alerts/alert/add/?campaign={campaign.pk}").content.decode()
    assert "Đợt Đ-26-001: 5 tin" in page
    assert "Kẻ gian gọi điện. Kiểu lừa:" in page
    assert "Bà Tư" not in page


def commune(codename: str, name: str) -> Commune:
    return Commune.objects.create(
        codename=codename, code=codename, name=name, former_districts=[], former_communes=[]
    )


def test_nothing_of_a_person_reaches_the_draft(campaign: Campaign) -> None:
    attach(campaign, "Bà Tư ở đầu làng mất tiền", "police_case")
    said = str(drafting.initial_from_campaign(campaign))
    assert "Bà Tư" not in said
    assert "0550" not in said


def test_an_empty_wave_gives_no_scenario(campaign: Campaign) -> None:
    assert drafting.initial_from_campaign(campaign)["scenario"] == ""


def test_the_desk_sees_what_is_said_about_a_wave_and_may_write_more(campaign: Campaign) -> None:
    draft("mot", campaign=campaign)
    issued("hai", campaign=campaign)
    Alert.objects.filter(slug="mot").update(title="<b>Đang viết</b>")
    tag = "{% load alert_cards %}{% warnings_of_campaign campaign %}"
    text = engines["public"].from_string(tag).render({"campaign": campaign})
    assert "&lt;b&gt;Đang viết" in text
    assert "đang soạn" in text
    assert "bản 1" in text
    assert f"/admin/alerts/alert/add/?campaign={campaign.pk}" in text


def test_what_was_said_about_a_wave_is_said_about_the_one_it_was_merged_into(
    campaign: Campaign,
) -> None:
    goes_on = Campaign.objects.create(code="Đ-26-002", title="Giả điện lực")
    draft("mot", campaign=campaign)
    Campaign.objects.filter(pk=campaign.pk).update(merged_into=goes_on)
    told = alert_cards.warnings_of_campaign(goes_on)["alerts"]
    assert [alert.slug for alert in told] == ["mot"]


def test_an_old_link_to_a_new_draft_takes_the_wave_that_goes_on(
    campaign: Campaign, editor: Person
) -> None:
    goes_on = Campaign.objects.create(code="Đ-26-002", title="Giả điện lực")
    Campaign.objects.filter(pk=campaign.pk).update(merged_into=goes_on)
    page = editor.client.get(f"/admin/alerts/alert/add/?campaign={campaign.pk}").content.decode()
    assert f'value="{goes_on.pk}"' in page
