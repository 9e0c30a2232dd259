"""What nobody means well with: one table of strings, and what a page, a feed or a file may not become
when they stand in it.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote_plus

import html5lib

# Stands in whatever would run; no number, time or hash of ours holds it by chance.
MARK = "ran_here"
FORMULA = f'=HYPERLINK("http://x.example/{MARK}";"x")'

STRINGS: dict[str, str] = {
    "markup": f"<script>alert({MARK})</script><img src=x onerror=alert({MARK})>"
              f"\" autofocus onfocus=alert({MARK}) x=' {{{{ settings.SECRET_KEY }}}}{{% debug %}}${{7*7}}%(x)s",
    "end of a field": f"</textarea></title></style></script><svg onload=alert({MARK})>"
                      ']]></x><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;&lt;&#0;</a>',
    "address": f"javascript:alert({MARK})//http://x.example",
    "signs": "\u202e\u2066nợ đảo\u2069 txt.exe c\u200bông\u200d a\ufeffn\u00ad 😱\U000e0041\U0010ffff",
    "control characters": "a\0b\x01\x08\x0b\x0c\x1b[31m\x7f\x85\ufffe\uffff",
    "lines": f"a\r\nSet-Cookie: x={MARK}\r\nBcc: x@so.example\r\n\r\n<b onclick=alert({MARK})>"
             '\n{"event": "forged", "level": "info"}\n\x1b[2Jb',
    "formula": FORMULA,
    "another formula": "\t＝1+1\n@SUM(1+1)*cmd|'/C calc'!A0",
    "quotes": '"},{"a":"\\u2028\u2028\u2029\\" \'; DROP TABLE reports_report; -- %s $1 \\ $(id)`id`|id;&& id > /tmp/x',
    "path": "../../../../etc/passwd\0.png%2e%2e%2f",
    "long": "Ắ đ " * 5_000,
    "marks": "a" + "\u0301" * 2_000,
    "digits": "9" * 5_000,
    "surrogates": "\ud800x\udfff",
}  # fmt: skip

_ADDRESSES = ("href", "src", "action", "formaction", "data", "poster", "xlink:href")


def encoded(fields: Mapping[str, str]) -> bytes:
    """A form's body as no browser, but anybody else, may send it: lone surrogates too."""
    pairs = (
        (name.encode(), text.encode("utf-8", "surrogatepass")) for name, text in fields.items()
    )
    return b"&".join(b"=".join(quote_plus(part).encode() for part in pair) for pair in pairs)


def faults_of_page(page: bytes) -> list[str]:
    """What a browser would run on a page of ours, read as browsers do."""
    if MARK.encode() not in page:
        return []
    tree = html5lib.parse(page, namespaceHTMLElements=False)
    faults = []
    for element in tree.iter():
        if element.tag == "script" and MARK in "".join(element.itertext()):
            kind = element.get("type", "")
            faults += [] if kind == "application/ld+json" else ["script"]
        for name, value in element.attrib.items():
            if str(name).startswith("on"):
                faults.append(f"{element.tag} {name}")
            if (
                name in _ADDRESSES
                and value != "data:,"
                and re.match(r"\s*(javascript|data|vbscript):", value, re.IGNORECASE)
            ):
                faults.append(f"{element.tag} {name}={value[:40]}")
    return faults


def faults_of_headers(headers: Mapping[str, str]) -> list[str]:
    """Headers that a stranger's words got into, or broke in two."""
    return [
        name
        for name, value in headers.items()
        if re.search(r"[\r\n\0]", value) or (MARK in value and name != "Location")
    ]
