"""A warning carries no number, account or link of a stranger, in no field and no language."""

from typing import Any

import pytest
from django.utils import timezone

from alerts import publishing
from alerts.models import Alert, AlertStep
from alerts.publishing import PublishingError
from reports.models import NumberFinding
from reports.numbers import findings
from tests.support.alert_factories import IN_ENGLISH, draft, person, rewritten, submitted
from tests.support.alert_factories import approved as issue
from tests.support.number_factories import NUMBER, proposed
from tests.support.officers import Person

pytestmark = pytest.mark.django_db
STRANGER = "0992 000 123"
ADVICE = "Cúp máy. Gấp thì gọi 113.\n"
FIELDS = ("title", "summary", "advice", "sms", "loudspeaker", "document_note", "audience")


def refusal(alert: Alert) -> str:
    with pytest.raises(PublishingError) as caught:
        publishing.submit(alert, by=person("editor"))
    return str(caught.value)


@pytest.mark.parametrize("field", FIELDS)
def test_a_number_that_nobody_has_published_stops_a_warning_in_any_field(field: str) -> None:
    assert "0992 000 123 chưa phải số công bố" in refusal(draft(**{field: f"Goi {STRANGER}"}))


def test_all_faults_of_all_languages_are_told_at_once_with_what_to_do() -> None:
    english = IN_ENGLISH | {"advice_en": f"Hang up. Ring {STRANGER}."}
    accounts = "Tài khoản 0123456789012 MB Bank, thẻ 4000 0000 0000 0002."
    words = {"summary": accounts, "advice": ADVICE + "Vào tra-soat.top/vcb.", **english}
    alert = draft(**words)
    AlertStep.objects.filter(alert=alert).update(quote="Gọi 0550 000 124", text="http://bit.ly/abc")
    text = refusal(alert)
    assert "Tóm tắt: số tài khoản hoặc số thẻ 0123456789012, 4000 0000 0000 0002. Bỏ đi" in text
    assert "Làm gì khi gặp: đường link tra-soat[.]top/vcb không phải" in text
    assert "Bước 1: số 0550 000 124 chưa phải" in text
    assert "Bước 1: đường link bit[.]ly/abc" in text
    assert "Bản tiếng Anh: số 0992 000 123" in text


def test_a_number_read_digit_by_digit_is_a_number() -> None:
    spoken = "Gọi không chín chín hai, không không không, một hai ba."
    assert "Bài đọc loa xã: số 0992000123 chưa phải" in refusal(draft(loudspeaker=spoken))


@pytest.mark.parametrize(
    "apart",
    [
        "0992/000/123", "0992·000·123", "0.9.9.2.0.0.0.1.2.3", "0992\n000123", "0992 rồi 000123",
        "0992, sau đó 000, rồi tiếp 123", "⓪⑨⑨②⓪⓪⓪①②③", "⓪❾❾❷ 000123", "không chín 92 rồi 000123",
    ],
)  # fmt: skip
def test_a_number_whose_digits_stand_apart_is_a_number(apart: str) -> None:
    assert "chưa phải số công bố" in refusal(draft(advice=f"{ADVICE}Goi {apart}"))


@pytest.mark.parametrize(
    "words",
    [
        {"advice": ADVICE + "Từ 01/12/2026 đến 05/12/2026 10 giờ. Họ đòi 5.000.000.000 đồng."},
        {"sms": "Cup may. Goi 02373725725 hoac 113"},
        {"loudspeaker": "Gọi không hai ba bảy ba, bảy hai năm, bảy hai năm."},
        {"advice": ADVICE + "Xem https://thanhhoa.gov.vn/canh-bao hoặc 127.0.0.1/canh-bao/."},
        {"advice": ADVICE + "Trang giả: tra-soat[.]top/vcb. Họ đòi 1.250.000.000 đồng."},
        {
            "advice": ADVICE
            + "Từ 05/12/2026 và 10/12/2026, 07:30 rồi 08:45 và 09:15, 5 rồi 10 triệu."
        },
        {"document_number": "140/CAT-PV01", "audience": "Xã 38, ngày 24/11/2026"},
    ],
)
def test_the_hotline_the_state_and_a_link_that_nobody_can_press_may_stand(
    words: dict[str, Any],
) -> None:
    assert submitted(**words).stage == Alert.Stage.REVIEW


def test_a_crooks_number_stands_once_two_officers_called_it_one_and_while_that_holds(
    duty: Person, lead: Person
) -> None:
    alert, row = draft(advice=f"{ADVICE}Kẻ gian dùng số {NUMBER}."), proposed(duty)
    assert "chưa được xác nhận" in refusal(alert).replace("cũng ", "")
    findings.confirm(row.pk, by=lead.user)
    publishing.submit(alert, by=person("editor"))
    NumberFinding.objects.filter(pk=row.pk).update(
        withdrawn_at=timezone.now(), withdrawn_by=lead.user
    )
    with pytest.raises(PublishingError, match=r"Chưa phát\. Trả lại để sửa\. Làm gì khi gặp: số"):
        issue(alert)
    alert.refresh_from_db()
    assert (alert.current, alert.stage) == (None, Alert.Stage.REVIEW)


def test_an_update_is_looked_through_as_the_first_edition_was() -> None:
    revision = issue(submitted())
    with pytest.raises(PublishingError, match="Tóm tắt: đường link"):
        rewritten(revision, summary="Vào tra-soat.top để nhận tiền.")
