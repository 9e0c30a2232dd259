"""Encryption of what is too large to be encrypted at once: STREAM, as in age.

Chunks of 64 KiB under ChaCha20-Poly1305; the nonce counts them and marks the last, so an altered,
missing, moved or added chunk does not decrypt, nor does a truncated file. The key is derived from a
key of FIELD_ENCRYPTION_KEYS and the file's id, so nonces may begin at zero, and no file decrypts in
place of another. On disk: one byte of format, eight of the key's name, the chunks.
"""

from collections.abc import Iterator
from typing import IO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from core.keys import FieldKey, key_by_id, newest_key

CHUNK_BYTES = 64 * 1024
_ENCRYPTED_CHUNK_BYTES = CHUNK_BYTES + 16  # with its tag
_FORMAT = b"\x01"
_KEY_ID_BYTES = 8
_PURPOSE = "evidence file"


class DecryptionError(Exception):
    """The file is altered or truncated, or its key was removed."""


def _cipher(key: FieldKey, identity: UUID) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(key.mac(_PURPOSE, identity.bytes))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + bytes([last])


class StreamEncryptor:
    """Encrypt writes into `target` under the newest key, with at most a chunk in memory."""

    def __init__(self, target: IO[bytes], identity: UUID) -> None:
        key = newest_key()
        self._target, self._cipher = target, _cipher(key, identity)
        self._waiting, self._number = bytearray(), 0
        target.write(_FORMAT + key.id.encode())

    def write(self, data: bytes) -> None:
        self._waiting += data
        while len(self._waiting) > CHUNK_BYTES:  # a full one may still be the last
            self._seal(last=False)

    def finish(self) -> None:
        """Encrypt what is left; without this nothing decrypts."""
        self._seal(last=True)

    def _seal(self, *, last: bool) -> None:
        chunk = bytes(self._waiting[:CHUNK_BYTES])
        del self._waiting[:CHUNK_BYTES]
        self._target.write(self._cipher.encrypt(_nonce(self._number, last=last), chunk, None))
        self._number += 1


def key_id_of(source: IO[bytes]) -> str:
    """Return the name of the key that encrypted it, "" where it is not of our format."""
    head = source.read(len(_FORMAT) + _KEY_ID_BYTES)
    return head[len(_FORMAT) :].decode("latin-1") if head.startswith(_FORMAT) else ""


def decrypt_stream(source: IO[bytes], identity: UUID) -> Iterator[bytes]:
    """Yield the decrypted chunks. Raises DecryptionError."""
    key = key_by_id(key_id_of(source))
    if key is None:
        raise DecryptionError
    cipher, number = _cipher(key, identity), 0
    chunk = source.read(_ENCRYPTED_CHUNK_BYTES)
    while True:
        following = source.read(_ENCRYPTED_CHUNK_BYTES)
        try:
            yield cipher.decrypt(_nonce(number, last=not following), chunk, None)
        except InvalidTag as error:
            raise DecryptionError from error
        if not following:
            return
        chunk, number = following, number + 1
