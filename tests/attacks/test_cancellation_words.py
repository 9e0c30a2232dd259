"""A cancellation is one person's act, so it says nothing of that person's own, in any format."""

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from alerts.formats import cap
from alerts.models import AlertRevision
from tests.support import alert_factories
from tests.support.deliveries import work
from tests.support.officers import Person
from tests.support.warning_pages import get_text

pytestmark = pytest.mark.django_db
WORDS = "chuyển tiền vào tài khoản 19031234567890"
PAGES = (
    "/", "/en/", "/canh-bao/", "/en/canh-bao/", "/canh-bao/w/", "/en/canh-bao/w/", "/canh-bao/w/in/",
    "/canh-bao/w/lich-su/", "/canh-bao/w/van-ban.txt", "/canh-bao/w/nhung/", "/nhung/",
    "/canh-bao/rss.xml", "/canh-bao/atom.xml", "/canh-bao/feed.json", "/canh-bao/cap.xml",
)  # fmt: skip
SENTENCES = {
    "over": "Cảnh báo này đã hết hiệu lực.",
    "error": "Cảnh báo này đã được rút lại vì có chỗ chưa đúng.",
}
HEADER = {"identifier": "TH-2", "msg_type": "Cancel", "ending": "over"}


@pytest.mark.parametrize("ending", SENTENCES)
def test_an_approvers_words_stand_nowhere(client: Client, approver: Person, ending: str) -> None:
    alert_factories.partner(), alert_factories.subscriber()
    alert = alert_factories.issued("w", **alert_factories.IN_ENGLISH).alert
    work()
    mail.outbox.clear()
    fields = dict.fromkeys(("reason", "words", "title", "summary"), WORDS) | {"ending": ending}
    approver.client.post(f"/admin/alerts/alert/{alert.pk}/cancel/", fields)
    work()
    cancel = AlertRevision.objects.get(msg_type="Cancel")
    texts = [cap.render_cap_message(cancel).decode(), *(str(each.body) for each in mail.outbox)]
    assert [SENTENCES[ending] in text for text in texts] == [True, True, True]
    texts += [str(cancel.content), *(get_text(client, page) for page in PAGES)]
    assert not any(WORDS in text for text in texts)


@pytest.mark.parametrize(
    "words",
    [
        {"title": WORDS},
        {"more": WORDS},
        *({"message": HEADER | each} for each in ({"ending": WORDS}, {"ending": ""}, {"x": WORDS})),
    ],
)
def test_the_database_takes_no_words_with_a_cancellation(words: dict[str, object]) -> None:
    revision = alert_factories.issued()
    content = revision.content | {"message": HEADER}
    second = {"version": 2, "references": "x", "identifier": "TH-2", "msg_type": "Cancel"}
    alert_factories.assert_insert_refused(
        "no words of its own", revision.alert_id, content=content | words, **second
    )
    alert_factories.insert(revision.alert_id, content=content, **second)


def test_the_database_bounds_every_word_of_a_warning() -> None:
    long = {"title": "a" * 100_001}
    alert = alert_factories.submitted().pk
    alert_factories.assert_insert_refused("at most 100,000", alert, content=long)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE data_type = 'text'"
            " AND table_name IN ('alerts_alert', 'alerts_alertstep', 'alerts_alerttranslation')"
        )
        assert cursor.fetchall() == []
