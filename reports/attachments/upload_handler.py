"""A posted form with files, read as it comes: each file straight into a sealed draft.

Django's own handlers would lay files over 2.5 MB in clear into a temporary folder. Here no more
than a chunk of each is in memory and nothing in clear on a disk; limits are counted on the way.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.http.request import UnreadablePostError

from reports.attachments import storage
from reports.attachments.storage import PendingUpload, Refusal, RefusedError

FIELD = "files"
# What is too large is still read off the line, and thrown away: a browser that is cut off while
# it sends shows its own error and not our sentence. Beyond this even so.
MAX_READ_BYTES = 128 * 1024 * 1024
_STEP = 64 * 1024
# Of the four threads of a web process one is left to those who report: who comes on top is read
# past for a moment, answered and cut off.
_places = threading.BoundedSemaphore(3)
BUSY_SECONDS = 3.0


class UnreadableError(Exception):
    """No form, not a whole one, or one with far too many fields. `fields` are those that came
    before it broke off.
    """

    def __init__(self, fields: QueryDict) -> None:
        super().__init__()
        self.fields = fields


@dataclass
class Upload:
    """One file of the form: a finished draft, or why it was refused."""

    draft: PendingUpload
    refusal: Refusal | None = None


@dataclass
class MultipartForm:
    """What was posted. Files beyond the first MOST are only counted."""

    fields: QueryDict = field(default_factory=QueryDict)
    uploads: list[Upload] = field(default_factory=list)
    surplus: int = 0


@contextmanager
def parse_multipart(request: HttpRequest) -> Iterator[MultipartForm]:
    """The posted form; drafts that were not kept are gone when the block ends.

    Raises UnreadableError.
    """
    has_place = _places.acquire(blocking=False)
    handler = _EncryptingUploadHandler(None if has_place else Refusal.BUSY)
    try:
        storage.sweep()
        handler.form.fields = _parse_form(request, handler)
        yield handler.form
    finally:
        for upload in handler.form.uploads:
            upload.draft.delete()
        if has_place:
            _places.release()


def _parse_form(request: HttpRequest, handler: "_EncryptingUploadHandler") -> QueryDict:
    if "HTTP_TRANSFER_ENCODING" in request.META:  # no length told: Django would read nothing
        raise UnreadableError(QueryDict())
    body = _Body(request, BUSY_SECONDS if handler.refusal else None)
    parser = None
    try:
        parser = MultiPartParser(request.META, cast("Any", body), [handler], "utf-8")
        fields, _ = parser.parse()
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError) as error:
        # Django keeps what it has read so far, and has no other name for it.
        came = getattr(parser, "_post", QueryDict())
        raise UnreadableError(cast("QueryDict", came)) from error
    if body.is_cut:
        raise UnreadableError(fields)
    return fields


def drain_body(request: HttpRequest) -> None:
    """Take what is too large off the line and throw it away, up to MOST_READ."""
    seen = 0
    with suppress(UnreadablePostError):
        while seen < MAX_READ_BYTES and (data := request.read(_STEP)):
            seen += len(data)


class _Body:
    """The request's body, counted; with `seconds`, read no longer than that."""

    def __init__(self, request: HttpRequest, seconds: float | None) -> None:
        self._request, self._seen, self._stopped = request, 0, False
        self._until = time.monotonic() + seconds if seconds else float("inf")
        self._promised = int(request.META.get("CONTENT_LENGTH") or 0)

    def read(self, size: int | None = None, /) -> bytes:
        if self._seen > MAX_READ_BYTES or time.monotonic() > self._until:
            self._stopped = True
            raise StopUpload(connection_reset=True)
        data = self._request.read(size)
        self._seen += len(data)
        return data

    @property
    def is_cut(self) -> bool:
        """Whether the line broke: Django's parser takes what came of the last file for whole."""
        return self._seen < self._promised and not self._stopped


class _EncryptingUploadHandler(FileUploadHandler):
    """Seals each file while it comes, and reads past those that are refused: all of them, where
    `refusal` says why.
    """

    def __init__(self, refusal: Refusal | None) -> None:
        super().__init__()
        self.form, self.refusal = MultipartForm(), refusal

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        if field_name != FIELD:
            raise SkipFile
        if len(self.form.uploads) == storage.MAX_COUNT:
            self.form.surplus += 1
            raise SkipFile
        self.form.uploads.append(Upload(PendingUpload(file_name), self.refusal))
        if self.refusal:
            raise SkipFile
        self._or_skip(lambda draft: draft.open())

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._or_skip(lambda draft: draft.write(raw_data))

    def file_complete(self, file_size: int) -> None:
        with suppress(SkipFile):  # all of it has been read
            self._or_skip(lambda draft: draft.finish())

    def _or_skip(self, step: Callable[[PendingUpload], None]) -> None:
        upload = self.form.uploads[-1]
        try:
            step(upload.draft)
        except RefusedError as refused:
            upload.refusal = refused.why
            upload.draft.delete()
            raise SkipFile from refused


class DiscardFilesUploadHandler(FileUploadHandler):
    """For every other page: it takes no files, and none is written anywhere."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SkipFile

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Nothing comes here."""

    def file_complete(self, file_size: int) -> None:
        """Nor here."""
