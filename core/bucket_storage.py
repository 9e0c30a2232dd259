"""A private bucket of an S3 store as a Django storage: read as a stream, written whole or not at all, erased with
every version.

What the store refuses is an OSError, as of a disk, with the store's own word for it. Waits are bounded, and a store that
did not answer is not asked for some seconds: a frozen one costs one thread a few seconds, once.
"""

import contextlib
import errno
import io
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
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
_MISSING = {"NoSuchKey", "404"}


def parse_bucket_url(url: str) -> dict[str, Any]:
    """Return the options of S3Storage from s3://ID:SECRET@host:port/bucket, or s3+http:// without TLS;
    after ? stand others of its options. Raises ValueError.
    """
    parts = urlsplit(url)
    bucket = parts.path.strip("/")
    is_whole = parts.username and parts.password and parts.hostname and parts.port != 0 and bucket
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
        self._left_alone_until = 0.0
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
            with self._request(name) as client:
                client.head_object(Bucket=self.bucket_name, Key=name)
        except FileNotFoundError:
            return False
        return True

    def delete(self, name: str) -> None:
        """Erase every version and every mark of a deletion. Raises OSError."""
        self._erase_versions(name)

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

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        with self._request(name) as client:
            body = client.get_object(Bucket=self.bucket_name, Key=name)["Body"]
        return File(io.BufferedReader(_Body(partial(self._request, name), body)), name)

    def _save(self, name: str, content: "File[bytes]") -> str:
        """Store it in one request; a bucket that keeps versions keeps no older one of it."""
        with self._request(name) as client:
            stored = client.put_object(Bucket=self.bucket_name, Key=name, Body=content.file)
        if version := stored.get("VersionId"):
            self._erase_versions(name, before=version)
        return name

    def _erase_versions(self, name: str, before: str = "") -> None:
        """Erase every version, or those before one; another process may have stored a later one."""
        versions = [row["VersionId"] for row in self._list_versions(name) if row["Key"] == name]
        if (
            before
        ):  # a store lists the newest first, and what is not listed was replaced by a later one
            versions = versions[versions.index(before) + 1 :] if before in versions else []
        for version in versions:
            with self._request(name) as client:
                client.delete_object(Bucket=self.bucket_name, Key=name, VersionId=version)

    def _list_versions(self, prefix: str) -> Iterator[dict[str, Any]]:
        with self._request(prefix) as client:
            pages = client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.bucket_name, Prefix=prefix):
                yield from (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))

    def _is_public(self, name: str) -> bool:
        """Return whether somebody without a key is given a file or the list of them."""
        config = self.client_config.merge(Config(signature_version=UNSIGNED))
        where = {"endpoint_url": self.endpoint_url, "region_name": self.region_name}
        stranger = self._create_session().client("s3", verify=self.verify, config=config, **where)
        for ask in (partial(stranger.get_object, Key=name), stranger.list_objects_v2):
            with self._request(name), contextlib.suppress(ClientError):
                ask(Bucket=self.bucket_name)
                return True
        return False

    @contextlib.contextmanager
    def _request(self, name: str) -> Iterator[Any]:
        """Yield the client, and raise what it raises as OSError."""
        place = f"{self.bucket_name}/{name}"
        if time.monotonic() < self._left_alone_until:
            raise OSError(errno.ETIMEDOUT, "NotAskedAgainYet", place)
        if self._left_alone_until:
            # This thread finds out, and no other waits with it.
            self._left_alone_until = time.monotonic() + RETRY_DELAY_SECONDS
        try:
            yield self.connection.meta.client
            self._left_alone_until = 0.0
        except ClientError as error:
            self._left_alone_until = 0.0
            code = str(error.response.get("Error", {}).get("Code"))
            raise OSError(errno.ENOENT if code in _MISSING else errno.EIO, code, place) from error
        except BotoCoreError as error:
            self._left_alone_until = time.monotonic() + RETRY_DELAY_SECONDS
            raise OSError(errno.ETIMEDOUT, type(error).__name__, place) from error


class _Body(io.RawIOBase):
    """The bytes of an answer, as they come; reading may fail like any `request`."""

    def __init__(self, request: Callable[[], AbstractContextManager[Any]], body: Any) -> None:
        self._request, self._body = request, body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._request():
            data: bytes = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._body.close()
        super().close()
