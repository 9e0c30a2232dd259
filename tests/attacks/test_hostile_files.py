"""Poisoned files, made here: what of them is taken, what is drawn of them, and how they go out again."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from core.models import OutboxItem
from reports.attachments import sanitized_copies, storage
from reports.models import EvidenceFile, FileCheck
from reports.submission import intake
from tests.attacks.hostile_strings import MARK
from tests.support.evidence_files import SEND, multipart, on_disk, part, text_part
from tests.support.images import (
    HEIC,
    SECRET,
    animated_gif,
    jpeg,
    picture,
    telling_jpeg,
    telling_png,
    written,
)
from tests.support.officers import Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("room_for_files")]
SCRIPT = f"<script>alert({MARK})</script>".encode()
XMP = b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/">' + SCRIPT + b"</x:xmpmeta>"


def archive(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name.replace("__", "/"), content)
    return target.getvalue()


CHUNKS = PngInfo()
CHUNKS.add_itxt("XML:com.adobe.xmp", XMP.decode())
CHUNKS.add_text("Comment", SCRIPT.decode(), zip=True)
PAPER_WITH_SCRIPT = (
    b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(" + MARK.encode()
    + b"))>>/AA<</O<</S/Launch/F(cmd.exe)>>>>>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
)  # fmt: skip
# A picture to one reader, a script to another.
PROGRAM_IN_GIF = written(picture(47, 42, "P"), "GIF") + b"*/=1;alert(" + MARK.encode() + b");//"
REFUSED: dict[str, bytes] = {
    "a drawing with a script": b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'>" + SCRIPT,
    "the same behind a mark of order": b"\xef\xbb\xbf<?xml version='1.0'?><svg>" + SCRIPT + b"</svg>",
    "a page": b"<!doctype html>" + SCRIPT,
    "a page that was saved": b"MIME-Version: 1.0\nContent-Type: multipart/related\n\n" + SCRIPT,
    # Some kilobytes that unpack to 4 MB, and a way out of the folder.
    "an archive that unpacks to much": archive(a=bytes(4_000_000), **{"..__..__etc__passwd": b"x"}),
    "a text with macros": archive(word__vbaProject=b"\xd0\xcf\x11\xe0", word__document=b"<w/>"),
    "an older text with macros": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "a program": b"MZ" + bytes(600),
    "a script": b"#!/bin/sh\nid\n",
    "a shortcut": b"L\0\0\0\x01\x14\x02\0" + bytes(60),
    "a picture of pixels in plain": b"BM" + bytes(60),
    "a picture in layers": b"II*\0" + bytes(60),
    "a drawing for a printer": b"%!PS-Adobe-3.0\n(%pipe%id) (r) file",
    "nothing": b"",
}  # fmt: skip
DRAWN: dict[str, bytes] = {
    "where, when and by whom": telling_jpeg(),
    "by whom it was drawn": telling_png(),
    "one that moves": animated_gif(),
    "words of another program": written(picture(), "PNG", pnginfo=CHUNKS),
    "a packet of XMP": jpeg(xmp=XMP, exif=Image.Exif(), comment=SCRIPT),
    "a page behind a picture": jpeg() + SCRIPT,
    "an archive behind a picture": jpeg() + archive(**{"x.html": SCRIPT}),
    "a script that is a picture": PROGRAM_IN_GIF,
    "a page behind an iPhone's picture": HEIC + SCRIPT,
}
MARKERS = (
    *(MARK.encode(), SECRET, b"Exif", b"GPS", b"ICC", b"iCCP", b"tEXt", b"eXIf", b"\xff\xfe"),
    *(b"<script", b"PK\x03\x04"),
)
UNDRAWN: dict[str, bytes] = {
    "a paper with a script": PAPER_WITH_SCRIPT,
    "a film that is a page": b"\0\0\0\x18ftypmp42" + SCRIPT,
}
NAMES = ("../../../../tmp/x.jpg", "a.jpg\r\nX: y", "a\0.html", ".htaccess", "\u202egpj.exe", "CON", "x" * 3_000,
         "<script>alert(1)</script>.jpg", "a.php.jpg", "")  # fmt: skip


@pytest.fixture
def code() -> str:
    submission = intake.ReportSubmission(story="Họ gọi.")
    return intake.submit_report(submission, "a-key-of-the-browser").code


def send(client: Client, code: str, content: bytes, name: str = "a.jpg") -> int:
    chosen = SimpleUploadedFile(name, content, "image/jpeg")
    return client.post(SEND, {"code": code, "files": chosen}).status_code


def looked_into(file: EvidenceFile) -> FileCheck:
    items = OutboxItem.objects.filter(task=storage.SCAN_TASK, key=file.pk)
    sanitized_copies.process_items(items.values_list("pk", flat=True))
    return FileCheck.objects.get(file=file)


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_picture_recording_or_paper_is_not_kept(
    client: Client, code: str, what: str
) -> None:
    assert send(client, code, REFUSED[what]) in {400, 415, 422, 200}
    assert not EvidenceFile.objects.exists()
    assert not on_disk()


@pytest.mark.parametrize("what", DRAWN)
def test_what_officers_see_of_a_picture_is_drawn_anew(client: Client, code: str, what: str) -> None:
    assert send(client, code, DRAWN[what]) < 400
    check = looked_into(EvidenceFile.objects.get())
    assert check.copy_id
    copy = storage.open_clean_copy(check.copy_id)
    assert [marker for marker in MARKERS if marker in copy] == []
    image = Image.open(io.BytesIO(copy))
    assert not image.getexif()
    assert getattr(image, "n_frames", 1) == 1
    assert not {"comment", "xmp", "XML:com.adobe.xmp", "icc_profile"} & image.info.keys()


@pytest.mark.parametrize("what", UNDRAWN)
def test_an_original_goes_out_as_a_download_in_which_nothing_runs(
    client: Client, code: str, duty: Person, what: str
) -> None:
    send(client, code, UNDRAWN[what], "x.html")
    file = EvidenceFile.objects.get()
    assert looked_into(file).copy_id is None
    answer = duty.client.post(f"/admin/reports/report/{file.report_id}/file/{file.pk}/")
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert "html" not in answer["Content-Disposition"] + answer["Content-Type"]
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", NAMES)
def test_no_name_decides_where_a_file_lies(client: Client, code: str, name: str) -> None:
    body = multipart(text_part("code", code), part(f'filename="{name}"'.encode(), jpeg()))
    answer = client.post(SEND, body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code < 500
    assert all(str(file.pk) in str(on_disk()) for file in EvidenceFile.objects.all())
    assert b"<script>alert" not in answer.content
