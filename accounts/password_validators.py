"""The hash and the validators of officers' passwords; no outside service is asked."""

import hashlib
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.exceptions import ValidationError

from core.province import province
from core.text import normalize

_MIN_OTHER = 6  # different characters besides the words below
# Guesses tried first against a police office of the province, normalized, without spaces.
_TRIED_FIRST = (
    "congantinh", "congan", province.slug.replace("-", ""), province.office.lower(), "trucban", "chihuy", "canbo", "matkhau",
    "password", "admin", "qwertyuiop", "qwerty", "asdfgh", "abcdef", "vietnam", "iloveyou",
    "1234567890", "123456", "012345", "654321", "111111", "000000",
)  # fmt: skip


class Owasp19MiBArgon2PasswordHasher(Argon2PasswordHasher):
    """Argon2id at OWASP's smaller setting: 19 MiB, 2 passes (Django's own takes 100 MiB)."""

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1


class GuessablePasswordValidator:
    """Refuse passwords that are long only by repetition or by words that are tried first."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError where it is refused."""
        left = "".join(normalize(password).split())
        for word in _TRIED_FIRST:
            left = left.replace(word, "")
        if len(set(left)) < _MIN_OTHER:
            raise ValidationError(
                "Mật khẩu này dễ đoán. Chọn vài từ không liên quan đến nhau, ví dụ bốn đồ vật.",
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return "Vài từ không liên quan đến nhau, đừng dùng tên đơn vị hay dãy số liền."


class BreachedPasswordValidator:
    """Refuse passwords in the file BREACHED_PASSWORDS, if there is one.

    Format of Pwned Passwords: sorted lines of 40 hex digits, optionally with `:` and a count.
    """

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError where it is refused."""
        if not settings.BREACHED_PASSWORDS:
            return
        digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        try:
            with Path(settings.BREACHED_PASSWORDS).open("rb") as lines:
                is_breached = _contains(lines, digest.encode())
        except OSError:
            return
        if is_breached:
            raise ValidationError(
                "Mật khẩu này đã bị lộ ở nơi khác. Chọn mật khẩu chưa dùng ở đâu.",
                code="password_breached",
            )

    def get_help_text(self) -> str:
        return "Mật khẩu chưa dùng ở nơi nào khác."


def _contains(lines: BinaryIO, wanted: bytes) -> bool:
    """Return whether a sorted file has that digest, by bisection: 30 reads in 30 gigabytes."""
    low, high = 0, lines.seek(0, 2)
    while low < high:
        middle = (low + high) // 2
        line = _read_line_at(lines, middle)
        if line and line < wanted:
            low = max(lines.tell(), middle + 1)
        else:
            high = middle
    return _read_line_at(lines, low) == wanted


def _read_line_at(lines: BinaryIO, place: int) -> bytes:
    """Return the digest of the first line starting at this offset or later; b"" after the last."""
    lines.seek(max(0, place - 1))
    if place:
        lines.readline()
    return lines.readline()[:40].upper()
