"""A private bucket of an S3 store as a Django storage: read as a stream, written whole or not at all, erased with
every version.

What the store refuses is an OSError, as of a disk, with the store's own word for it. Waits are bounded, and a store that
did not answer is not asked for some seconds: a frozen one costs one thread a few seconds, once.
"""

import contextlib
import errno
import io
import time
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import uuid4

from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage

CONNECT_TIMEOUT_SECONDS = 2.0  # of each write to its socket too
READ_TIMEOUT_SECONDS = 4.0
RETRY_DELAY_SECONDS = 15.0  # until a store that did not answer is asked again, by one thread
PUBLIC = "public"
_SCHEMES = {"s3": "https", "s3+http": "http"}
_REFUSED = errno.EACCES
_NUMBERS = {
    "NoSuchKey": errno.ENOENT, "404": errno.ENOENT, "403": _REFUSED, "AccessDenied": _REFUSED,
    "InvalidAccessKeyId": _REFUSED, "SignatureDoesNotMatch": _REFUSED, "RequestTimeTooSkewed": _REFUSED,
    "507": errno.ENOSPC, "InsufficientStorage": errno.ENOSPC, "QuotaExceeded": errno.EDQUOT,
}  # fmt: skip


def parse_bucket_url(url: str) -> dict[str, Any]:
    """Return the options of S3Storage from s3://ID:SECRET@host:port/bucket, or s3+http:// without TLS;
    after ? stand others of its options. Raises ValueError.
    """
    parts, bucket = urlsplit(url), urlsplit(url).path.strip("/")
    is_whole = parts.username and parts.password and parts.hostname and bucket
    if parts.scheme not in _SCHEMES or not is_whole or "/" in bucket:
        raise ValueError("not s3://ID:SECRET@host/bucket, with %2F for a slash in the secret")
    return {
        "addressing_style": "path",
        **dict(parse_qsl(parts.query, strict_parsing=bool(parts.query))),
        "endpoint_url": f"{_SCHEMES[parts.scheme]}://{parts.netloc.rpartition('@')[2]}",
        "bucket_name": bucket,
        "access_key": unquote(str(parts.username)),
        "secret_key": unquote(str(parts.password)),
    }


class BucketStorage(S3Storage):
    """The bucket of a URL; nobody reads it but by that URL's key."""

    def __init__(self, url: str) -> None:
        super().__init__(**parse_bucket_url(url))
        self._asleep_until = 0.0
        self.client_config = Config(
            signature_version="s3v4",
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=READ_TIMEOUT_SECONDS,
            retries={"total_max_attempts": 2, "mode": "standard"},
            s3={"addressing_style": self.addressing_style},
            # Of stores that are not Amazon's some know no other.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )

    def list_files(self, prefix: str) -> Iterator[tuple[str, float]]:
        """Yield the name and time of each version of what begins so, of deleted ones too."""
        for row in self._list_versions(prefix):
            yield row["Key"], row["LastModified"].timestamp()

    def exists(self, name: str) -> bool:
        try:
            with self._ask(name) as client:
                client.head_object(Bucket=self.bucket_name, Key=name)
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str, but: str = "") -> None:
        """Erase every version, `but` one, and every mark of a deletion. Raises OSError."""
        for version in [
            row["VersionId"] for row in self._list_versions(name) if row["Key"] == name
        ]:
            if version != but:
                with self._ask(name) as client:
                    client.delete_object(Bucket=self.bucket_name, Key=name, VersionId=version)

    def find_problem(self) -> str:
        """Return why no file can be stored here and erased again, PUBLIC where everybody reads it, or ""."""
        name = f"probe/{uuid4()}"
        try:
            self.save(name, ContentFile(b"probe"))
            is_public = self._is_public(name)
            self.delete(name)
        except OSError as error:
            return str(error.strerror)
        return PUBLIC if is_public else ""

    def _open(self, name: str, mode: str = "rb") -> File:
        with self._ask(name) as client:
            body = client.get_object(Bucket=self.bucket_name, Key=name)["Body"]
        return File(io.BufferedReader(_Body(self, name, body)), name)

    def _save(self, name: str, content: File) -> str:
        """Store it in one request; a bucket that keeps versions keeps no older one of it."""
        with self._ask(name) as client:
            stored = client.put_object(Bucket=self.bucket_name, Key=name, Body=content.file)
        if version := stored.get("VersionId"):
            self.delete(name, but=version)
        return name

    def _list_versions(self, prefix: str) -> Iterator[dict[str, Any]]:
        with self._ask(prefix) as client:
            pages = client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.bucket_name, Prefix=prefix):
                yield from (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))

    def _is_public(self, name: str) -> bool:
        """Return whether somebody without a key is given a file or the list of them."""
        config = self.client_config.merge(Config(signature_version=UNSIGNED))
        stranger = self._create_session().client(
            "s3", endpoint_url=self.endpoint_url, verify=self.verify, config=config,
            region_name=self.region_name,
        )  # fmt: skip
        for ask in (partial(stranger.get_object, Key=name), stranger.list_objects_v2):
            with self._ask(name), contextlib.suppress(ClientError):
                ask(Bucket=self.bucket_name)
                return True
        return False

    @contextlib.contextmanager
    def _ask(self, name: str) -> Iterator[Any]:
        """Yield the client, and raise what it raises as OSError."""
        place = f"{self.bucket_name}/{name}"
        if time.monotonic() < self._asleep_until:
            raise OSError(errno.ETIMEDOUT, "NotAskedAgainYet", place)
        if self._asleep_until:  # this thread finds out, and no other waits with it
            self._asleep_until = time.monotonic() + RETRY_DELAY_SECONDS
        try:
            yield self.connection.meta.client
            self._asleep_until = 0.0
        except ClientError as error:
            self._asleep_until = 0.0
            code = str(error.response.get("Error", {}).get("Code"))
            raise OSError(_NUMBERS.get(code, errno.EIO), code, place) from error
        except BotoCoreError as error:
            self._asleep_until = time.monotonic() + RETRY_DELAY_SECONDS
            raise OSError(errno.ETIMEDOUT, type(error).__name__, place) from error


class _Body(io.RawIOBase):
    """The bytes of an answer, as they come."""

    def __init__(self, store: BucketStorage, name: str, body: Any) -> None:
        self._store, self._name, self._body = store, name, body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._store._ask(self._name):  # noqa: SLF001
            data: bytes = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._body.close()
        super().close()
