"""MP3: sound and nothing besides, as long as its frames play, whatever the file says of itself."""

import pytest

from alerts.sounds import Mp3Error, parse_mp3
from tests.support.recordings import frame, id3_tag, length_header, recording

SCRIPT = b"<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b""),
        (id3_tag(b"Ten Nguoi Doc"), b""),
        (id3_tag(b"Ten") + b"\0" * 500, b"\0" * 40),
        (b"", b"TAG" + b"Ten Nguoi Doc".ljust(125, b"\0")),
        (id3_tag(b"Ten"), b"APETAGEX" + SCRIPT),
        (length_header(900_000), b""),  # ten hours, it says
        (id3_tag(SCRIPT) + length_header(1), frame()[:30]),
    ],
)
def test_tags_and_told_lengths_are_left_out(before: bytes, after: bytes) -> None:
    sound = parse_mp3(before + recording(3) + after)
    assert sound.data == recording(3)
    assert sound.seconds == pytest.approx(3, abs=0.03)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ID3",
        b"<!doctype html><title>x</title>" + SCRIPT,
        SCRIPT + recording(3),
        recording(3) + SCRIPT,
        recording(1) + SCRIPT + recording(1),
        id3_tag(b"x")[:6] + b"\x7f" * 4 + recording(3),  # a tag longer than the file
        b"\x00\x00\x00\x18ftypM4A " + b"\0" * 200,
        b"RIFF\0\0\0\0WAVE" + b"\0" * 200,
        b"PK\x03\x04" + recording(1),
        recording(1) + b"PK\x05\x06" + b"\0" * 18,
        b"\xff\xf3\xf0\xc4" * 50,  # no such rate
        b"\xff\xf3\x00\xc4" * 50,  # a rate that only the sender knows
        frame() + b"\xff\xfb\x10\xc4" + b"\0" * 400,  # two kinds in one file
    ],
)
def test_what_is_no_sound_or_not_only_sound_is_refused(data: bytes) -> None:
    with pytest.raises(Mp3Error):
        parse_mp3(data)


def test_the_length_of_every_version_is_counted() -> None:
    first = (b"\xff\xfb\x90\xc4".ljust(417, b"\0")) * 383  # MPEG 1, 128 kbit/s, 44.1 kHz
    slow = (b"\xff\xe3\x20\xc4".ljust(104, b"\0")) * 192  # MPEG 2.5, 16 kbit/s, 11.025 kHz
    assert parse_mp3(first).seconds == pytest.approx(10, abs=0.05)
    assert parse_mp3(slow).seconds == pytest.approx(10, abs=0.05)
