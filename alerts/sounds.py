"""Recordings of warnings: taken as MP3 alone, light enough for a phone in the mountains, named by their bytes."""

import hashlib
from datetime import timedelta

from django.db.models.functions import Now

from alerts.models import AlertRevision, Language, Sound
from alerts.mp3 import Mp3Error, parse_mp3
from core.form_data import CappedUploadHandler

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
