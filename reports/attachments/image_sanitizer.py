"""A picture drawn anew: what is seen in it, and nothing else that its file held.

Run by itself, as a process that may die of what it reads: the file on its input, the new one on
its output, behind a line with its type, width and height. Nothing of ours is imported, so that
neither keys nor database are near. Bounded in memory, time and what it may write.
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
MAX_LENGTH = 2400  # points on the long side of what is drawn
# By its header, before anything is decoded: a phone's largest pictures, 108 million, and no more.
MAX_POINTS = 128_000_000
# What is decoded at once; a JPEG is decoded at an eighth to a half where it is larger.
MAX_DECODED = 40_000_000
MEMORY = 768 * 1024**2  # bytes of addresses, the interpreter's own among them
SECONDS = 8  # of the processor
QUALITY = 85


class ExitCode(IntEnum):
    """Exit codes. Any other, or a signal, is a picture that cannot be opened."""

    DRAWN = 0
    TOO_LARGE = 3


class TooLargeError(Exception):
    """More points than we decode."""


BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def apply_rlimits() -> None:
    """Whatever is read from now on: no more memory than this, no file, no core of evidence."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def reencode_image(content: bytes) -> tuple[str, Image.Image, bytes]:
    """The media type, the picture and its bytes. Raises TooLargeError, and whatever Pillow does
    (OSError, ValueError, SyntaxError, struct.error, MemoryError …) where it cannot be read.
    """
    image = _opened(content)
    clean = _flat(_upright(_scaled(image)))
    media_type, data = _smallest(clean, is_drawing=image.format in {"PNG", "GIF"})
    return media_type, clean, data


def _opened(content: bytes) -> Image.Image:
    """The first frame, whole or as much of it as came."""
    try:
        return _decoded(content)
    except (OSError, SyntaxError):
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        image = _decoded(content)
        if all(low == high for low, high in _extremes(image)):
            raise  # nothing of it came but its frame
        return image


def _decoded(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content), formats=FORMATS)  # no more than MOST_POINTS: see main
    image.draft(None, (MAX_LENGTH, MAX_LENGTH))
    if image.width * image.height > MAX_DECODED:
        raise TooLargeError
    image.load()
    return image


def _extremes(image: Image.Image) -> list[tuple[float, float]]:
    found = image.getextrema()
    return list(found) if isinstance(found[0], tuple) else [found]


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, KeyError, TypeError):  # what says so is broken
        return image


def _scaled(image: Image.Image) -> Image.Image:
    """No larger than LONGEST; in a mode that can be scaled, with what is transparent in it."""
    if image.mode.startswith("I") or image.mode == "F":  # 16 bits a point
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode in {"P", "PA"}:
        image = image.convert("RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    image.thumbnail((MAX_LENGTH, MAX_LENGTH))
    return image


def _flat(image: Image.Image) -> Image.Image:
    """The points alone, on white: a new picture that carries nothing along."""
    clean = Image.new("L" if image.mode == "L" else "RGB", image.size, "white")
    if "A" in image.getbands():
        clean.paste(image.convert("RGB"), mask=image.getchannel("A"))
    else:
        clean.paste(image.convert(clean.mode))
    return clean


def _smallest(image: Image.Image, *, is_drawing: bool) -> tuple[str, bytes]:
    """As JPEG; a screenshot of few colours as PNG where that is smaller, its letters stay sharp."""
    made = [("image/jpeg", _written(image, "JPEG", quality=QUALITY))]
    if is_drawing:
        made.append(("image/png", _written(image, "PNG")))
    return min(made, key=lambda each: len(each[1]))


def _written(image: Image.Image, kind: str, **options: int) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def main() -> ExitCode:
    """Read, draw, write; the exit code tells how it went, a traceback that it did not."""
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
