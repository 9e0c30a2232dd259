"""Posters, pictures and packs of a warning, drawn once for each revision and state. The libraries that
draw are loaded on first use: they would weigh on every web process.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils import timezone

from alerts.formats import html
from alerts.formats.wording import list_voices
from alerts.models import AlertRevision, State
from core.province import province

_MAX_CACHED = 12  # a few hundred kilobytes each
_README = """\
Cảnh báo {identifier} của {police}

to-dan.pdf          tờ dán A4, có mã quét
bai-doc-loa.txt     bài đọc loa xã, khoảng 60 giây
tin-nhan.txt        tin nhắn không dấu và có dấu
anh-zalo.png        ảnh vuông để gửi Zalo
anh-chia-se.png     ảnh ngang để đăng kèm đường link
van-ban.txt         toàn văn chữ thường
{voices}
Trước khi dùng, mở {web} xem còn hiệu lực không.
"""


class _CacheKey:
    """A revision that compares by its identifier, content and state."""

    def __init__(self, revision: AlertRevision) -> None:
        self.revision = revision
        self.key = (revision.identifier, revision.content_hash, revision.state(timezone.now()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _CacheKey) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def picture(revision: AlertRevision) -> bytes:
    """Return the image that chats show beside a link, PNG."""
    return _render_cached(render_picture, _CacheKey(revision))


def poster(revision: AlertRevision) -> bytes:
    return _render_cached(render_poster, _CacheKey(revision))


def pack(revision: AlertRevision) -> bytes:
    """Return everything to print, read aloud or forward, ZIP."""
    return _render_cached(render_pack, _CacheKey(revision))


@lru_cache(maxsize=_MAX_CACHED)
def _render_cached(render: Callable[[AlertRevision, State], bytes], key: _CacheKey) -> bytes:
    return render(key.revision, key.key[2])


def render_picture(revision: AlertRevision, state: State) -> bytes:
    from alerts.formats import share_image  # noqa: PLC0415 - heavy, as the module says

    return share_image.draw_image(revision, state, share_image.WIDTH, share_image.HEIGHT)


def render_square(revision: AlertRevision, state: State) -> bytes:
    from alerts.formats import share_image  # noqa: PLC0415 - heavy

    return share_image.draw_image(revision, state, share_image.SQUARE, share_image.SQUARE)


def render_poster(revision: AlertRevision, _state: State) -> bytes:
    from alerts.formats import poster_pdf  # noqa: PLC0415 - heavy

    return poster_pdf.render_poster(revision)


def render_pack(revision: AlertRevision, state: State) -> bytes:
    """Return a ZIP whose bytes are the same for the same revision and state."""
    buffer = BytesIO()
    sent = revision.frozen_content.message.sent
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in _pack_entries(revision, state, timezone.now()):
            entry = ZipInfo(f"{revision.identifier}/{name}", sent.timetuple()[:6])
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def _pack_entries(
    revision: AlertRevision, state: State, now: datetime
) -> Iterator[tuple[str, bytes]]:
    words, sounds_and_texts = revision.frozen_content, list(_voice_entries(revision))
    readme = _README.format(
        identifier=revision.identifier,
        police=province.police,
        web=words.message.web,
        voices="".join(f"{name:<19} {about}\n" for name, _, about in sounds_and_texts),
    )
    yield "doc-truoc.txt", _encode_for_windows(readme)
    yield "to-dan.pdf", render_poster(revision, state)
    if words.loudspeaker:
        yield "bai-doc-loa.txt", _encode_for_windows(words.loudspeaker)
    messages = "\n\n".join(filter(None, (words.sms, words.sms_marked)))
    yield "tin-nhan.txt", _encode_for_windows(messages)
    yield "anh-zalo.png", render_square(revision, state)
    yield "anh-chia-se.png", render_picture(revision, state)
    yield "van-ban.txt", _encode_for_windows(html.render_text(revision, now))
    yield from ((name, content) for name, content, _ in sounds_and_texts)


def _voice_entries(revision: AlertRevision) -> Iterator[tuple[str, bytes, str]]:
    """Yield name, content and description of each language's sound and text, then of the sums."""
    sums = ""
    for voice in list_voices(revision):
        words, stem, name = voice.words, voice.stem, voice.name.lower()
        if words.title:
            lines = (words.title, words.summary, *words.advice, "", words.loudspeaker, words.reader)
            text = _encode_for_windows("\n".join(lines))
            yield f"chu-{stem}.txt", text, f"lời {name}, bài đọc loa {name}"
        if words.sound and (sound := revision.sounds.get(words.sound.sha256)):
            sums += f"{words.sound.sha256}  doc-{stem}.mp3\n"
            about = f"bản đọc {name}, {words.sound.seconds} giây; {words.reader}"
            yield f"doc-{stem}.mp3", sound, about
    if sums:
        yield "SHA256SUMS", sums.encode(), "để kiểm tệp tiếng còn nguyên: sha256sum -c SHA256SUMS"


def _encode_for_windows(text: str) -> bytes:
    """Return UTF-8 with a byte order mark and the line ends that old editors want."""
    return b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
