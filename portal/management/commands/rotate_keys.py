"""manage.py rotate_keys: encrypt everything under the first of FIELD_ENCRYPTION_KEYS.

Exit code 0: nothing needs an older key any more; 1: something does.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from alerts.delivery import subscriptions
from alerts.models import PartnerAgency, Subscriber
from core import database, encryption
from core.keys import field_keys, newest_key
from core.models import KeyProof, ZaloToken
from ops import key_rotation
from ops.backup.backup import as_command_error
from ops.key_rotation import (
    EncryptedDataset,
    EncryptedFiles,
    EncryptedTextFields,
    ReceiptHashes,
    TotpSecrets,
)
from reports.facts import contact_index
from reports.models import (
    BlockingPartner,
    Dispute,
    ErasureRequest,
    EvidenceFile,
    Followup,
    Message,
    NoticeAddress,
    OfficeQuestion,
    Report,
    ReportList,
)
from reports.notices import addresses

KINDS: tuple[EncryptedDataset, ...] = (
    EncryptedTextFields(Report, contact_index.blind_index),
    EncryptedTextFields(Followup, contact_index.blind_index),
    EncryptedTextFields(Message),
    EncryptedTextFields(NoticeAddress, addresses.compute_index),
    EncryptedTextFields(ErasureRequest),
    EncryptedTextFields(EvidenceFile),
    EncryptedTextFields(BlockingPartner),
    EncryptedTextFields(Dispute),
    EncryptedTextFields(OfficeQuestion),
    EncryptedTextFields(ReportList),
    EncryptedTextFields(
        Subscriber, lambda address: subscriptions.email_blind_index(address, newest_key())
    ),
    EncryptedTextFields(PartnerAgency),
    EncryptedTextFields(ZaloToken),
    TotpSecrets(),
    ReceiptHashes(),
    EncryptedFiles(),
    EncryptedTextFields(KeyProof),  # last: else what is left opens nothing and the start looks well
)


class Command(BaseCommand):
    help = (
        "Encrypt anew, under the first field key, whatever an older one sealed. Safe beside a "
        "running portal; killed, it continues where it was. See docs/operations/reference.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say what needs an older key")

    def handle(self, *args: Any, **options: Any) -> None:
        newest, *older = [key.id for key in field_keys()]
        self.stdout.write(
            f"Newest key, by its digest: {newest}. Older ones: {', '.join(older) or 'none'}."
        )
        if not encryption.has_right_keys():
            raise CommandError(encryption.WRONG_KEYS)
        with as_command_error():
            if not options["check"]:
                self._rotate()
            self._print_pending()

    def _rotate(self) -> None:
        if not database.try_lock("rotate keys"):
            raise CommandError("Another rotate_keys is at work.")
        for kind in KINDS:
            key_rotation.run_with_progress(kind, self._write)

    def _write(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()

    def _print_pending(self) -> None:
        waiting = {kind.name: key_rotation.count_pending(kind) for kind in KINDS}
        for name, count in waiting.items():
            self.stdout.write(f"{name}: {count} need an older key")
        self.stdout.write(
            f"codes that only their holders bring over: {key_rotation.count_old_replaced_codes()}"
        )
        on_paper = key_rotation.count_old_backup_codes()
        self.stdout.write(
            f"officers' codes on paper that only a new invitation replaces: {on_paper}"
        )
        if any(waiting.values()):
            raise CommandError("Keep the older keys: something still needs one.")
        self.stdout.write("No text, file or code of a report needs an older key.")
