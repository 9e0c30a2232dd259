"""Previews of every format: marked, for those who write and who issue alone."""

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
from alerts.models import Alert
from tests.support.alert_factories import HOSTILE, draft, issued, submitted
from tests.support.cap_documents import parse_valid, texts
from tests.support.officers import Person
from tests.support.warning_pages import find_missing

pytestmark = pytest.mark.django_db


def get_preview(client: Client, alert: Alert, name: str) -> HttpResponse:
    return client.get(reverse(f"admin:alerts_alert_{name}", args=[alert.pk]))


def get_preview_text(person: Person, alert: Alert) -> str:
    return get_preview(person.client, alert, "preview").content.decode()


def test_the_preview_offers_every_format_and_each_length(approver: Person) -> None:
    alert = submitted(sms="a" * 99, sms_marked="Cúp máy.", loudspeaker="một hai ba")
    words = ["Bản xem trước, chưa phát", "99/160 ký tự", "8/70 ký tự", "3/190 tiếng", "van-ban"]
    words += [f"preview/{name}/" for name in ("poster", "square", "paper", "pack")]
    words += ["&lt;rss", "http://www.w3.org/2005/Atom", "https://jsonfeed.org/version/1.1"]
    words += ["&lt;status&gt;Draft&lt;/status&gt;", "&quot;type&quot;: &quot;rich&quot;"]
    assert find_missing(words, get_preview_text(approver, alert)) == []


def test_what_leaves_the_page_as_a_file_is_marked(approver: Person) -> None:
    alert = submitted()
    poster = get_preview(approver.client, alert, "preview_poster").content
    (sheet,) = PdfReader(BytesIO(poster)).pages
    assert find_missing(["[Bản xem trước]", "XEM-TRUOC-1"], sheet.extract_text()) == []
    for name, size in ("picture", (1200, 630)), ("square", (1080, 1080)):
        response = get_preview(approver.client, alert, f"preview_{name}")
        assert Image.open(BytesIO(response.content)).size == size
        assert "private" in response["Cache-Control"]


def test_every_text_is_marked_and_hostile_words_stay_text(approver: Person) -> None:
    alert = submitted(title=HOSTILE, loudspeaker=HOSTILE)
    revision = publishing.preview(alert)
    by_name = dict(previews.texts(revision, timezone.now(), "http://127.0.0.1:8000"))
    frame = by_name.pop("Trả lời oEmbed")  # an address, no words
    assert "/canh-bao/gia-dien-luc/nhung/" in frame
    assert all("[Bản xem trước]" in text for text in by_name.values())
    assert "<script>alert" not in get_preview_text(approver, alert)


def test_a_previewed_message_is_a_valid_draft_under_no_real_name() -> None:
    revision = previews.as_draft_preview(publishing.preview(issued().alert))
    message = parse_valid(cap.render_cap_message(revision, draft=True))
    assert texts(message, "status") == ["Draft"]
    assert texts(message, "identifier") == ["XEM-TRUOC-2"]


def test_a_text_that_is_too_long_is_told(approver: Person) -> None:
    alert = draft(loudspeaker="tiếng " * 200)
    assert find_missing(["200/190 tiếng", "quá dài"], get_preview_text(approver, alert)) == []


def test_the_previewed_pack_holds_what_the_real_one_will_and_is_marked(approver: Person) -> None:
    archive = ZipFile(BytesIO(get_preview(approver.client, submitted(), "preview_pack").content))
    names = {name.removeprefix("XEM-TRUOC-1/") for name in archive.namelist()}
    assert {"to-dan.pdf", "bai-doc-loa.txt", "anh-zalo.png", "tin-nhan.txt"} <= names
    assert "[Bản xem trước]" in archive.read("XEM-TRUOC-1/van-ban.txt").decode()


@pytest.mark.parametrize("name", ["page", "paper", "frame"])
def test_a_previewed_page_says_so_and_is_framed_at_home(approver: Person, name: str) -> None:
    alert = submitted(title=HOSTILE)
    overview = get_preview(approver.client, alert, "preview")
    assert "frame-src 'self'" in overview["Content-Security-Policy"]
    response = get_preview(approver.client, alert, f"preview_{name}")
    text = response.content.decode()
    assert "Bản xem trước, chưa phát" in text
    assert "<script>alert" not in text
    assert "frame-ancestors 'self'" in response["Content-Security-Policy"]
    assert "private" in response["Cache-Control"]
    assert response.get("X-Frame-Options") != "DENY"


def test_the_way_to_the_preview_is_shown_to_those_who_may(duty: Person, editor: Person) -> None:
    page = reverse("admin:alerts_alert_change", args=[submitted().pk])
    assert "/preview/" not in duty.client.get(page).content.decode()
    assert "/preview/" in editor.client.get(page).content.decode()
