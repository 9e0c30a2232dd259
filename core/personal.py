"""Which fields of the mechanisms' tables are personal (see core/personal_data_inventory.py)."""

from core.personal_data_inventory import Declared, FieldClassification

_OFFICER = "which officer did it: the audit log must name its people"
_REASON = "an officer's own words, which should name nobody"

DECLARED: Declared = {
    "core.AuditChainLink": FieldClassification(
        "event_id sealed_at salt detail_digest previous digest"
    ),
    "core.AuditChainCheck": FieldClassification(
        "id checked_at last_checked_id break_kind broken_at"
    ),
    "core.AuditEvent": FieldClassification(
        "id created_at subject_type kind",
        ties="subject_id",
        clear={"actor": _OFFICER, "detail": _REASON + "; erased by `redact_detail`"},
    ),
    "core.OutboxItem": FieldClassification(
        "id task priority created_at due_at leased_at leased_until attempts done_at"
        " failed_at error",
        ties="key",
    ),
}
