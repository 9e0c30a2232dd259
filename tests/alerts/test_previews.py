"""Looking at every format before it is issued: marked, for those who write and who issue alone."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pypdf import PdfReader

from alerts import previews, publishing
from alerts.formats import cap
from alerts.models import Alert, AlertRevision
from tests.alerts.formats.test_cap import judged, texts
from tests.support.alert_factories import HOSTILE, draft, issued, submitted
from tests.support.officers import Person

pytestmark = pytest.mark.django_db
LOOKS = [
    "preview",
    *(
        f"preview_{name}"
        for name in ["page", "english", "paper", "frame", "picture", "square", "poster", "pack"]
    ),
]


def get_preview(person: Person | Client, alert: Alert, name: str) -> HttpResponse:
    client = person if isinstance(person, Client) else person.client
    return client.get(reverse(f"admin:alerts_alert_{name}", args=[alert.pk]))


def test_the_preview_offers_every_format_and_each_length(approver: Person) -> None:
    alert = submitted(sms="a" * 99, sms_marked="Cúp máy.", loudspeaker="một hai ba")
    text = get_preview(approver, alert, "preview").content.decode()
    wanted = ["Bản xem trước, chưa phát", "99/160 ký tự", "8/70 ký tự", "3/190 tiếng", "van-ban"]
    wanted += [
        "&lt;rss",
        "&lt;status&gt;Draft&lt;/status&gt;",
        "preview/poster/",
        "preview/square/",
        "preview/paper/",
        "preview/pack/",
        "http://www.w3.org/2005/Atom",
        "https://jsonfeed.org/version/1.1",
        "&quot;type&quot;: &quot;rich&quot;",
    ]
    assert [word for word in wanted if word not in text] == []


def test_what_leaves_the_page_as_a_file_is_marked(approver: Person) -> None:
    alert = submitted()
    (sheet,) = PdfReader(BytesIO(get_preview(approver, alert, "preview_poster").content)).pages
    assert "[Bản xem trước]" in sheet.extract_text()
    assert "XEM-TRUOC-1" in sheet.extract_text()
    for name, size in ("picture", (1200, 630)), ("square", (1080, 1080)):
        answer = get_preview(approver, alert, f"preview_{name}")
        assert Image.open(BytesIO(answer.content)).size == size
        assert "private" in answer["Cache-Control"]


def test_every_text_is_marked_and_hostile_words_stay_text(approver: Person) -> None:
    alert = submitted(title=HOSTILE, loudspeaker=HOSTILE)
    revision = publishing.preview(alert)
    shown = dict(previews.texts(revision, timezone.now(), "http://127.0.0.1:8000"))
    frame = shown.pop("Trả lời oEmbed")  # an address, no words
    assert "/canh-bao/gia-dien-luc/nhung/" in frame
    assert all("[Bản xem trước]" in text for text in shown.values())
    text = get_preview(approver, alert, "preview").content.decode()
    assert "<script>alert" not in text


def test_a_previewed_message_is_a_valid_draft_under_no_real_name() -> None:
    revision = previews.as_draft_preview(publishing.preview(issued().alert))
    message = judged(cap.render_cap_message(revision, draft=True))
    assert texts(message, "status") == ["Draft"]
    assert texts(message, "identifier") == ["XEM-TRUOC-2"]


def test_a_text_that_is_too_long_is_told(approver: Person) -> None:
    alert = draft(loudspeaker="tiếng " * 200)
    assert "200/190 tiếng" in (text := get_preview(approver, alert, "preview").content.decode())
    assert "quá dài" in text


def test_the_previewed_pack_holds_what_the_real_one_will_and_is_marked(approver: Person) -> None:
    packed = ZipFile(BytesIO(get_preview(approver, submitted(), "preview_pack").content))
    names = {name.removeprefix("XEM-TRUOC-1/") for name in packed.namelist()}
    assert {"to-dan.pdf", "bai-doc-loa.txt", "anh-zalo.png", "tin-nhan.txt"} <= names
    assert "[Bản xem trước]" in packed.read("XEM-TRUOC-1/van-ban.txt").decode()


def test_a_paper_that_is_looked_at_says_that_it_is_not_out(approver: Person) -> None:
    assert "chưa phát" in get_preview(approver, submitted(), "preview_paper").content.decode()


@pytest.mark.parametrize("name", LOOKS)
def test_others_do_not_look(name: str, duty: Person, client: Client, editor: Person) -> None:
    alert = submitted()
    assert get_preview(duty, alert, name).status_code == 403
    assert get_preview(client, alert, name).status_code == 302
    assert get_preview(editor, alert, name).status_code == 200
    assert not AlertRevision.objects.exists()


def test_the_way_to_the_preview_is_shown_to_those_who_may(duty: Person, editor: Person) -> None:
    page = reverse("admin:alerts_alert_change", args=[submitted().pk])
    assert "/preview/" not in duty.client.get(page).content.decode()
    assert "/preview/" in editor.client.get(page).content.decode()
