"""Key rotation: encrypt again, under the newest key, what older keys encrypted.

In small transactions beside a running portal; a locked row is skipped until a later round. Each row
says which key it needs, so a killed run starts again and skips what is done.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db import transaction
from django.db.models import BinaryField, F, Func, Model, Q, QuerySet, Value
from django.db.models.lookups import Exact
from django_otp.plugins.otp_static.models import StaticToken

from accounts import second_factor_encryption
from accounts.models import EncryptedTOTPDevice
from core import encryption
from core.database import set_local
from core.keys import newest_key
from core.outbox import sweeps
from reports.attachments import storage
from reports.attachments.storage import COPY_FOLDER
from reports.models import EvidenceFile, Receipt
from reports.submission import receipt_codes

PROGRESS_INTERVAL_SECONDS = 5.0
SEALED, INDEX = "_sealed", "_index"


class StoredFile(NamedTuple):
    """A file of evidence or its copy, by name and folder, with its SHA-256 where that is on record."""

    pk: UUID
    folder: str
    sha256: bytes | None


class EncryptedDataset(ABC):
    """Rows that are encrypted in one way.

    `rows` are those that may need a newer key; `reencrypt` changes one, locked by this transaction,
    and returns whether it did.
    """

    name: str
    batch_size = 200  # rows locked at once

    @abstractmethod
    def rows(self) -> "QuerySet[Any]": ...

    @abstractmethod
    def reencrypt(self, row: Any) -> bool: ...

    def uses_old_key(self, row: Any) -> bool:
        """Return whether a row of `rows` does use an older key."""
        return True


@dataclass(frozen=True)
class EncryptedTextFields(EncryptedDataset):
    """The fields of a model that end in SEALED; `index` computes those that end in INDEX."""

    model: type[Model]
    index: Callable[[str], bytes | None] | None = None

    @property
    def name(self) -> str:  # type: ignore[override]
        return self.model._meta.db_table  # noqa: SLF001

    @property
    def owner(self) -> list[str]:
        """Return the field that says whose text it is, where that is not the primary key."""
        return ["report_id"] if "report" in _names(self.model) else []

    @property
    def fields(self) -> list[str]:
        return [name for name in _names(self.model) if name.endswith(SEALED)]

    def rows(self) -> "QuerySet[Any]":
        older = Q()
        for field in self.fields:
            older |= ~Q(Exact(_head_of(field), Value(encryption.newest_key_prefix())))
        return self.model._default_manager.filter(older).only("pk", *self.owner, *self.fields)  # noqa: SLF001

    def reencrypt(self, row: Any) -> bool:
        changes: dict[str, bytes | None] = {}
        for field in self.fields:
            sealed = getattr(row, field)
            if sealed is not None and not encryption.has_newest_key(sealed):
                changes |= self._reencrypt_field(field, row)
        same = self.model._default_manager.filter(pk=row.pk)  # noqa: SLF001
        return bool(changes) and bool(same.update(**changes))

    def _reencrypt_field(self, field: str, row: Any) -> dict[str, bytes | None]:
        """Return the field under the newest key, with its index; nothing where no key decrypts it."""
        what = field.removesuffix(SEALED)
        text = encryption.decrypt_field(row, what)
        if not text:
            return {}
        anew = {field: encryption.encrypt(text, what, encryption.associated_data(row))}
        if self.index and (index := what + INDEX) in _names(self.model):
            anew[index] = self.index(text)
        return anew


class TotpSecrets(EncryptedDataset):
    name = "second factors"

    def rows(self) -> "QuerySet[Any]":
        older = EncryptedTOTPDevice.objects.exclude(
            key__startswith=second_factor_encryption.newest_key_prefix_base64()
        )
        return cast("QuerySet[Any]", older)

    def reencrypt(self, row: EncryptedTOTPDevice) -> bool:
        secret = second_factor_encryption.decrypt_secret(row.key, row.user_id)
        same = EncryptedTOTPDevice.objects.filter(pk=row.pk)
        return secret is not None and bool(
            same.update(key=second_factor_encryption.encrypt_secret(secret, row.user_id))
        )


class ReceiptHashes(EncryptedDataset):
    """Keyed hashes of receipt codes that were derived from their reports."""

    name = "receipt codes"

    def rows(self) -> "QuerySet[Receipt]":
        derived = Receipt.objects.filter(replaced_at=None).select_related("report")
        return derived.exclude(hashed_with=newest_key().id)

    def reencrypt(self, row: Receipt) -> bool:
        return receipt_codes.rehash(row)


class EncryptedFiles(EncryptedDataset):
    """Originals and sanitized copies. An erasure waits for the lock of the row."""

    name = "files"
    batch_size = 10  # a store may take its time with each

    def rows(self) -> "QuerySet[EvidenceFile]":
        return EvidenceFile.objects.filter(erased_at=None).select_related("check_result")

    def uses_old_key(self, row: EvidenceFile) -> bool:
        return any(map(self.is_due, _iter_files(row)))

    def reencrypt(self, row: EvidenceFile) -> bool:
        for file in filter(self.is_due, _iter_files(row)):
            storage.reencrypt(*file)
        return True

    def is_due(self, file: StoredFile) -> bool:
        """Return whether an older key encrypted it; of a lost file nobody knows."""
        try:
            return not storage.has_newest_key(file.pk, file.folder)
        except FileNotFoundError:
            return False


class MisplacedFiles(EncryptedFiles):
    """Those that lie in another store than new ones do: encrypted anew, they lie in that one alone."""

    name = "moved files"

    def is_due(self, file: StoredFile) -> bool:
        """Return whether it lies elsewhere. Raises OSError where a store does not answer: it is not
        this file that cannot be moved.
        """
        return storage.lies_elsewhere(file.pk, file.folder)


def count_pending(kind: EncryptedDataset) -> int:
    """Return how many rows still need an older key."""
    if not isinstance(kind, EncryptedFiles):
        return kind.rows().count()
    return sum(map(kind.uses_old_key, kind.rows().order_by("pk").iterator(kind.batch_size)))


def count_old_replaced_codes() -> int:
    """Return how many random receipt codes have an older key: only being typed changes that."""
    replaced = Receipt.objects.filter(replaced_at__isnull=False)
    return replaced.exclude(hashed_with=newest_key().id).count()


def count_old_backup_codes() -> int:
    """Return how many backup codes are hashed with an older key: only new codes replace them."""
    older = StaticToken.objects.exclude(
        token__startswith=second_factor_encryption.key_prefix(newest_key())
    )
    return int(older.count())


def run_with_progress(kind: EncryptedDataset, write: Callable[[str], object]) -> int:
    """Encrypt again what waits, writing a line now and then and at the end; return how many rows."""
    total, done = count_pending(kind), 0
    due = time.monotonic() + PROGRESS_INTERVAL_SECONDS
    for moved in run(kind):
        done += moved
        if time.monotonic() > due:
            write(f"{kind.name}: {done} of {total}")
            due += PROGRESS_INTERVAL_SECONDS
    if total:
        write(f"{kind.name}: {done} of {total}, done")
    return done


def run(kind: EncryptedDataset) -> Iterator[int]:
    """Encrypt again what waits, in rounds until one changes nothing; yield each batch's changed rows."""
    moved = 1
    while moved:
        moved = 0
        for batch in _run_round(kind):
            moved += batch
            yield batch


def _run_round(kind: EncryptedDataset) -> Iterator[int]:
    last: Any = None
    while True:
        rows = kind.rows().order_by("pk")
        following = rows.filter(pk__gt=last) if last else rows
        keys = list(following.values_list("pk", flat=True)[: kind.batch_size])
        if not keys:
            return
        yield _run_batch(kind, keys)
        last = keys[-1]


def _run_batch(kind: EncryptedDataset, keys: list[Any]) -> int:
    with transaction.atomic():
        # Triggers on evidence let encrypted texts change in such a transaction alone.
        set_local("reports.resealing", "on")
        rows = kind.rows().select_for_update(of=("self",), skip_locked=True, no_key=True)
        locked = rows.filter(pk__in=keys)
        return sum(_try_reencrypt(kind, row) for row in locked if kind.uses_old_key(row))


def _try_reencrypt(kind: EncryptedDataset, row: Any) -> bool:
    """Return whether a row was encrypted again; one that cannot be stops no other."""
    is_changed = False
    with sweeps.Guard("key.rotation", f"{kind.name} {row.pk}"), transaction.atomic():
        is_changed = kind.reencrypt(row)
    return is_changed  # noqa: RET504  # not where the guard suppressed an error


def _names(model: type[Model]) -> list[str]:
    return [field.name for field in model._meta.concrete_fields]  # noqa: SLF001


def _head_of(field: str) -> Func:
    """Return an expression of the first bytes of an encrypted text, which name its key."""
    length = Value(len(encryption.newest_key_prefix()))
    return Func(F(field), Value(1), length, function="substring", output_field=BinaryField())


def _iter_files(row: EvidenceFile) -> Iterator[StoredFile]:
    """Yield the original, and the copy if there is one."""
    yield StoredFile(row.pk, "", bytes(row.sha256))
    check = getattr(row, "check_result", None)
    if check and check.copy_id:
        yield StoredFile(check.copy_id, COPY_FOLDER, None)
