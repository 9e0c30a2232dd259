"""The first warning: the dispatch's facts in our own words."""

import pytest
from django.core.management import call_command

from alerts import publishing
from alerts.drafting import ensure_first_alert
from alerts.models import Alert
from tests.support.alert_factories import draft, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def first() -> Alert:
    return ensure_first_alert(person("editor"))


def everything(alert: Alert) -> str:
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
    assert [step.title for step in first.steps.all()] == [
        "Xưng chức cao",
        "Lấy vụ án ra dọa",
        "Hứa giúp",
        "Không được thì chửi mắng",
    ]


@pytest.mark.parametrize(
    "word", ["huyện", "thị xã", "đối tượng", "nhẹ dạ", "cả tin", "không ai phạt", "!", "đồng chí"]
)
def test_it_speaks_plainly_blames_nobody_and_knows_no_district(first: Alert, word: str) -> None:
    assert word not in everything(first).lower()


def test_sentences_are_short(first: Alert) -> None:
    texts = [first.summary, *first.advice.splitlines(), *(s.text for s in first.steps.all())]
    sentences = [one for text in texts for one in text.replace("? ", ". ").split(". ")]
    assert [one for one in sentences if len(one.split()) > 20] == []


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
