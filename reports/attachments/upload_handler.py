"""Parse a posted form while it arrives, each file straight into an encrypted draft.

Django's handlers would write files over 2.5 MB in clear into a temporary folder. Here at most a
chunk of each is in memory, and limits are counted on the way.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

from django.core import signing
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload
from django.http import HttpRequest, QueryDict
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.http.request import UnreadablePostError

from core.keys import newest_key
from reports.attachments import storage
from reports.attachments.storage import PendingUpload, Refusal, RefusedError
from reports.models import Report

FILE_FIELD = "files"
# Too large bodies are still read and discarded up to this: a browser that is cut off while it sends
# shows its own error and not our sentence.
MAX_READ_BYTES = 128 * 1024 * 1024
_DRAIN_CHUNK_BYTES = 64 * 1024
# One of the four threads of a web process stays free for reports: further uploads are read for a
# moment, answered and cut off.
_slots = threading.BoundedSemaphore(3)
# What a program sends comes unbuffered, as slowly as it likes: residents keep the other slots.
_program_slots = threading.BoundedSemaphore(1)
BUSY_READ_SECONDS = 3.0
TICKET_PARAMETER = "ve"  # in the form's address
MAX_TICKET_SECONDS = 24 * 3600  # a page about a report may stand open for a day
_TICKET_SALT = "upload-ticket"


class UnreadableError(Exception):
    """No form, an incomplete one, or too many fields; `fields` came before."""

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
    """The posted form; files beyond the first MAX_COUNT are only counted."""

    fields: QueryDict = field(default_factory=QueryDict)
    uploads: list[Upload] = field(default_factory=list)
    surplus: int = 0


@contextmanager
def parse_multipart(request: HttpRequest, *, of_program: bool = False) -> Iterator[MultipartForm]:
    """Yield the form; drafts not stored are deleted at the end. Raises UnreadableError, and RefusedError
    where a program has to wait, of which nothing is read.
    """
    with ExitStack() as taken:
        has_slot = (not of_program or _try_slot(_program_slots, taken)) and _try_slot(_slots, taken)
        if of_program and not has_slot:
            raise RefusedError(Refusal.BUSY)
        handler = _EncryptingUploadHandler(None if has_slot else Refusal.BUSY)
        try:
            storage.sweep()
            handler.form.fields = _parse_form(request, handler)
            yield handler.form
        finally:
            for upload in handler.form.uploads:
                upload.draft.delete()


def _try_slot(slots: threading.BoundedSemaphore, taken: ExitStack) -> bool:
    if has_slot := slots.acquire(blocking=False):
        taken.callback(slots.release)
    return has_slot


def _parse_form(request: HttpRequest, handler: "_EncryptingUploadHandler") -> QueryDict:
    if "HTTP_TRANSFER_ENCODING" in request.META:  # no length: Django would read nothing
        raise UnreadableError(QueryDict())
    body = _Body(request, BUSY_READ_SECONDS if handler.refusal else None)
    parser = None
    try:
        parser = MultiPartParser(request.META, cast("Any", body), [handler], "utf-8")
        fields, _ = parser.parse()
    except (MultiPartParserError, SuspiciousOperation, UnreadablePostError) as error:
        # Django keeps what it has read so far, and has no other name for it.
        fields_so_far = getattr(parser, "_post", QueryDict())
        raise UnreadableError(cast("QueryDict", fields_so_far)) from error
    if body.is_cut:
        raise UnreadableError(fields)
    return fields


def drain_body(request: HttpRequest) -> None:
    """Read and discard a body that is too large, up to MAX_READ_BYTES."""
    read_bytes = 0
    with suppress(UnreadablePostError):
        while read_bytes < MAX_READ_BYTES and (data := request.read(_DRAIN_CHUNK_BYTES)):
            read_bytes += len(data)


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
        """Return whether the connection broke: the parser takes a cut last file as complete."""
        return self._seen < self._promised and not self._stopped


class _EncryptingUploadHandler(FileUploadHandler):
    """Encrypt each file while it arrives; skip refused ones, or all with `refusal`."""

    def __init__(self, refusal: Refusal | None) -> None:
        super().__init__()
        self.form, self.refusal = MultipartForm(), refusal

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        if field_name != FILE_FIELD:
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
            upload.refusal = refused.code
            upload.draft.delete()
            raise SkipFile from refused


class DiscardFilesUploadHandler(FileUploadHandler):
    """Skip every file, for pages that take none."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise SkipFile


def issue_ticket(report: Report) -> str:
    """Return a ticket for a report whose code was shown: the front server asks about it before it stores a
    body. It names the report by a keyed hash, so that what one sends at once can be counted.
    """
    owner = newest_key().mac(_TICKET_SALT, str(report.pk).encode()).hex()[:16]
    return signing.TimestampSigner(salt=_TICKET_SALT).sign(owner)


def is_ticket_valid(ticket: str) -> bool:
    try:
        signing.TimestampSigner(salt=_TICKET_SALT).unsign(ticket, max_age=MAX_TICKET_SECONDS)
    except signing.BadSignature:
        return False
    return True
