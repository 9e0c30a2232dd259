"""The type of a file by its first bytes alone, never by its name or the browser's word. Pure."""

import re
from dataclasses import dataclass

HEAD_BYTES = 16  # enough for every signature


@dataclass(frozen=True)
class FileType:
    """A media type of IANA, our extension for it, and the Vietnamese word for such a file."""

    media_type: str
    extension: str
    word: str


_PICTURE, _SOUND, _FILM, _PAPER = "ảnh", "bản ghi âm", "bản ghi", "bản PDF"
# ISO containers (`ftyp`) are told apart by the brand that follows; mp4 may hold sound alone.
_SIGNATURES = [
    (rb"\xff\xd8\xff", FileType("image/jpeg", "jpg", _PICTURE)),
    (rb"\x89PNG\r\n\x1a\n", FileType("image/png", "png", _PICTURE)),
    (rb"GIF8[79]a", FileType("image/gif", "gif", _PICTURE)),
    (rb"RIFF....WEBP", FileType("image/webp", "webp", _PICTURE)),
    (rb"....ftyp(?:hei[cmsx]|hev[cmsx]|mif1|msf1)", FileType("image/heic", "heic", _PICTURE)),
    (rb"%PDF-", FileType("application/pdf", "pdf", _PAPER)),
    (rb"ID3|\xff[\xf2\xf3\xfa\xfb]", FileType("audio/mpeg", "mp3", _SOUND)),
    (rb"....ftypM4[AB] ", FileType("audio/mp4", "m4a", _SOUND)),
    (rb"....ftyp(?:iso[m2-6]|mp4[12]|M4V )", FileType("video/mp4", "mp4", _FILM)),
    (rb"....ftypqt  ", FileType("video/quicktime", "mov", _FILM)),
    (rb"....ftyp3g[2egprs].", FileType("audio/3gpp", "3gp", _SOUND)),
    (rb"#!AMR", FileType("audio/amr", "amr", _SOUND)),
    (rb"OggS", FileType("audio/ogg", "ogg", _SOUND)),
    (rb"RIFF....WAVE", FileType("audio/wav", "wav", _SOUND)),
]
_PATTERNS = [(re.compile(sign, re.DOTALL), kind) for sign, kind in _SIGNATURES]
_BY_MEDIA_TYPE = {kind.media_type: kind for _, kind in _SIGNATURES}


def sniff(head: bytes) -> FileType | None:
    """Return the type of a file that begins so, None for one that is not accepted."""
    return next((kind for pattern, kind in _PATTERNS if pattern.match(head)), None)


def by_media_type(media_type: str) -> FileType:
    """Return the type that a row names; for one no longer accepted application/octet-stream."""
    return _BY_MEDIA_TYPE.get(media_type, FileType("application/octet-stream", "bin", "tệp"))


def format_size(size: int) -> str:
    """Return a size as people read it: 2,3 MB, 640 KB, never 0."""
    if size >= 1024**2:
        return f"{size / 1024**2:.1f}".removesuffix(".0").replace(".", ",") + "\u00a0MB"
    return f"{max(1, round(size / 1024))}\u00a0KB"
