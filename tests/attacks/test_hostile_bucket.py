"""A bucket of public pages that answers anything, and visitors who ask it through the front server for more than pages."""

import http.server
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.concurrency import serving
from tests.support.nginx_front import (
    FROM_PORTAL,
    PAGE,
    ask,
    body,
    needs_nginx,
    run_front,
    run_portal,
    send_raw,
    soon,
)

pytestmark = needs_nginx
WORD, ENDED = "word", "/canh-bao/ended/"
FRONT = f"scheme http\nend 1 drop {ENDED}\n"
OBJECT = re.compile(r"GET /pages/(?:pages|assets)/[a-zA-Z0-9_./-]+")
# What follows a slash of ours; the portal alone is asked for it.
SPLIT = b"a%20HTTP/1.1%0d%0aHost:%20evil.example%0d%0a%0d%0aGET%20/evil%20HTTP/1.1%0d%0aX:%20"
STRANGE = (
    SPLIT,
    b"%0a",
    b"a.css%3flist-type=2",
    b"a.css%23b",
    b"%252e%252e/%252e%252e/evil",
    b"a%5cb",
)
FOLDERS = (b"/static/", b"/canh-bao/", b"/canh-bao/noi-dung/", b"/dang-bi-goi/")
ANSWERS: dict[str, tuple[int, dict[str, str]]] = {
    "elsewhere for now": (307, {"Location": "https://evil.example/"}),
    "elsewhere": (301, {"Location": "https://evil.example/"}),
    "a key is wanted": (401, {"WWW-Authenticate": "Basic"}),
    "not so fast": (429, {}),
    "a region of its own": (400, {}),
    "not done": (501, {}),
}  # fmt: skip
ORDERS = {
    "X-Accel-Redirect": "/error.html", "X-Accel-Expires": "86400", "Refresh": "0;url=https://evil.example/",
    "Link": "<https://evil.example/>; rel=preload", "Clear-Site-Data": '"*"', "Set-Cookie": "a=b",
    "Cache-Control": "public, max-age=31536000", "Access-Control-Allow-Origin": "*",
    "Content-Type": "text/javascript", "Content-Security-Policy": "default-src *",
    "Service-Worker-Allowed": "/", "X-Amz-Request-Id": "1", "Location": "https://evil.example/",
}  # fmt: skip


class Bucket(http.server.ThreadingHTTPServer):
    """Tells what it was asked, and answers for each page as it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.status, self.headers = 200, dict[str, str]()
        self.word, self.lacks = WORD, ""  # how `front` is not to be had: broken off, or refused
        self.lacking = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/pages"


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Bucket

    def do_GET(self) -> None:
        word = self.server.word
        texts = {"wanted": word, "checked": f"{int(time.time())} {word}", "front": FRONT}
        name = self.path.rpartition("/")[2]
        if name == "front" and self.server.lacks:
            self.server.lacking += 1
            self.close_connection = True
            self.send_response(500 if self.server.lacks == "refused" else 200)
            self.send_header("Content-Length", str(len(FRONT)))
            self.end_headers()
            self.wfile.write(FRONT.encode()[:12])
        elif name in texts:
            self._answer(200, {}, f"{texts[name]}\n")
        else:
            self.server.asked.append(f"{self.command} {self.path}")
            self._answer(self.server.status, self.server.headers, "of the bucket")

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815  # of http.server

    def _answer(self, status: int, headers: dict[str, str], text: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with Bucket() as server, serving(server):
        yield server


@pytest.fixture(scope="module")
def front(bucket: Bucket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    scratch: Path = tmp_path_factory.mktemp("hostile") / "front"
    with run_portal() as portal, run_front(portal, scratch, PUBLISHED_ORIGIN=bucket.origin) as port:
        assert soon(lambda: body(port, PAGE) == b"of the bucket")
        yield port


@pytest.fixture(autouse=True)
def _as_usual(bucket: Bucket) -> None:
    bucket.status, bucket.headers, bucket.asked = 200, {}, []
    bucket.lacks, bucket.lacking = "", 0


def test_a_bucket_is_asked_for_names_of_pages_alone(bucket: Bucket, front: int) -> None:
    for folder in FOLDERS:
        for strange in STRANGE:
            send_raw(front, b"GET " + folder + strange + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    for method in ("POST", "PUT", "DELETE"):
        ask(front, PAGE, method, b"mine")
        ask(front, "/static/css/mine.css", method, b"mine")
    assert [each for each in bucket.asked if not OBJECT.fullmatch(each)] == []
    ask(front, "/static/css/older.css")
    assert bucket.asked[-1] == "GET /pages/assets/static/css/older.css"


@pytest.mark.parametrize("answer", ANSWERS)
def test_whatever_a_bucket_answers_in_place_of_a_page_the_portal_is_asked(
    bucket: Bucket, front: int, answer: str
) -> None:
    bucket.status, bucket.headers = ANSWERS[answer]
    for path in (f"/canh-bao/{bucket.status}/", f"/canh-bao/{bucket.status}.json"):
        told, text = ask(front, path)
        assert text.startswith(FROM_PORTAL), path
        assert (told.status, told.headers["Location"]) == (200, None), path


def test_a_bucket_adds_no_header_to_a_page_and_gives_nginx_no_order(
    bucket: Bucket, front: int
) -> None:
    plain = ask(front, "/canh-bao/plain/")[0]
    bucket.headers = ORDERS
    told, text = ask(front, "/canh-bao/orders/")
    assert (told.status, text) == (200, b"of the bucket")
    assert [(name, told.headers.get_all(name)) for name in ORDERS] == [
        (name, plain.headers.get_all(name)) for name in ORDERS
    ]


def test_what_breaks_off_on_its_way_is_not_taken_for_the_whole(bucket: Bucket, front: int) -> None:
    """The lines that are lacking would say that a warning has ended."""
    assert body(front, ENDED).startswith(FROM_PORTAL)
    bucket.lacks = "broken off"
    assert soon(lambda: bucket.lacking > 3)
    assert body(front, ENDED).startswith(FROM_PORTAL)


def test_no_page_of_a_newer_word_goes_out_without_the_lines_that_belong_to_it(
    bucket: Bucket, front: int
) -> None:
    bucket.word, bucket.lacks = "newer", "refused"
    assert soon(lambda: bucket.lacking > 3)
    assert body(front, PAGE).startswith(FROM_PORTAL)
    bucket.lacks = ""
    assert soon(lambda: body(front, PAGE) == b"of the bucket")


def test_a_sheet_that_the_bucket_lacks_is_asked_of_the_portal(bucket: Bucket, front: int) -> None:
    bucket.status = 404
    told, text = ask(front, "/static/css/newer.css")
    assert (told.status, text[: len(FROM_PORTAL)]) == (200, FROM_PORTAL)


@pytest.mark.parametrize(
    "origin",
    [
        "http://127.0.0.1:9/a|e id",
        "http://127.0.0.1:9/a; deny all",
        "http://key:secret@127.0.0.1:9/a",
    ],
)
def test_an_address_that_is_none_stops_no_front_and_is_told(origin: str, tmp_path: Path) -> None:
    scratch = tmp_path / "front"
    with run_portal() as portal, run_front(portal, scratch, PUBLISHED_ORIGIN=origin) as port:
        assert body(port, PAGE).startswith(FROM_PORTAL)
    assert "PUBLISHED_ORIGIN is no address" in (scratch / "front.log").read_text()
