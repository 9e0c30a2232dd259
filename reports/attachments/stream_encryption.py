"""Sealing what is too large to be sealed at once: STREAM, as age and others build it.

Chunks of 64 KiB under ChaCha20-Poly1305; the nonce counts them and marks the last. So a chunk
that is altered, missing, moved or added does not open, and neither does what was cut short. The
key is made from a key of FIELD_ENCRYPTION_KEYS and the identity of what is sealed: it serves that one thing,
so that its nonces may begin at nought, and no sealed file opens in the place of another.

On disk: one byte of format, eight of the key's name, then the chunks.
"""

from collections.abc import Iterator
from typing import IO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from core.keys import FieldKey, key_by_id, newest_key

CHUNK = 64 * 1024
_SEALED_CHUNK = CHUNK + 16  # with its tag
_FORMAT = b"\x01"
_KEY_NAME = 8
_PURPOSE = "evidence file"


class DecryptionError(Exception):
    """What lies there cannot be opened: altered, cut short, or its key has been taken away."""


def _cipher(key: FieldKey, identity: UUID) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(key.mac(_PURPOSE, identity.bytes))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + bytes([last])


class StreamEncryptor:
    """Seals into `target` under the newest key whatever is written, at most a chunk in memory."""

    def __init__(self, target: IO[bytes], identity: UUID) -> None:
        key = newest_key()
        self._target, self._cipher = target, _cipher(key, identity)
        self._waiting, self._number = bytearray(), 0
        target.write(_FORMAT + key.id.encode())

    def write(self, data: bytes) -> None:
        self._waiting += data
        while len(self._waiting) > CHUNK:  # a full one may still be the last
            self._seal(last=False)

    def finish(self) -> None:
        """Seal what is left; without this nothing opens."""
        self._seal(last=True)

    def _seal(self, *, last: bool) -> None:
        chunk = bytes(self._waiting[:CHUNK])
        del self._waiting[:CHUNK]
        self._target.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, None))
        self._number += 1


def key_id_of(source: IO[bytes]) -> str:
    """The name of the key that sealed it; "" where it is not of our format."""
    head = source.read(len(_FORMAT) + _KEY_NAME)
    return head[len(_FORMAT) :].decode("latin-1") if head.startswith(_FORMAT) else ""


def decrypt_stream(source: IO[bytes], identity: UUID) -> Iterator[bytes]:
    """What was sealed, chunk by chunk. Raises SealBrokenError where it does not open."""
    key = key_by_id(key_id_of(source))
    if key is None:
        raise DecryptionError
    cipher, number = _cipher(key, identity), 0
    chunk = source.read(_SEALED_CHUNK)
    while True:
        following = source.read(_SEALED_CHUNK)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), chunk, None)
        except InvalidTag as error:
            raise DecryptionError from error
        if not following:
            return
        chunk, number = following, number + 1
