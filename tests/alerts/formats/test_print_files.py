"""Posters, pictures and packs: one sheet, the right words, nothing of what is over."""

from io import BytesIO
from itertools import pairwise
from zipfile import ZipFile

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from PIL import Image
from pypdf import PdfReader

from alerts import publishing
from alerts.drafting import FIRST_SLUG, ensure_first_alert
from alerts.formats import share_image
from alerts.models import Alert, State
from tests.support.alert_factories import (
    HOSTILE,
    approved,
    cancelled,
    draft,
    issued,
    person,
    withdrawn,
)
from tests.support.warning_pages import find_missing

pytestmark = pytest.mark.django_db
PAGE = "/canh-bao/gia-dien-luc/"


def read_poster(client: Client) -> PdfReader:
    response = client.get(f"{PAGE}to-dan.pdf")
    assert response.headers["Content-Type"] == "application/pdf"
    return PdfReader(BytesIO(response.content))


def test_the_poster_says_what_to_do_whom_to_ring_and_which_warning_it_is(client: Client) -> None:
    revision = issued(document_number="140/CAT-PV01")
    (page,) = read_poster(client).pages
    words = ["CÚP MÁY", "02373.725.725", "Giả điện lực", "140/CAT-PV01", revision.identifier]
    assert find_missing(words, page.extract_text()) == []
    assert len(page.images) == 1


def test_the_poster_is_read_from_afar_and_no_name_is_broken_over_two_lines(client: Client) -> None:
    alert = ensure_first_alert(person("editor"))
    publishing.submit(alert, by=person("editor"))
    approved(alert)
    sizes: dict[str, float] = {}
    document = PdfReader(BytesIO(client.get(f"/canh-bao/{FIRST_SLUG}/to-dan.pdf").content))
    (page,) = document.pages
    page.extract_text(
        visitor_text=lambda text, _cm, _matrix, _font, size: sizes.update({text.strip(): size})
    )
    body = {text: size for text, size in sizes.items() if text.startswith("•")}
    assert len(body) >= 5
    assert min(body.values()) >= 24
    assert not [text for text in sizes if text.endswith("Công") or text.startswith("an tỉnh")]


@pytest.mark.parametrize(("width", "height"), [(1200, 630), (1080, 1080)])
def test_a_picture_says_what_to_do_and_no_half_of_it_is_empty(width: int, height: int) -> None:
    picture = Image.open(BytesIO(share_image.draw_image(issued(), State.IN_FORCE, width, height)))
    between = picture.convert("L").crop((0, 150, width, height - 160))
    rows = [between.crop((0, y, width, y + 1)).getextrema()[0] < 128 for y in range(between.height)]
    inked = [y for y, has_ink in enumerate(rows) if has_ink]
    assert max(later - y for y, later in pairwise([0, *inked, between.height])) < height / 4


@pytest.mark.parametrize("words", ["dài " * 90, "W" * 140, HOSTILE, "😀\x0b\u202e" * 10])
def test_whatever_is_written_stays_on_one_sheet(client: Client, words: str) -> None:
    issued(title=words[:140], summary=words[:390], advice="\n".join([words] * 12)[:2000])
    assert len(read_poster(client).pages) == 1


def test_the_pack_holds_all_that_a_commune_needs_and_the_same_each_time(client: Client) -> None:
    issued(sms_marked="Cúp máy.")
    response = client.get(f"{PAGE}tai-lieu.zip")
    with ZipFile(BytesIO(response.content)) as archive:
        files = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    assert set(files) == {
        "doc-truoc.txt", "to-dan.pdf", "bai-doc-loa.txt", "tin-nhan.txt", "anh-zalo.png",
        "anh-chia-se.png", "van-ban.txt",
    }  # fmt: skip
    assert "Cúp máy." in files["tin-nhan.txt"].decode("utf-8-sig")
    assert Image.open(BytesIO(files["anh-zalo.png"])).size == (1080, 1080)
    assert client.get(f"{PAGE}tai-lieu.zip").headers["ETag"] == response.headers["ETag"]


@pytest.mark.parametrize("name", ["to-dan.pdf", "tai-lieu.zip"])
def test_nobody_prints_what_is_over_or_not_yet_said(client: Client, name: str) -> None:
    draft("nhap")
    assert client.get(f"/canh-bao/nhap/{name}").status_code == 404
    revision = issued()
    assert client.get(f"{PAGE}{name}").status_code == 200
    cancelled(revision)
    assert client.get(f"{PAGE}{name}").status_code == 410
    assert name not in client.get(PAGE).content.decode()


@pytest.mark.parametrize("name", ["to-dan.pdf", "tai-lieu.zip", "anh.png"])
def test_who_opens_a_file_of_a_withdrawn_warning_is_told_to_take_it_down(
    client: Client, name: str
) -> None:
    withdrawn(issued(title="Điều viết sai"))
    response = client.get(f"{PAGE}{name}")
    text = response.content.decode()
    assert response.status_code == 410
    assert find_missing(["đã được rút lại", "thì gỡ xuống", f'href="{PAGE}"'], text) == []
    assert "Điều viết sai" not in text


def test_a_script_for_the_loudspeaker_that_takes_too_long_is_not_submitted() -> None:
    alert = draft(loudspeaker="tiếng " * 191)
    with pytest.raises(publishing.PublishingError, match="191 tiếng"):
        publishing.submit(alert, by=person("editor"))


def test_a_message_with_marks_fits_one_part() -> None:
    alert = draft(sms_marked="ă" * 70)
    publishing.submit(alert, by=person("editor"))
    long = Alert(sms_marked="ă" * 71)
    with pytest.raises(ValidationError, match="70"):
        long.clean_fields(exclude={field.name for field in Alert._meta.fields} - {"sms_marked"})
