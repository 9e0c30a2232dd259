"""Drafts from a campaign, as numbers without a person's words, and the first warning."""

import pytest
from django.core.management import call_command
from django.template import engines
from django.utils import timezone

from alerts import drafting, publishing
from alerts.drafting import ensure_first_alert
from alerts.models import Alert
from alerts.templatetags import alert_cards
from reports.models import Campaign, CampaignLink
from tests.support.alert_factories import commune, draft, issued, person
from tests.support.campaign_factories import add_to_campaign
from tests.support.officers import Person
from tests.support.report_factories import add_facts, report
from tests.support.warning_pages import find_missing

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
    near, far = commune("xa_gan", "Xã Gần"), commune("xa_xa", "Xã Xa")
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


def test_nothing_of_a_person_reaches_the_draft(campaign: Campaign) -> None:
    attach(campaign, "Bà Tư ở đầu làng mất tiền", "police_case")
    text = str(drafting.initial_from_campaign(campaign))
    assert "Bà Tư" not in text
    assert "0550" not in text


def test_an_empty_wave_gives_no_scenario(campaign: Campaign) -> None:
    assert drafting.initial_from_campaign(campaign)["scenario"] == ""


def test_the_desk_sees_what_is_said_about_a_wave_and_may_write_more(campaign: Campaign) -> None:
    draft("mot", campaign=campaign)
    issued("hai", campaign=campaign)
    Alert.objects.filter(slug="mot").update(title="<b>Đang viết</b>")
    tag = "{% load alert_cards %}{% warnings_of_campaign campaign %}"
    text = engines["public"].from_string(tag).render({"campaign": campaign})
    words = ["&lt;b&gt;Đang viết", "đang soạn", "bản 1"]
    assert find_missing([*words, f"/admin/alerts/alert/add/?campaign={campaign.pk}"], text) == []


def test_what_was_said_about_a_wave_is_said_about_the_one_it_was_merged_into(
    campaign: Campaign,
) -> None:
    goes_on = Campaign.objects.create(code="Đ-26-002", title="Giả điện lực")
    draft("mot", campaign=campaign)
    Campaign.objects.filter(pk=campaign.pk).update(merged_into=goes_on)
    alerts = alert_cards.warnings_of_campaign(goes_on)["alerts"]
    assert [alert.slug for alert in alerts] == ["mot"]


def test_an_old_link_to_a_new_draft_takes_the_wave_that_goes_on(
    campaign: Campaign, editor: Person
) -> None:
    goes_on = Campaign.objects.create(code="Đ-26-002", title="Giả điện lực")
    Campaign.objects.filter(pk=campaign.pk).update(merged_into=goes_on)
    page = editor.client.get(f"/admin/alerts/alert/add/?campaign={campaign.pk}").content.decode()
    assert f'value="{goes_on.pk}"' in page


# --- the first warning: the facts of the dispatch in our own words


@pytest.fixture
def first() -> Alert:
    return ensure_first_alert(person("editor"))


def join_texts(alert: Alert) -> str:
    steps = " ".join(f"{step.title} {step.text} {step.quote}" for step in alert.steps.all())
    return f"{alert.title} {alert.summary} {alert.advice} {alert.loudspeaker} {steps}"


def test_it_arrives_as_a_draft_once(first: Alert) -> None:
    assert (first.stage, first.current) == (Alert.Stage.DRAFT, None)
    assert ensure_first_alert(person("somebody")) == first
    assert Alert.objects.get().author == person("editor")


def test_it_is_complete_and_can_be_issued_by_two(first: Alert) -> None:
    publishing.submit(first, by=person("editor"))
    assert publishing.issue(first, by=person("approver")).frozen_content.title == first.title


def test_it_names_the_dispatch_and_whom_to_ring(first: Alert) -> None:
    assert first.document_number == "140/CAT-PV01"
    assert f"{first.document_date:%d/%m/%Y}" == "12/01/2024"
    assert all(word in first.advice for word in ("02373.725.725", "113", "công an xã, phường"))
    assert "02373725725" in first.sms


def test_it_tells_the_whole_trick(first: Alert) -> None:
    titles = ["Xưng chức cao", "Lấy vụ án ra dọa", "Hứa giúp", "Không được thì chửi mắng"]
    assert [step.title for step in first.steps.all()] == titles


@pytest.mark.parametrize(
    "word", ["huyện", "thị xã", "đối tượng", "nhẹ dạ", "cả tin", "không ai phạt", "!", "đồng chí"]
)
def test_it_speaks_plainly_blames_nobody_and_knows_no_district(first: Alert, word: str) -> None:
    assert word not in join_texts(first).lower()


def test_sentences_are_short(first: Alert) -> None:
    texts = [first.summary, *first.advice.splitlines(), *(step.text for step in first.steps.all())]
    sentences = [line for text in texts for line in text.replace("? ", ". ").split(". ")]
    assert [line for line in sentences if len(line.split()) > 20] == []


def test_the_loudspeaker_text_lasts_a_minute(first: Alert) -> None:
    assert 150 <= len(first.loudspeaker.split()) <= 165


def test_messages_fit_one_part_and_only_ours_is_signed(first: Alert) -> None:
    assert first.sms.isascii()
    assert first.sms_share.isascii()
    assert max(len(first.sms), len(first.sms_share)) <= 160
    assert first.sms_share.endswith("Theo Cong an tinh Thanh Hoa")


def test_the_command_writes_a_draft_only_on_an_empty_desk(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("create_first_alert")
    call_command("create_first_alert")
    assert Alert.objects.get().author is None
    assert "nothing written" in capsys.readouterr().out


def test_the_command_leaves_a_desk_with_warnings_alone() -> None:
    draft()
    call_command("create_first_alert", verbosity=0)
    assert Alert.objects.count() == 1
