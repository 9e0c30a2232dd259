"""Drafts from a campaign, as numbers without a person's words, and the first warning."""

import pytest
from django.core.management import call_command
from django.template import engines
from django.utils import timezone

from alerts import drafting, publishing
from alerts.drafting import ensure_first_alert
from alerts.models import MAX_LOUDSPEAKER_SYLLABLES, Alert
from alerts.models.warnings import validate_single_sms
from alerts.templatetags import alert_cards
from reports.campaigns.campaign_stats import code_label, warning_scenarios
from reports.models import Campaign
from tests.support.alert_factories import commune, draft, issued, office, person
from tests.support.campaign_factories import add_to_campaign
from tests.support.desk_pages import tree
from tests.support.officers import Person
from tests.support.report_factories import add_facts, report
from tests.support.warning_pages import find_missing, get_text

pytestmark = pytest.mark.django_db
ADD = "/admin/alerts/alert/add/?campaign="


@pytest.fixture
def campaign() -> Campaign:
    return Campaign.objects.create(code="Đ-26-001", title="Giả bưu điện")


@pytest.fixture
def goes_on(campaign: Campaign) -> Campaign:
    """Create the campaign into which the other was merged."""
    goes_on = Campaign.objects.create(code="Đ-26-002", title="Giả điện lực")
    Campaign.objects.filter(pk=campaign.pk).update(merged_into=goes_on)
    return goes_on


def attach(campaign: Campaign, story: str, scenario: str) -> None:
    subject = report(story, contact="0550 000 777")
    add_facts(subject, scenario=scenario)
    add_to_campaign(subject, campaign)


def test_a_wave_gives_its_size_and_scenario_and_nothing_of_a_person(campaign: Campaign) -> None:
    for scenario in ("police_case", "delivery_parcel", "delivery_parcel"):
        attach(campaign, f"Bà Tư ở đầu làng mất tiền {scenario}", scenario)
    first = drafting.initial_from_campaign(campaign)
    assert first["scenario"] == "delivery_parcel"
    assert first["grounds"] == "Đợt Đ-26-001: dưới 5 tin."
    assert first["summary"] == ""
    assert find_missing(["Bà Tư", "0550"], str(first)) == ["Bà Tư", "0550"]


def test_a_campaign_of_many_tells_counts_that_point_at_nobody(campaign: Campaign) -> None:
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


def test_a_campaigns_draft_needs_little_more_than_reading(
    campaign: Campaign, editor: Person
) -> None:
    office("dien-luc")
    Campaign.objects.update(code="Đ-26-K4M")
    for number in range(5):
        subject = report(f"Chuyện {number}")
        offices = ["dien-luc", "police"]  # of which one means a single office
        add_facts(subject, scenario="tax", actions=["transfer_money"], offices=offices)
        add_to_campaign(subject, campaign)
    form = tree(editor.client.get(f"{ADD}{campaign.pk}")).get_element_by_id("alert_form")
    typed = dict(form.form_values()) | {"offices": ["dien-luc"], "response_type": ["Avoid"]}
    answer = editor.client.post(f"{ADD}{campaign.pk}", typed | {"_review": "1"}, follow=True)
    assert "Đã lưu và gửi đi duyệt." in answer.content.decode()
    alert = Alert.objects.get()
    assert [each.pk for each in alert.offices.all()] == ["dien-luc"]
    assert form.xpath(".//input[@name='offices' and @checked]/@value") == ["dien-luc"]
    assert list(alert.steps.values_list("title", flat=True)) == ["Chuyển tiền"]
    assert (alert.campaign, alert.stage) == (campaign, Alert.Stage.REVIEW)
    assert all([alert.advice, alert.sms, alert.sms_share, alert.sms_marked, alert.loudspeaker])
    assert "02373725725" in alert.sms


@pytest.mark.parametrize("code", [code for code, _ in warning_scenarios()])
def test_the_texts_of_each_kind_fit_their_places(code: str) -> None:
    texts = drafting.draft_texts(code_label(code))
    assert {"short_title", "sms", "sms_share"} - texts.keys() <= {"short_title"}
    validate_single_sms(texts["sms"])
    validate_single_sms(texts["sms_share"])
    assert len(texts["loudspeaker"].split()) <= MAX_LOUDSPEAKER_SYLLABLES


def test_an_empty_wave_gives_its_title_without_the_number_in_it(campaign: Campaign) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(title="Giả điện lực 0550 000 123 gọi")
    campaign.refresh_from_db()
    first = drafting.initial_from_campaign(campaign)
    assert (first["title"], first["scenario"]) == ("Giả điện lực gọi", "")


def test_the_form_opens_with_the_aggregates(campaign: Campaign, editor: Person) -> None:
    for number in range(5):
        attach(campaign, f"Bà Tư kể {number}", "tax")
    page = get_text(editor.client, f"{ADD}{campaign.pk}")
    words = ['value="Giả bưu điện"', f'value="{campaign.code}"', "Đợt Đ-26-001: 5 tin"]
    words.append("Kẻ gian gọi điện. Kiểu lừa:")
    assert find_missing([*words, "Bà Tư"], page) == ["Bà Tư"]


def test_the_desk_sees_what_is_said_about_a_wave_and_may_write_more(campaign: Campaign) -> None:
    draft("mot", campaign=campaign)
    issued("hai", campaign=campaign)
    Alert.objects.filter(slug="mot").update(title="<b>Đang viết</b>")
    tag = "{% load alert_cards %}{% warnings_of_campaign campaign %}"
    text = engines["public"].from_string(tag).render({"campaign": campaign})
    words = ["&lt;b&gt;Đang viết", "đang soạn", "bản 1", f"{ADD}{campaign.pk}"]
    assert find_missing(words, text) == []


def test_what_was_said_about_a_wave_and_old_links_to_it_go_to_the_one_it_was_merged_into(
    campaign: Campaign, goes_on: Campaign, editor: Person
) -> None:
    draft("mot", campaign=campaign)
    alerts = alert_cards.warnings_of_campaign(goes_on)["alerts"]
    assert [alert.slug for alert in alerts] == ["mot"]
    assert f'value="{goes_on.code}"' in get_text(editor.client, f"{ADD}{campaign.pk}")


# --- the first warning: the facts of the dispatch in our own words


@pytest.fixture
def first() -> Alert:
    return ensure_first_alert(person("editor"))


def test_it_arrives_as_a_draft_once_and_is_issued_by_two(first: Alert) -> None:
    assert (first.stage, first.current) == (Alert.Stage.DRAFT, None)
    assert ensure_first_alert(person("somebody")) == first
    assert Alert.objects.get().author == person("editor")
    publishing.submit(first, by=person("editor"))
    assert publishing.issue(first, by=person("approver")).frozen_content.title == first.title


def test_it_names_the_dispatch_whom_to_ring_and_the_whole_trick(first: Alert) -> None:
    assert first.document_number == "140/CAT-PV01"
    assert f"{first.document_date:%d/%m/%Y}" == "12/01/2024"
    assert find_missing(["02373.725.725", "113", "công an xã, phường"], first.advice) == []
    assert "02373725725" in first.sms
    titles = ["Xưng chức cao", "Lấy vụ án ra dọa", "Hứa giúp", "Không được thì chửi mắng"]
    assert [step.title for step in first.steps.all()] == titles


def test_it_speaks_plainly_blames_nobody_and_knows_no_district(first: Alert) -> None:
    steps = " ".join(f"{step.title} {step.text} {step.quote}" for step in first.steps.all())
    text = f"{first.title} {first.summary} {first.advice} {first.loudspeaker} {steps}".lower()
    words = ["huyện", "thị xã", "đối tượng", "nhẹ dạ", "cả tin", "không ai phạt", "!", "đồng chí"]
    assert find_missing(words, text) == words


def test_its_sentences_are_short_and_its_texts_fit_where_they_go(first: Alert) -> None:
    texts = [first.summary, *first.advice.splitlines(), *(step.text for step in first.steps.all())]
    sentences = [line for text in texts for line in text.replace("? ", ". ").split(". ")]
    assert [line for line in sentences if len(line.split()) > 20] == []
    assert 150 <= len(first.loudspeaker.split()) <= 165  # a minute
    for message in (first.sms, first.sms_share):
        assert message.isascii()
        assert len(message) <= 160
    assert first.sms_share.endswith("Theo Cong an tinh Thanh Hoa")


def test_the_command_writes_only_on_an_empty_desk(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_first_alert")
    assert Alert.objects.get().author is None
    Alert.objects.all().delete()
    other = draft()
    call_command("create_first_alert")
    assert "nothing written" in capsys.readouterr().out
    assert Alert.objects.get() == other


def test_the_first_warning_gives_as_much_advice_in_english_the_bank_among_it() -> None:
    alert = ensure_first_alert()
    assert len(alert.advice_en.splitlines()) == len(alert.advice.splitlines())
    assert "call your bank first" in alert.advice_en
