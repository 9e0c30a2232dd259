"""Pictures that residents, and others, might send: made in memory, small as files."""

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

SECRET = b"a note that must not come along"
HEIC = (Path(__file__).parents[1] / "data" / "small.heic").read_bytes()
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def picture(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """Something with light and dark in it."""
    return Image.radial_gradient("L").resize((width, height)).convert(mode)


def written(image: Image.Image, kind: str, **options: Any) -> bytes:
    target = BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def jpeg(width: int = 64, height: int = 48, **options: Any) -> bytes:
    return written(picture(width, height), "JPEG", **options)


def telling_jpeg() -> bytes:
    """A picture that lies on its side and tells where, when and with what it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by a quarter to the right
    exif[0x010E] = SECRET.decode()
    exif.get_ifd(0x8825)[2] = (19.0, 48.0, 25.0)  # GPS latitude
    return jpeg(exif=exif, comment=SECRET, icc_profile=SECRET * 4)


def telling_png() -> bytes:
    from PIL.PngImagePlugin import PngInfo

    chunks = PngInfo()
    chunks.add_text("Author", SECRET.decode())
    return written(picture(), "PNG", pnginfo=chunks, icc_profile=SECRET * 4)


def animated_gif() -> bytes:
    pictures = [picture(mode="P") for _ in range(3)]
    for number, frame in enumerate(pictures):
        frame.putpixel((number, 0), number)
    return written(pictures[0], "GIF", save_all=True, append_images=pictures[1:], comment=SECRET)


def png_of(width: int, height: int, rows: bytes = b"") -> bytes:
    """A PNG by its header, whatever its rows are."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def text_bomb() -> bytes:
    """A PNG whose comment unpacks to 80 MB."""
    bomb = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80 * 1024 * 1024), 9))
    plain = written(picture(), "PNG")
    return plain[:33] + bomb + plain[33:]


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
