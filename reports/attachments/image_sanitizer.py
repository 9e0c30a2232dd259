"""Redraw a picture: its pixels, and nothing else of its file.

A process of its own that the input may kill: file on standard input, new file on standard output
after a line with type, width and height. It imports nothing of the portal, so it has neither keys nor
database; memory, time and output are limited.
"""

import io
import resource
import sys
import warnings
from enum import IntEnum

import pi_heif
from PIL import Image, ImageFile, ImageOps

pi_heif.register_heif_opener(thumbnails=False, decode_threads=1)

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "HEIF")
MAX_LENGTH = 2400  # pixels on the long side of the result
MAX_POINTS = 128_000_000  # pixels by the header; phones take up to 108 million
MAX_DECODED = 40_000_000  # pixels decoded at once; a larger JPEG is decoded at an eighth to a half
MEMORY = 768 * 1024**2  # bytes of address space, the interpreter's included
SECONDS = 8  # of the processor
QUALITY = 85


class ExitCode(IntEnum):
    """Exit codes. Any other, or a signal: the picture cannot be opened."""

    DRAWN = 0
    TOO_LARGE = 3


class TooLargeError(Exception):
    """The picture has more points than are decoded."""


BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def apply_rlimits() -> None:
    """Limit memory and processor time; forbid files and core dumps of evidence."""
    for limit, maximum in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (maximum, maximum))


def reencode_image(content: bytes) -> tuple[str, Image.Image, bytes]:
    """Return media type, picture and bytes. Raises TooLargeError and what Pillow raises."""
    image = _open_image(content)
    clean = _flatten(_apply_orientation(_scale(image)))
    media_type, data = _encode_smallest(clean, is_drawing=image.format in {"PNG", "GIF"})
    return media_type, clean, data


def _open_image(content: bytes) -> Image.Image:
    """Return the first frame, as much of it as arrived."""
    try:
        return _decode(content)
    except (OSError, SyntaxError):
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        image = _decode(content)
        if all(low == high for low, high in _list_extremes(image)):
            raise  # no pixels arrived
        return image


def _decode(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content), formats=FORMATS)  # `main` limits it to MAX_POINTS
    image.draft(None, (MAX_LENGTH, MAX_LENGTH))
    if image.width * image.height > MAX_DECODED:
        raise TooLargeError
    image.load()
    return image


def _list_extremes(image: Image.Image) -> list[tuple[float, float]]:
    extremes = image.getextrema()
    return list(extremes) if isinstance(extremes[0], tuple) else [extremes]


def _apply_orientation(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, KeyError, TypeError):  # broken EXIF
        return image


def _scale(image: Image.Image) -> Image.Image:
    """Return it no larger than MAX_LENGTH, in a mode that can be scaled, transparency kept."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits a point
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode in {"P", "PA"}:
        image = image.convert("RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    image.thumbnail((MAX_LENGTH, MAX_LENGTH))
    return image


def _flatten(image: Image.Image) -> Image.Image:
    """Return a new picture of the pixels alone, on white."""
    clean = Image.new("L" if image.mode == "L" else "RGB", image.size, "white")
    if "A" in image.getbands():
        clean.paste(image.convert("RGB"), mask=image.getchannel("A"))
    else:
        clean.paste(image.convert(clean.mode))
    return clean


def _encode_smallest(image: Image.Image, *, is_drawing: bool) -> tuple[str, bytes]:
    """Return a JPEG; of a drawing a PNG where that is smaller, since its letters stay sharp."""
    encoded = [("image/jpeg", _encode(image, "JPEG", quality=QUALITY))]
    if is_drawing:
        encoded.append(("image/png", _encode(image, "PNG")))
    return min(encoded, key=lambda each: len(each[1]))


def _encode(image: Image.Image, kind: str, **options: int) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def main() -> ExitCode:
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MAX_POINTS
    try:
        media_type, image, data = reencode_image(sys.stdin.buffer.read())
    except (TooLargeError, MemoryError, *BOMBS):
        return ExitCode.TOO_LARGE
    sys.stdout.buffer.write(f"{media_type} {image.width} {image.height}\n".encode() + data)
    return ExitCode.DRAWN


if __name__ == "__main__":
    apply_rlimits()
    sys.exit(main())
