"""An archive: one age file, in it one tar, at whose end a manifest tells what must be there.

The encryption is age's (age-encryption.org/v1): a fresh file key per archive, then chunks of
64 KiB sealed with ChaCha20-Poly1305, whose nonce counts them and marks the last. So a chunk that
is altered, missing, moved or added does not open, and neither does a file that was cut short.
BACKUP_KEY is an age identity. Archives are made to its recipient, which is told nowhere: who
has not the key can neither read an archive nor make one that opens.

Inside stands a plain tar: at 2 a.m. and without this code `age -d -i KEYFILE ARCHIVE | tar x`
opens it. Its last member, manifest.json, names every member before it with size and SHA-256.

Both ways stream: a few megabytes are held in memory, and the manifest.
"""

import contextlib
import hashlib
import io
import json
import os
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath
from typing import IO, Any, NamedTuple

import pyrage

FORMAT = 1
MANIFEST = "manifest.json"
NO_MANIFEST = "this is no archive of the portal: it holds no manifest"
CHUNK = 1024 * 1024
LARGEST = 64 * 1024 * 1024  # bytes of a manifest: it is held in memory, and tells of 400 000 files


class ArchiveError(Exception):
    """An archive that cannot be made or trusted; the message is one line for an administrator."""


class Content(NamedTuple):
    """What becomes a member: a relative path, its size in bytes, and the bytes."""

    name: str
    size: int
    data: IO[bytes]


@dataclass(frozen=True)
class Member:
    """A member as the manifest lists it: size in bytes, SHA-256 in hex."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What an archive says of itself; `about` is whatever its maker had to tell."""

    format: int
    about: dict[str, Any]
    members: list[Member]


def new_key() -> str:
    """A fresh BACKUP_KEY."""
    return str(pyrage.x25519.Identity.generate())


def is_key(text: str) -> bool:
    """Whether this can be a BACKUP_KEY: an age identity, as `age-keygen` makes them too."""
    try:
        pyrage.x25519.Identity.from_str(text)
    except pyrage.IdentityError:
        return False
    return True


# --- writing


def write(
    target: IO[bytes], key: str, contents: Iterable[Content], about: dict[str, Any]
) -> Manifest:
    """Seal the contents and what is told `about` them into `target`.

    Raises ArchiveError when the target cannot be written, and whatever the contents raise.
    """
    manifest = Manifest(FORMAT, about, [])
    stream = _Pieces(_tar(contents, manifest))
    try:
        pyrage.encrypt_io(stream, target, [_identity(key).to_public()])
    except pyrage.EncryptError as error:
        if stream.error:
            raise stream.error from None
        raise ArchiveError(f"the archive cannot be written: {_reason(error)}") from None
    return manifest


def _tar(contents: Iterable[Content], manifest: Manifest) -> Iterator[bytes]:
    for name, size, data in contents:
        digest = hashlib.sha256()
        yield _header(name, size)
        for chunk in _exactly(name, size, data):
            digest.update(chunk)
            yield chunk
        yield _padding(size)
        manifest.members.append(Member(name, size, digest.hexdigest()))
    told = json.dumps(asdict(manifest), ensure_ascii=False).encode()
    _refuse_larger(len(told))
    yield _header(MANIFEST, len(told)) + told + _padding(len(told))
    yield bytes(2 * tarfile.BLOCKSIZE)


def _exactly(name: str, size: int, data: IO[bytes]) -> Iterator[bytes]:
    while size:
        chunk = data.read(min(size, CHUNK))
        if not chunk:
            raise ArchiveError(f"{name} became shorter while it was read")
        size -= len(chunk)
        yield chunk


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member.tobuf(tarfile.PAX_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)


class _Pieces(io.RawIOBase):
    """An iterator of bytes, read as a file; keeps the error that ended it, which age would
    replace by one of its own.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")
        self.error: BaseException | None = None

    def read(self, size: int = -1, /) -> bytes:
        if not self._rest:
            with self._remembering():
                self._rest = memoryview(next(filter(None, self._pieces), b""))
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)

    def _remembering(self) -> contextlib.ExitStack:
        stack = contextlib.ExitStack()
        stack.push(self._remember)
        return stack

    def _remember(self, _: object, error: BaseException | None, __: object) -> None:
        self.error = error


# --- reading


def read(source: IO[bytes], key: str, place: Callable[[str], IO[bytes]]) -> Manifest:
    """Write every member to where `place` opens for its name; return what the manifest says.

    Only on return is the archive known to be whole and as it was made: until then what was
    placed may be half of it. Raises ArchiveError, and whatever placing raises.
    """
    with _decrypted(source, key) as plain:
        found, told = _members(plain, place)
    return _trusted(found, told)


@contextlib.contextmanager
def _decrypted(source: IO[bytes], key: str) -> Iterator[IO[bytes]]:
    """The plain bytes as a file. A block that ends well has them read and proved to the last."""
    identity = _identity(key)
    failures: list[Exception] = []
    ours, theirs = os.pipe()

    def work() -> None:
        with os.fdopen(theirs, "wb", buffering=0) as plain:
            try:
                pyrage.decrypt_io(source, plain, [identity])
            except (pyrage.DecryptError, OSError) as error:
                failures.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        with os.fdopen(ours, "rb") as plain:
            yield plain
            while plain.read(CHUNK):
                pass
    finally:
        worker.join()
    if failures:
        raise ArchiveError(_why(failures[0]))


def _members(plain: IO[bytes], place: Callable[[str], IO[bytes]]) -> tuple[list[Member], bytes]:
    """What the tar holds and the manifest's text, as far as it is a tar of ours."""
    found: list[Member] = []
    with contextlib.suppress(tarfile.TarError):
        for member, data in _files(plain):
            if member.name == MANIFEST:
                _refuse_larger(member.size)
                return found, data.read()
            if not _lies_in_a_folder(member.name):
                break
            with place(member.name) as target:
                digest = _copy(data, target)
            found.append(Member(member.name, member.size, digest))
    return found, b""


def _files(plain: IO[bytes]) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """The members, up to one that is no plain file or whose header tarfile cannot make out."""
    wrong = (tarfile.TarError, ValueError, RecursionError)
    with contextlib.suppress(*wrong), tarfile.open(fileobj=plain, mode="r|") as tar:
        for member in tar:
            data = tar.extractfile(member)
            if data is None or member.issparse():
                break
            yield member, data


def _copy(data: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := data.read(CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _trusted(found: list[Member], told: bytes) -> Manifest:
    try:
        known = json.loads(told)
        form, about = known["format"], known["about"]
        members = [Member(**member) for member in known["members"]] if form == FORMAT else []
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ArchiveError(NO_MANIFEST) from None
    if type(form) is int and form != FORMAT:
        raise ArchiveError(f"its format is {form}, this version of the portal reads {FORMAT}")
    if type(form) is not int or not isinstance(about, dict):
        raise ArchiveError(NO_MANIFEST)
    if members != found:
        raise ArchiveError("what it holds is not what its manifest lists")
    return Manifest(form, about, found)


def _refuse_larger(size: int) -> None:
    if size > LARGEST:
        raise ArchiveError(f"its manifest has {size} bytes, more than {LARGEST}")


def _lies_in_a_folder(name: str) -> bool:
    """Whether a name is `folder/…` and written in the only way that leads there."""
    path = PurePosixPath(name)
    canonical = str(path) == name and not path.is_absolute() and ".." not in path.parts
    return canonical and len(path.parts) > 1 and "\0" not in name


# --- words


def _identity(key: str) -> pyrage.x25519.Identity:
    try:
        return pyrage.x25519.Identity.from_str(key)
    except pyrage.IdentityError:
        raise ArchiveError("BACKUP_KEY is missing or is not an age key") from None


def _why(failure: Exception) -> str:
    said = str(failure).partition("\n")[0]
    if "No matching keys" in said:
        return "BACKUP_KEY does not open it: another key made it, or its beginning is damaged"
    if isinstance(failure, OSError) and failure.errno:
        return f"it cannot be read: {failure.strerror}"
    return f"it is damaged, cut short or no archive at all ({said})"


def _reason(error: Exception) -> str:
    """The system's words in what age passes on, such as `OSError: [Errno 28] No space left …`."""
    return str(error).rpartition("] ")[2]
