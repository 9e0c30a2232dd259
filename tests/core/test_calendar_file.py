"""A calendar file as RFC 5545 wants it: lines, folds, escapes."""

from datetime import date, datetime, time

from core.calendar_file import render_event

START = datetime.combine(date(2026, 12, 4), time(8))


def render(title: str = "Xem lại", text: str = "Tự gõ địa chỉ") -> str:
    return render_event("mot@mau.example", START, title, text)


def test_it_is_one_event_with_a_reminder() -> None:
    lines = render().split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert {"UID:mot@mau.example", "DTSTART:20261204T080000", "DTEND:20261204T081500"} <= {*lines}
    assert lines.index("BEGIN:VALARM") < lines.index("END:VEVENT")


def test_no_line_is_longer_than_75_bytes_and_no_character_is_cut() -> None:
    text = "Ngày mai trở lại đọc lời mới của cán bộ " * 20
    rendered = render(text=text).encode()
    assert max(map(len, rendered.split(b"\r\n"))) <= 75
    assert text in rendered.decode().replace("\r\n ", "")


def test_words_cannot_write_a_line_of_their_own() -> None:
    rendered = render(title="a;b,c\\d\r\nEND:VEVENT\u2028x")
    assert "SUMMARY:a\\;b\\,c\\\\d\\nEND:VEVENT\\nx\r\n" in rendered
    assert rendered.count("\r\nEND:VEVENT\r\n") == 1
