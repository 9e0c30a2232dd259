"""Sealing anew what older keys sealed, after a new key was put first in FIELD_ENCRYPTION_KEYS.

In small batches, each a transaction of its own, beside a portal that runs: a row that somebody
holds is passed over and comes in a later round, so that nobody waits for nobody. Nothing is noted
on the way: each row says itself which key it needs. Whoever is killed begins again, and what is
done is passed over.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, cast

import structlog
from django.db import IntegrityError, connection, transaction
from django.db.models import BinaryField, F, Func, Model, Q, QuerySet, Value
from django.db.models.lookups import Exact
from django_otp.plugins.otp_static.models import StaticToken

from accounts.models import EncryptedTOTPDevice
from core import encryption, second_factor_crypto
from core.keys import newest_key
from reports.attachments import storage
from reports.attachments.storage import COPIES, RefusedError
from reports.attachments.stream_encryption import DecryptionError
from reports.models import EvidenceFile, Receipt
from reports.submission import receipt_codes

log = structlog.get_logger(__name__)

BATCH_SIZE = 200
SEALED, INDEX = "_sealed", "_index"
# Guards of evidence let a sealed text change beside this alone (migration 0048).
_RESEALING = "SELECT set_config('reports.resealing', 'on', true)"


class EncryptedDataset(Protocol):
    """What is sealed in one way. `rows` of it wait, as far as a statement tells; `seal_anew` one of
    them, held by this transaction, and say whether it was.
    """

    @property
    def name(self) -> str: ...
    def rows(self) -> "QuerySet[Any]": ...
    def uses_old_key(self, row: Any) -> bool: ...
    def reencrypt(self, row: Any) -> bool: ...


@dataclass(frozen=True)
class EncryptedTextFields:
    """The sealed texts of a model: its fields that end in SEALED. `index` makes what stands in the
    field of the same name that ends in INDEX.
    """

    model: type[Model]
    index: Callable[[str], bytes | None] | None = None

    @property
    def name(self) -> str:
        return self.model._meta.db_table  # noqa: SLF001

    @property
    def owner(self) -> list[str]:
        """The field that says whose it is, where that is not its key."""
        return ["report_id"] if "report" in _names(self.model) else []

    @property
    def fields(self) -> list[str]:
        return [name for name in _names(self.model) if name.endswith(SEALED)]

    def rows(self) -> "QuerySet[Any]":
        older = Q()
        for field in self.fields:
            older |= ~Q(Exact(_head_of(field), Value(encryption.newest_key_prefix())))
        return self.model._default_manager.filter(older).only("pk", *self.owner, *self.fields)  # noqa: SLF001

    def uses_old_key(self, row: Any) -> bool:  # the statement has told
        return True

    def reencrypt(self, row: Any) -> bool:
        changes: dict[str, bytes | None] = {}
        for field in self.fields:
            sealed = getattr(row, field)
            if sealed is not None and not encryption.has_newest_key(sealed):
                changes |= self._anew(field, row)
        same = self.model._default_manager.filter(pk=row.pk)  # noqa: SLF001
        return bool(changes) and bool(same.update(**changes))

    def _anew(self, field: str, row: Any) -> dict[str, bytes | None]:
        """The field under the newest key, with its index; nothing where no key opens it."""
        what = field.removesuffix(SEALED)
        text = encryption.decrypt_field(row, what)
        if not text:
            return {}
        anew = {field: encryption.encrypt(text, what, encryption.associated_data(row))}
        if self.index and (index := what + INDEX) in _names(self.model):
            anew[index] = self.index(text)
        return anew


class TotpSecrets:
    """Secrets of officers' phones."""

    name = "second factors"

    def rows(self) -> "QuerySet[Any]":
        older = EncryptedTOTPDevice.objects.exclude(
            key__startswith=second_factor_crypto.sealed_by_newest()
        )
        return cast("QuerySet[Any]", older)

    def uses_old_key(self, row: EncryptedTOTPDevice) -> bool:
        return True

    def reencrypt(self, row: EncryptedTOTPDevice) -> bool:
        secret = second_factor_crypto.decrypt_secret(row.key, row.user_id)
        same = EncryptedTOTPDevice.objects.filter(pk=row.pk)
        return secret is not None and bool(
            same.update(key=second_factor_crypto.encrypt_secret(secret, row.user_id))
        )


class ReceiptHashes:
    """Keyed hashes of receipt codes that were derived from their reports."""

    name = "receipt codes"

    def rows(self) -> "QuerySet[Receipt]":
        derived = Receipt.objects.filter(replaced_at=None).select_related("report")
        return derived.exclude(hashed_with=newest_key().id)

    def uses_old_key(self, row: Receipt) -> bool:
        return True

    def reencrypt(self, row: Receipt) -> bool:
        return receipt_codes.rehash(row)


class EncryptedFiles:
    """Originals and drawn copies, on disk. Whoever erases one waits for its row."""

    name = "files"

    def rows(self) -> "QuerySet[EvidenceFile]":
        return EvidenceFile.objects.filter(erased_at=None).select_related("check_result")

    def uses_old_key(self, row: EvidenceFile) -> bool:
        return any(not _is_newest(*each) for each in _places(row))

    def reencrypt(self, row: EvidenceFile) -> bool:
        for each in _places(row):
            if not _is_newest(*each):
                storage.reencrypt(*each)
        return True


def count_pending(kind: EncryptedDataset) -> int:
    """How many rows still need an older key."""
    if not isinstance(kind, EncryptedFiles):
        return kind.rows().count()
    return sum(map(kind.uses_old_key, kind.rows().order_by("pk").iterator(BATCH_SIZE)))


def left_to_holders() -> int:
    """Codes of chance that lie under an older key: only who types one can bring it over."""
    replaced = Receipt.objects.filter(replaced_at__isnull=False)
    return replaced.exclude(hashed_with=newest_key().id).count()


def count_old_backup_codes() -> int:
    """How many officers' codes on paper open under an older key alone: only new ones replace them."""
    older = StaticToken.objects.exclude(
        token__startswith=second_factor_crypto.hashed_by(newest_key())
    )
    return int(older.count())


def run(kind: EncryptedDataset) -> Iterator[int]:
    """Seal anew whatever waits, and say after each batch how many rows were; in rounds, until one
    finds nothing that it can do.
    """
    moved = 1
    while moved:
        moved = 0
        for batch in _round(kind):
            moved += batch
            yield batch


def _round(kind: EncryptedDataset) -> Iterator[int]:
    last: Any = None
    while True:
        rows = kind.rows().order_by("pk")
        following = rows.filter(pk__gt=last) if last else rows
        keys = list(following.values_list("pk", flat=True)[:BATCH_SIZE])
        if not keys:
            return
        yield _batch(kind, keys)
        last = keys[-1]


def _batch(kind: EncryptedDataset, keys: list[Any]) -> int:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_RESEALING)
        rows = kind.rows().select_for_update(of=("self",), skip_locked=True, no_key=True)
        held = rows.filter(pk__in=keys)
        return sum(_sealed_anew(kind, row) for row in held if kind.uses_old_key(row))


def _sealed_anew(kind: EncryptedDataset, row: Any) -> bool:
    """One that cannot be stays as it is, and stops no other."""
    try:
        with transaction.atomic():
            return kind.reencrypt(row)
    except (IntegrityError, OSError, DecryptionError, RefusedError) as error:
        log.error("key.not_rotated", kind=kind.name, error=type(error).__name__)  # noqa: TRY400
        return False


def _names(model: type[Model]) -> list[str]:
    return [field.name for field in model._meta.concrete_fields]  # noqa: SLF001


def _head_of(field: str) -> Func:
    """The first bytes of a sealed text, which name its key; of a text that is none, none."""
    length = Value(len(encryption.newest_key_prefix()))
    return Func(F(field), Value(1), length, function="substring", output_field=BinaryField())


def _places(row: EvidenceFile) -> Iterator[tuple[Any, str]]:
    """Where its bytes lie: the original, and the copy if one was drawn."""
    yield row.pk, ""
    check = getattr(row, "check_result", None)
    if check and check.copy_id:
        yield check.copy_id, COPIES


def _is_newest(pk: Any, folder: str) -> bool:
    """What is lost waits for no key: `backup` and the desk tell of it."""
    try:
        return storage.has_newest_key(pk, folder)
    except FileNotFoundError:
        return True
