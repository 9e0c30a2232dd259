"""The fields of a posted body, as text that PostgreSQL and a page can hold; forms that a token guards; the check of
a form's origin, in place of a CSRF cookie on pages without cookies.
"""

import re
import secrets
from binascii import a2b_qp
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Layout
from django import forms
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.datastructures import MultiValueDict

from core import keys

Fields = MultiValueDict[str, str]

_FORM_TYPE = "application/x-www-form-urlencoded"
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_MAX_CACHED_NAME = 64  # bytes: a stranger's names may not fill the memory
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def parse_fields(request: HttpRequest) -> Fields:
    """Return the sanitized fields of a body. Raises what `request.POST` raises."""
    if request.content_type != _FORM_TYPE or not _is_regular(request.body):
        return _parse_with_django(request)
    parts = request.body.split(b"&")
    if len(parts) > settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:
        return _parse_with_django(request)
    lists: dict[str, list[str]] = {}
    for name, _, value in (part.partition(b"=") for part in parts if part):
        decode = _decode_name if len(name) <= _MAX_CACHED_NAME else _decode
        lists.setdefault(decode(name), []).append(_decode(value))
    return MultiValueDict(lists)


def _parse_with_django(request: HttpRequest) -> Fields:
    request.encoding = "utf-8"  # whatever the client calls it
    return sanitize_fields(request.POST)


def _is_regular(body: bytes) -> bool:
    """Return whether a browser can have written the body, and it is free of NUL."""
    has_nul = b"\0" in body or b"%00" in body
    return body.isascii() and not has_nul and not _BAD_ESCAPE.search(body)


def _decode(text: bytes) -> str:
    """Return the text of an urlencoded name or value, by Python's quoted-printable decoder, which is
    C: urllib's loop took a quarter of the request for Vietnamese letters.
    """
    spaced = text.replace(b"+", b" ")
    if b"%" not in text:
        return spaced.decode("ascii")
    return a2b_qp(spaced.replace(b"=", b"=3D").replace(b"%", b"=")).decode(errors="replace")


_decode_name = lru_cache(maxsize=256)(_decode)  # the field names of our own pages


def last_texts(fields: Fields) -> dict[str, str]:
    """Return the text of each field, of one sent twice the last."""
    return {name: texts[-1] for name, texts in fields.lists() if texts}


def sanitize_fields(fields: Fields) -> Fields:
    """Return the fields with what PostgreSQL or a page cannot hold replaced."""
    return MultiValueDict(
        {
            sanitize_text(name): [sanitize_text(value) for value in values]
            for name, values in fields.lists()
        }
    )


def sanitize_text(text: str) -> str:
    """Return the text with U+FFFD for each NUL and each lone surrogate."""
    return _UNSTORABLE.sub("\ufffd", text)


def parse_uuid(typed: UUID | str) -> UUID | None:
    try:
        return typed if isinstance(typed, UUID) else UUID(typed)
    except ValueError:
        return None


class TokenForm(forms.Form):
    """A form with a signed token, and the key by which it is stored once."""

    submission_key = forms.CharField(required=False, widget=forms.HiddenInput)
    form_token = forms.CharField(required=False, widget=forms.HiddenInput)

    @staticmethod
    def fresh_keys() -> dict[str, str]:
        return {"submission_key": secrets.token_urlsafe(24), "form_token": keys.form_token()}

    def copy_data(self) -> QueryDict:
        data = QueryDict(mutable=True)
        data.update(self.data)
        return data

    def renew_token(self) -> None:
        """Give a returned form a fresh token, so that pressing the button again sends it."""
        self.data = self.copy_data()
        self.data["form_token"] = keys.form_token()


def make_helper(address: str, *parts: Any, args: Sequence[str] = ()) -> FormHelper:
    """Return the layout of a form that a signed token or a code guards: no cookie, no Vary."""
    helper = FormHelper()
    helper.form_action = reverse(address, args=args)
    helper.disable_csrf = True
    helper.layout = Layout(*parts)
    return helper


def form_part(name: str) -> HTML:
    return HTML(f'{{% include "reports/form_parts/{name}.html" %}}')


class CappedUploadHandler(FileUploadHandler):
    """Keep so many files in memory whose fields end so, each cut one byte behind the limit; skip all others."""

    def __init__(self, field_ending: str, max_bytes: int, max_files: int = 1) -> None:
        super().__init__()
        self._ending, self._max_bytes, self._left = field_ending, max_bytes, max_files
        self._data = bytearray()

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        self._left -= 1
        if not field_name.endswith(self._ending) or self._left < 0:
            raise SkipFile
        super().new_file(field_name, *args, **kwargs)
        self._data = bytearray()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._data += raw_data[: max(0, self._max_bytes + 1 - len(self._data))]

    def file_complete(self, file_size: int) -> "UploadedFile[bytes]":
        file = ContentFile(bytes(self._data))
        return UploadedFile(file, self.file_name, self.content_type, len(self._data))


def is_same_origin(request: HttpRequest) -> bool:
    """Return whether the browser says that the form was on our pages, or says nothing."""
    site = request.META.get("HTTP_SEC_FETCH_SITE")
    if site not in {None, "same-origin", "none"}:
        return False
    origin = request.META.get("HTTP_ORIGIN")
    if origin is None or (origin == "null" and site == "same-origin"):
        return True
    if origin == _origin_of(settings.PORTAL_URL):
        return True
    host = request.META.get("HTTP_HOST") or request.get_host()  # CommonMiddleware has checked it
    return bool(origin == f"{request.scheme}://{host}")


@lru_cache(maxsize=4)
def _origin_of(address: str) -> str:
    portal = urlsplit(address)
    return f"{portal.scheme}://{portal.netloc}"
