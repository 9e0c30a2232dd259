"""Which fields of the desk's tables are personal (see core/personal_data_inventory.py)."""

from core.personal_data_inventory import Declared, FieldClassification

_OFFICER = "which officer did it: the audit log must name its people"
_REASON = "an officer's own words, which should name nobody"

DECLARED: Declared = {
    "desk.SavedSearch": FieldClassification(
        "id name is_shared notify_threshold hits counted_at notified_at",
        clear={"query": _REASON, "owner": _OFFICER},
    ),
    "desk.ReportViewer": FieldClassification(
        "id last_seen_at", ties="report", clear={"officer": _OFFICER}
    ),
}
