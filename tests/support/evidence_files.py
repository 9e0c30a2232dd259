"""Evidence files as a resident sends them, and where they lie."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html

from reports.attachments import storage, stream_encryption
from reports.models import EvidenceFile
from tests.support.resident_pages import Resident, words

SEND = "/theo-doi/tep/"
MARK = b"a mark that must not lie in clear on any disk "
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x02" + MARK
PDF = b"%PDF-1.7\n" + MARK
MB = 1024 * 1024
Upload = Callable[..., Any]  # `post` for one report: files and headers -> answer


def post(client: Client, code: str | None, *sent: tuple[str, bytes], **headers: str) -> Any:
    """Choose these files on the page and press the button."""
    chosen = [SimpleUploadedFile(name, content) for name, content in sent]
    return client.post(SEND, {"code": code, "files": chosen}, headers=headers)


def lines(answer: Any) -> list[str]:
    """What the page says of each file."""
    items = html.document_fromstring(answer.content).xpath("//ul[@class='sent']/li")
    return [" ".join(item.text_content().split()) for item in items]


def on_disk() -> list[Path]:
    return [path for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()]


def path_of(pk: UUID, folder: str = "") -> Path:
    """Where it lies in the folder."""
    return Path(settings.FILES_DIR / storage.name_of(pk, folder))


def opened(file: EvidenceFile) -> bytes:
    return b"".join(storage.open_original(file))


def multipart(*parts: bytes) -> bytes:
    """A body made by hand of parts as they stand."""
    return b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + b"--x--\r\n"


def text_part(name: str, text: str) -> bytes:
    return f'Content-Disposition: form-data; name="{name}"\r\n\r\n{text}'.encode()


def part(name: bytes, content: bytes, more: bytes = b"") -> bytes:
    head = b'Content-Disposition: form-data; name="files"; ' + name + b"\r\n" + more
    return head + b"\r\n" + content


def post_parts(
    resident: Resident,
    *parts: bytes,
    line: type[BytesIO] = BytesIO,
    cut: int | None = None,
    **more: str,
) -> Any:
    """Send the code and parts made by hand, of which no more comes than up to the cut."""
    body = multipart(text_part("code", resident.code), *parts)
    came = {"wsgi.input": line(body[:cut]), "CONTENT_LENGTH": str(len(body))} | more
    kind = "multipart/form-data; boundary=x"
    return resident.client.post(SEND, body, content_type=kind, **came)


def count_read(answer: Any) -> int:
    """Return how many bytes of the body were read."""
    return int(answer.wsgi_request.environ["wsgi.input"].tell())


def expect_nothing_kept(answer: Any, status: int, told: str) -> None:
    """The page said it in these words, and no file lies anywhere."""
    assert answer.status_code == status
    assert told in words(answer.content)
    assert on_disk() == []
    assert not EvidenceFile.objects.exists()


def encrypt_stream(content: bytes, identity: UUID) -> bytearray:
    target = BytesIO()
    sealer = stream_encryption.StreamEncryptor(target, identity)
    sealer.write(content)
    sealer.finish()
    return bytearray(target.getvalue())
