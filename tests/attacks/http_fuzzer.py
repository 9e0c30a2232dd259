"""Requests that no browser sends, drawn by lot: methods, addresses, headers, bodies and charsets mixed.

The same seed gives the same requests, so that one which fails is found again.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.attacks.hostile_strings import STRINGS, encoded

METHODS = ("GET", "GET", "GET", "POST", "POST", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS",
           "TRACE", "PROPFIND", "get", "CONNECT")  # fmt: skip
HEADERS = {
    "Accept": ("*/*", "application/json", "x", "text/html;q=9", ",,,;;="),
    "Accept-Encoding": ("gzip", "br", "identity;q=0", "*;q=0", "gzip;q=x", "\x7f"),
    "Accept-Language": ("en", "vi", "xx-" + "a" * 600, "en;q=,,", "*"),
    "Authorization": ("Bearer x", "Basic ====", "Bearer " + "a" * 3000, "Digest"),
    "Content-Encoding": ("gzip", "deflate", "br, gzip"),
    "Cookie": ("__Host-sessionid=x", "sessionid=" + "a" * 4000, "a=b; ; =; \x01", "receipt=x"),
    "Expect": ("100-continue", "x"),
    "Host": ("testserver", "evil.example", "testserver:99999", "a b", "[::1", "testserver@evil.example"),
    "If-Modified-Since": ("x", "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, 99 Jan 0000 99:99:99 GMT"),
    "If-None-Match": ("*", '"x"', "W/", '"' * 500),
    "Origin": ("null", "https://evil.example", "http://testserver", "x"),
    "Range": ("bytes=0-0", "bytes=-1", "bytes=9-1", "bytes=" + "0-1," * 500, "x"),
    "Referer": ("https://evil.example/", "x", "http://testserver/admin/"),
    "Sec-Fetch-Site": ("cross-site", "same-origin", "none", "x"),
    "X-Forwarded-For": ("1.2.3.4", "::1, x, 999.1.1.1", "," * 500, "' OR 1=1", "fe80::1%eth0"),
    "X-Forwarded-Host": ("evil.example", "a, b"),
    "X-Forwarded-Proto": ("https", "gopher", "https, http"),
    "X-HTTP-Method-Override": ("DELETE", "x"),
    "X-Original-URL": ("/admin/",),
}  # fmt: skip
KINDS = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=nothing-like-it",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "multipart/form-data; boundary=" + "x" * 300,
    "application/json",
    "application/csp-report",
    "application/reports+json",
    "text/xml",
    "",
    "a" * 300,
)
SEGMENTS = ("..", "%2e%2e", "%00", "%ff%fe", "a" * 300, "Ắ", "%ED%A0%80", ";x=y", "//evil.example", "\\",
            "1", "-1", "0" * 40, "x'--", "{{x}}", "%0d%0aX:1", "*", "~", "index.php", ".git", ".env")  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """One request; `body` with its kind, the query as it stands behind the question mark."""

    method: str
    path: str
    query: str = ""
    body: bytes = b""
    kind: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Lot:
    """Draws requests at these addresses; `fields` are the names that the pages' forms have, `fresh` the
    hidden fields of each page as it was shown.
    """

    def __init__(
        self, seed: int, paths: list[str], fields: list[str], fresh: dict[str, dict[str, str]]
    ) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        self.paths = paths + 3 * sorted(fresh)  # pages with a form, more often
        self.fields = fields
        self.fresh = fresh

    def requests(self, count: int) -> Iterator[Asked]:
        for _ in range(count):
            yield self._request()

    def sent(self, path: str, **typed: str) -> Asked:
        """What the page of that address sends when somebody types this."""
        return Asked("POST", path, body=encoded(self.fresh[path] | typed), kind=KINDS[0])

    def _request(self) -> Asked:
        draw = self.chance.random
        address = self.chance.choice(self.paths)
        path = address if draw() < 0.8 else self._bent(address)
        method = self.chance.choice(METHODS)
        kind, body = ("", b"") if method in {"GET", "HEAD"} else self._body(address)
        names = self.chance.sample(sorted(HEADERS), self.chance.randrange(4))
        headers = {name: self.chance.choice(HEADERS[name]) for name in names}
        query = "" if draw() < 0.6 else encoded(self._random_fields()).decode()
        return Asked(method, path, query, body, kind, headers)

    def _bent(self, path: str) -> str:
        parts = path.split("/")
        parts[self.chance.randrange(len(parts))] = self.chance.choice(SEGMENTS)
        return "/" + "/".join(parts).lstrip("/")

    def _random_fields(self) -> dict[str, str]:
        names = self.chance.choices(
            [*self.fields, "x", "", "__proto__"], k=self.chance.randrange(1, 6)
        )
        return {name: self._text() for name in names}

    def _text(self) -> str:
        text = self.chance.choice([*STRINGS.values(), "", "yes", "0550000123", "2/11/2026"])
        return text[: self.chance.choice((5, 60, 300, 9_000))]

    def _body(self, path: str) -> tuple[str, bytes]:
        """As the page of that address would send it, and less and less so."""
        fields = {**self.fresh.get(path, {}), **self._random_fields()}
        form = encoded(fields)
        at = self.chance.randrange(len(form) + 1)
        return self.chance.choice([
            (KINDS[0], form),
            (KINDS[0], form),
            (KINDS[0], form[:at] + b"%zz&=&&\xff\0" + form[at:]),
            (KINDS[3], self._parts(fields)),
            (KINDS[3], self._parts(fields)[:at]),
            ("application/json", json.dumps(fields).encode()),
            ("application/csp-report", b"[" * self.chance.choice((1, 2_000)) + form),
            (self.chance.choice(KINDS), form),
            (self.chance.choice(KINDS), self.chance.randbytes(self.chance.randrange(300))),
        ])  # fmt: skip

    def _parts(self, fields: dict[str, str]) -> bytes:
        lines = []
        for name, text in fields.items():
            file = self.chance.choice(("", '; filename="../../x.svg"', "; filename*=utf-8''%00"))
            head = f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
            lines.append(head.encode() + text.encode("utf-8", "surrogatepass") + b"\r\n")
        return b"".join(lines) + b"--x--\r\n"
