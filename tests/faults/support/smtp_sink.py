"""A mail server of the tests' own: it keeps what it is sent, or never answers at all."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from tests.support.concurrency import serving


class SmtpSink(socketserver.ThreadingTCPServer):
    """SMTP as far as one client of ours speaks it (RFC 5321), on a port of this machine."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *, silent: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.silent = silent
        self.callers = 0
        self.mails: list[EmailMessage] = []

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    @property
    def subjects(self) -> list[str]:
        return [str(mail["Subject"]).strip() for mail in self.mails]  # a folded one begins blank


class _Session(socketserver.StreamRequestHandler):
    server: SmtpSink

    def handle(self) -> None:
        self.server.callers += 1
        if not self.server.silent:
            self._say("220 postbox")
        with suppress(ConnectionError):  # tests kill their callers
            self._serve()

    def _serve(self) -> None:
        for line in self.rfile:
            if self.server.silent:
                continue
            word = line.strip().upper()
            if word == b"DATA":
                self._say("354 go on")
                self.server.mails.append(self._mail())
            self._say("221 bye" if word == b"QUIT" else "250 ok")

    def _mail(self) -> EmailMessage:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        parsed: Any = message_from_bytes(b"".join(lines), policy=policy.default)
        mail: EmailMessage = parsed
        return mail

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def smtp_sink(*, silent: bool = False) -> Iterator[SmtpSink]:
    with SmtpSink(silent=silent) as server, serving(server):
        yield server
