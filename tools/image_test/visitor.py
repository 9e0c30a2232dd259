"""A resident before the front server, as a program that runs in the network of the engine.

    python visitor.py report                 file one, print its code
    python visitor.py open CODE              print how the page about it answers
    python visitor.py get PATH…              print the status of each
    python visitor.py probe SECONDS PATH…    ask by turns, ten times a second; print what came, as JSON

PORT is where the front listens, HOST the portal's name. Nothing but the standard library is needed.
"""

import json
import os
import re
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import urlencode

HEADERS = {
    "Host": os.environ.get("HOST", ""),
    "X-Forwarded-Proto": "https",
    "X-Forwarded-For": "203.0.113.7",
}
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{HEADERS['Host']}"}
STORY = "Có người gọi xưng là công an, bảo chuyển 20 triệu vào tài khoản tạm giữ. Tôi chưa chuyển."
INTERVAL_SECONDS = 0.1


def ask(
    path: str, fields: dict[str, str] | None = None, cookie: str = ""
) -> tuple[HTTPResponse, str]:
    """Return the answer to one request and its page; with `fields` it is a form that is sent."""
    connection = HTTPConnection("127.0.0.1", int(os.environ["PORT"]), timeout=10)
    extra = {"Cookie": cookie} if cookie else {}
    if fields is None:
        connection.request("GET", path, headers=HEADERS | extra)
    else:
        connection.request("POST", path, urlencode(fields), HEADERS | FORM | extra)
    answer = connection.getresponse()
    page = answer.read().decode(errors="replace")
    connection.close()
    return answer, page


def file_report() -> str:
    """Return the code of a new report."""
    _, form = ask("/bao-cao/")
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    answer, page = ask("/bao-cao/", hidden | {"story": STORY, "caller_number": "0550 000 123"})
    cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
    place = answer.headers["Location"] or ""
    _, receipt = ask(place, cookie=cookie)
    code = "".join(re.findall(r'<li><b class="mono">(\w{4})</b>', receipt))
    return code or f"no code: {answer.status} {place} {page[:200]}"


def open_report(code: str) -> str:
    """Return the status of the page that the code opens, and whether the story can be read there."""
    answer, page = ask("/theo-doi/", {"code": code})
    if answer.status in {302, 303}:
        cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
        answer, page = ask(answer.headers["Location"] or "", cookie=cookie)
    return f"{answer.status} {'whole' if STORY[:40] in page else 'without the story'}"


def get_status(path: str) -> str:
    """Return the status; "refused" where nobody listens, "broken" where no answer came."""
    try:
        return str(ask(path)[0].status)
    except ConnectionRefusedError:
        return "refused"
    except (OSError, HTTPException) as error:
        return f"broken ({type(error).__name__})"


def probe(seconds: float, paths: list[str]) -> dict[str, dict[str, int]]:
    """Return how often each path was answered how, after so many seconds or at SIGTERM."""
    seen = {path: Counter[str]() for path in paths}
    until = time.monotonic() + seconds
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with suppress(SystemExit):
        while time.monotonic() < until:
            for path in paths:
                seen[path][get_status(path)] += 1
            time.sleep(INTERVAL_SECONDS)
    return {path: dict(counts) for path, counts in seen.items()}


def main(action: str, *words: str) -> str:
    if action == "report":
        return file_report()
    if action == "open":
        return open_report(*words)
    if action == "probe":
        return json.dumps(probe(float(words[0]), list(words[1:])))
    return " ".join(get_status(path) for path in words)


if __name__ == "__main__":
    sys.stdout.write(main(*sys.argv[1:]) + "\n")
