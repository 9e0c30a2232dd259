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


def opened(file: EvidenceFile) -> bytes:
    return b"".join(storage.open_original(file))


def multipart(code: str | None, *parts: bytes, end: bytes = b"--x--\r\n") -> bytes:
    """A body made by hand: the code, and parts as they stand."""
    head = f'--x\r\nContent-Disposition: form-data; name="code"\r\n\r\n{code}\r\n'.encode()
    return head + b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + end


def part(name: bytes, content: bytes, more: bytes = b"") -> bytes:
    head = b'Content-Disposition: form-data; name="files"; ' + name + b"\r\n" + more
    return head + b"\r\n" + content


def post_body(client: Client, body: bytes, **more: Any) -> Any:
    return client.post(SEND, body, content_type="multipart/form-data; boundary=x", **more)


def encrypt_stream(content: bytes, identity: UUID) -> bytearray:
    target = BytesIO()
    sealer = stream_encryption.StreamEncryptor(target, identity)
    sealer.write(content)
    sealer.finish()
    return bytearray(target.getvalue())
