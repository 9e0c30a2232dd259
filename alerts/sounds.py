"""Recordings of warnings: taken as MP3 alone, light enough for a phone in the mountains, named by their bytes.

Of an MP3 the frames of sound alone are kept: tags (names, pictures, places) and the header that tells a player the
length are left out; whatever else stands between the frames is refused, so that a file is sound and nothing besides.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db.models.functions import Now

from alerts.models import AlertRevision, Language, Sound
from core.form_data import CappedUploadHandler

_MPEG1_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG2_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_HZ = (44_100, 48_000, 32_000)
_MPEG1 = 3
_SHARED_BITS = 0xFFFE0C00  # sync, version, layer and sampling rate: one file has one
_FORM_BITS, _LAYER_3_FORM = 0xFFE60000, 0xFFE20000
_HEADER_BYTES, _ID3_HEADER_BYTES = 4, 10
_LENGTH_HEADERS = (b"Xing", b"Info", b"VBRI")  # of a first frame that holds no sound
_TAIL_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN")


class Mp3Error(ValueError):
    """These bytes are no MP3, or hold something besides."""


@dataclass(frozen=True)
class Mp3:
    """The frames of a recording and how long they play."""

    data: bytes
    seconds: float


@dataclass(frozen=True)
class _Frame:
    start: int
    header: int
    size: int
    seconds: float


def parse_mp3(data: bytes) -> Mp3:
    """Return the sound alone, its length counted frame by frame. Raises Mp3Error."""
    start = _skip_front_tag(data)
    frames = list(_iter_frames(data, start))
    if not frames:
        raise Mp3Error("no frame of sound")
    end = frames[-1].start + frames[-1].size
    if not _is_tail(data, end):
        raise Mp3Error("something besides sound")
    if any(name in data[start : start + frames[0].size] for name in _LENGTH_HEADERS):
        start += frames.pop(0).size
    return Mp3(data[start:end], sum(frame.seconds for frame in frames))


def _skip_front_tag(data: bytes) -> int:
    """Return where the first frame has to be: behind an ID3v2 tag, which says its own length."""
    if not data.startswith(b"ID3") or len(data) < _ID3_HEADER_BYTES:
        return 0
    size = 0
    for part in data[6:_ID3_HEADER_BYTES]:
        size = size << 7 | part & 0x7F
    end = _ID3_HEADER_BYTES + size
    rest = data[end : end + 4096]  # programs leave room there
    return end + len(rest) - len(rest.lstrip(b"\0"))


def _iter_frames(data: bytes, place: int) -> Iterator[_Frame]:
    """Yield the frames that follow one another, whole, all of one version and sampling rate."""
    shared = None
    while (frame := _read_frame(data, place)) and place + frame.size <= len(data):
        if shared not in {None, frame.header & _SHARED_BITS}:
            return
        shared = frame.header & _SHARED_BITS
        yield frame
        place += frame.size


def _read_frame(data: bytes, place: int) -> _Frame | None:
    """Return the frame whose header stands there; None where there is none."""
    header = int.from_bytes(data[place : place + _HEADER_BYTES], "big")
    version, kbps, hz = header >> 19 & 3, header >> 12 & 15, header >> 10 & 3
    if header & _FORM_BITS != _LAYER_3_FORM or version == 1 or kbps in {0, 15} or hz == len(_HZ):
        return None
    is_first_version = version == _MPEG1
    rate = _HZ[hz] >> (0 if is_first_version else 1 if version else 2)
    table, samples = (_MPEG1_KBPS, 1152) if is_first_version else (_MPEG2_KBPS, 576)
    size = samples // 8 * table[kbps] * 1000 // rate + (header >> 9 & 1)
    return _Frame(place, header, size, samples / rate)


def _is_tail(data: bytes, end: int) -> bool:
    """Return whether what follows the last frame is nothing, a tag, or a frame that was cut off."""
    rest = data[end:]
    cut = _read_frame(data, end)
    return (
        not rest.strip(b"\0")
        or rest.startswith(_TAIL_TAGS)
        or (cut is not None and cut.size > len(rest))
    )


# --- recordings

MAX_UPLOAD_BYTES = 1024 * 1024  # with its tags
MAX_SECONDS = 180
MAX_BYTES_PER_30_SECONDS = 70_000
MIN_SECONDS = 1
_KEEP_UNUSED = timedelta(days=7)
_HOW = "Xuất lại thành MP3, một kênh (mono), 16 kbit/s."
_OTHER_KINDS = {
    b"ftyp": "M4A",
    b"WAVE": "WAV",
    b"OggS": "OGG",
    b"\x1aE\xdf\xa3": "WebM",
    b"#!AM": "AMR",
}


class SoundError(Exception):
    """The file is refused; the message tells an officer why and what to do."""


def store_sound(data: bytes) -> Sound:
    """Return the recording without its tags, stored once however often it comes. Raises SoundError."""
    if len(data) > MAX_UPLOAD_BYTES:
        raise SoundError(f"Tệp tiếng nặng hơn 1 MB, không nhận. {_HOW}")
    try:
        sound = parse_mp3(data)
    except Mp3Error:
        raise SoundError(f"{_describe_kind(data)} {_HOW}") from None
    _refuse_long(sound.seconds)
    _refuse_heavy(len(sound.data), sound.seconds)
    values = {
        "sha1": hashlib.sha1(sound.data, usedforsecurity=False).hexdigest(),
        "seconds": round(sound.seconds),
        "size": len(sound.data),
        "data": sound.data,
    }
    name = hashlib.sha256(sound.data).hexdigest()
    return Sound.objects.get_or_create(sha256=name, defaults=values)[0]


def _describe_kind(data: bytes) -> str:
    head = data[:16]
    kinds = (name for sign, name in _OTHER_KINDS.items() if sign in head)
    if kind := next(kinds, ""):
        return f"Tệp này là {kind}, chưa phải MP3."
    return "Tệp này không phải MP3, hoặc có thứ khác lẫn trong tiếng."


def _refuse_long(seconds: float) -> None:
    if seconds < MIN_SECONDS:
        raise SoundError("Tệp tiếng chưa đầy một giây, không có gì để nghe.")
    if seconds > MAX_SECONDS:
        raise SoundError(
            f"Bài đọc dài {seconds:.0f} giây. Đọc ngắn lại, nhiều nhất {MAX_SECONDS} giây."
        )


def _refuse_heavy(size: int, seconds: float) -> None:
    weight = size * 30 / seconds
    if weight > MAX_BYTES_PER_30_SECONDS:
        raise SoundError(
            f"Tệp tiếng nặng {weight / 1000:.0f} kB mỗi 30 giây, máy yếu mạng khó nghe."
            f" Nhiều nhất {MAX_BYTES_PER_30_SECONDS // 1000} kB. {_HOW}"
        )


def purge_unused() -> None:
    """Delete recordings that no draft has taken and no revision names."""
    contents = AlertRevision.objects.values_list("content__translations", flat=True)
    named = {each["sound"]["sha256"] for rows in contents for each in rows or () if each["sound"]}
    old = Sound.objects.filter(translations=None, added_at__lt=Now() - _KEEP_UNUSED)
    old.exclude(pk__in=named).delete()


def build_upload_handler() -> CappedUploadHandler:
    """Return a handler that keeps one recording a language."""
    return CappedUploadHandler("-file", MAX_UPLOAD_BYTES, len(Language))
