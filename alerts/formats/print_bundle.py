"""Everything that a commune prints, reads aloud or sends on, in one ZIP. Pure."""

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from alerts.formats import html, poster_pdf, share_image
from alerts.models import AlertRevision
from core.province import province

Entry = tuple[str, bytes]
_README = """\
Cảnh báo {identifier} của {police}

to-dan.pdf          tờ dán A4, có mã quét
bai-doc-loa.txt     bài đọc loa xã, khoảng 60 giây
tin-nhan.txt        tin nhắn không dấu và có dấu
anh-zalo.png        ảnh vuông để gửi Zalo
anh-chia-se.png     ảnh ngang để đăng kèm đường link
van-ban.txt         toàn văn chữ thường

Trước khi dùng, mở {web} xem còn hiệu lực không.
"""


def build_zip(revision: AlertRevision, now: datetime) -> bytes:
    """The ZIP; its bytes are the same for the same revision while its state is."""
    out = BytesIO()
    at = revision.frozen_content.message.sent
    with ZipFile(out, "w", ZIP_DEFLATED) as packed:
        for name, content in _entries(revision, now):
            stamp = (at.year, at.month, at.day, at.hour, at.minute, at.second)
            entry = ZipInfo(f"{revision.identifier}/{name}", stamp)
            entry.compress_type = ZIP_DEFLATED
            packed.writestr(entry, content)
    return out.getvalue()


def _entries(revision: AlertRevision, now: datetime) -> Iterator[Entry]:
    words, state = revision.frozen_content, revision.state(now)
    about = _README.format(
        identifier=revision.identifier, police=province.police, web=words.message.web
    )
    yield "doc-truoc.txt", _text(about)
    yield "to-dan.pdf", poster_pdf.render_poster(revision)
    if words.loudspeaker:
        yield "bai-doc-loa.txt", _text(words.loudspeaker)
    yield "tin-nhan.txt", _text("\n\n".join(filter(None, (words.sms, words.sms_marked))))
    yield "anh-zalo.png", share_image.render_square_image(revision, state)
    yield "anh-chia-se.png", share_image.render_og_image(revision, state)
    yield "van-ban.txt", _text(html.render_text(revision, now))


def _text(text: str) -> bytes:
    """With a mark at its start and line ends as old editors on Windows want them."""
    return b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
