"""The whole portal, as `make run` starts it, for tests that need every process.

`running_portal` starts it on a port and in a folder of its own; `Visitor` is a plain client that
reads forms as a browser without script does.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

from lxml import html
from urllib3 import encode_multipart_formdata

from tests.support.processes import ROOT, processes_about, run_python
from tests.support.real_services import UNSET
from tools.portal_stack import wait_until
from tools.servers import find_free_port

PATIENCE = 180.0  # seconds for a cold start on a machine that is overrun


@dataclass
class Portal:
    """A running portal: where it is, who may log in, and its command line."""

    url: str
    data_dir: Path
    env: dict[str, str] = field(repr=False)
    code: Path = ROOT

    @property
    def people(self) -> dict[str, dict[str, str]]:
        """The demo people by name, as DATA_DIR/first-look.json tells them."""
        first_look = json.loads((self.data_dir / "first-look.json").read_text())
        return {person["user"]: person for person in first_look["people"]}

    def manage(self, *arguments: str) -> str:
        """What a management command prints in a second terminal."""
        done = run_python(self.env, "manage.py", *arguments, folder=self.code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@contextmanager
def running_portal() -> Iterator[Portal]:
    """Start everything, wait for the first page, and stop everything at the end."""
    with tempfile.TemporaryDirectory(prefix="portal-stack-") as folder:
        port = find_free_port()
        env = {key: value for key, value in os.environ.items() if key not in UNSET}
        env |= {"DATA_DIR": folder, "PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1"}
        log = Path(folder) / "portal.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "tools.dev_server", "--with-parent"],
                cwd=ROOT,
                env=env,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )
        portal = Portal(f"http://127.0.0.1:{port}", Path(folder), env)
        try:
            wait_until(lambda: process.poll() is not None or _is_ready(portal), PATIENCE)
            assert process.poll() is None, f"the portal did not start:\n{log.read_text()}"
            yield portal
        finally:
            process.kill()  # all that it started goes with it; its data is thrown away
            process.wait()
            wait_until(lambda: not processes_about(folder))


def _is_ready(portal: Portal) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{portal.url}/readyz", timeout=2):
        return True
    return False


@dataclass
class Page:
    """An answer: its status, headers and text, and the forms in it."""

    address: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def tree(self) -> html.HtmlElement:
        return html.document_fromstring(self.text, base_url=self.address)

    @property
    def words(self) -> str:
        """What a person reads, with single spaces."""
        return " ".join(self.tree.text_content().split())

    def form(self, action: str) -> tuple[str, dict[str, Any]]:
        """The first form whose action contains these letters: its address, its filled fields."""
        for form in self.tree.forms:
            if action in (form.action or self.address):
                fields = {name: value for name, value in form.form_values() if name}
                return urljoin(self.address, form.action or self.address), fields
        raise AssertionError(f"no form {action!r} on {self.address}")


class Visitor:
    """Somebody with a browser without script: keeps cookies, follows links and forms."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def get(self, path: str) -> Page:
        return self._ask(urllib.request.Request(urljoin(self.base, path)))

    def post(self, path: str, fields: dict[str, Any]) -> Page:
        body = urlencode(fields, doseq=True).encode()
        return self.post_body(path, body, "application/x-www-form-urlencoded")

    def post_body(self, path: str, body: bytes, media_type: str) -> Page:
        address = urljoin(self.base, path)
        headers = {"Referer": address, "Origin": self.base, "Content-Type": media_type}
        return self._ask(urllib.request.Request(address, body, headers))

    def send_file(self, page: Page, action: str, name: str, content: bytes) -> Page:
        """Choose a file in the form whose action contains these letters and press its button."""
        address, fields = page.form(action)
        chosen = {**fields, "files": (name, content)}
        return self.post_body(address, *encode_multipart_formdata(chosen))

    def submit(self, page: Page, action: str, **typed: Any) -> Page:
        """Fill the form whose action contains these letters and press its button."""
        address, fields = page.form(action)
        return self.post(address, {**fields, **typed})

    def log_in(self, portal: Portal, user: str) -> Page:
        """Enter the desk with password and the code of the moment."""
        code = portal.manage("officer_code", user)
        page = self.get("/admin/login/?next=/admin/")
        return self.submit(
            page,
            "/admin/login",
            username=user,
            password=portal.people[user]["password"],
            otp_token=code.split()[-1],
        )

    def _ask(self, request: urllib.request.Request) -> Page:
        try:
            answer = self._opener.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return Page(answer.url, answer.status, dict(answer.headers), answer.read())
