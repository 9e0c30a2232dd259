"""Requests as browsers send them, ready to be written to a socket."""

import json
import re
import secrets
import urllib.request
from collections.abc import Callable, Mapping
from itertools import count
from urllib.parse import urlencode

STORY = (
    "Sáng nay có người gọi vào máy tôi, xưng là cán bộ công an, đọc đúng họ tên và nơi ở của tôi."
    " Họ nói tôi đứng tên một tài khoản rửa tiền, nếu không hợp tác thì hai tiếng nữa sẽ bắt."
    " Họ bắt tôi đóng cửa, không được nói với ai trong nhà, rồi gọi video có người mặc cảnh phục."
    " Họ bảo chuyển 20 triệu vào tài khoản tạm giữ để xác minh, xong sẽ trả lại. Tôi chưa chuyển."
)
REPORT = {
    "channel": "number",
    "caller_number": "0550 000 123",
    "claimed_office": "police",
    "demands": ["threat", "money", "isolation"],
    "story": STORY,
    "money_lost": "no",
    "commune": "Sầm Sơn",
    "contact_phone": "0992 000 456",
    "callback_phrase": "hai cái ấm",
}


def fetch_form_token(port: int) -> str:
    """The token that the report page offers."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/bao-cao/", timeout=10) as page:
        match = re.search(rb'name="form_token"[^>]*value="([^"]+)"', page.read())
    assert match, "the report page offers no form token"
    return match[1].decode()


def make_posts(port: int, path: str, fields: Mapping[str, object]) -> Callable[[], bytes]:
    """Makes POSTs of a form, each under a submission key of its own."""
    prefix, numbers = secrets.token_urlsafe(12), count()
    start = urlencode(fields, doseq=True).encode() + b"&submission_key="
    size = len(start) + len(prefix) + 12
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
        "Sec-Fetch-Site: same-origin\r\nAccept-Encoding: gzip, br\r\nAccept-Language: vi\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {size}\r\n\r\n"
    ).encode()
    return lambda: head + start + f"{prefix}{next(numbers):012}".encode()


def make_api_reports(port: int, key: str) -> Callable[[], bytes]:
    """Makes the same reports as JSON of a program with that key of the API."""
    prefix, numbers = secrets.token_urlsafe(12), count()
    body = json.dumps(REPORT | {"money_lost": False}, ensure_ascii=False).encode()
    head = (
        f"POST /api/v1/reports HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: gzip\r\n"
        f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nIdempotency-Key: {prefix}"
    )
    return lambda: f"{head}{next(numbers):012}\r\n\r\n".encode() + body


def make_reports(ours: int) -> Callable[[], bytes]:
    """Makes complete reports for the portal at that port."""
    return make_posts(ours, "/bao-cao/", REPORT | {"form_token": fetch_form_token(ours)})
