"""Which fields of officers' tables are personal (see core/personal_data_inventory.py)."""

from core.personal_data_inventory import Declared, FieldClassification

_OFFICER = "which officer did it: the audit log must name its people"

DECLARED: Declared = {
    "accounts.OfficerProfile": FieldClassification(
        "idle_since idle_warned_at oidc_issuer",
        clear={"user oidc_subject": "the ministry's account that may log in: compared at log-in"},
    ),
    "accounts.DeskPreference": FieldClassification(
        "keyboard_shortcuts advance_after_action", clear={"officer": _OFFICER}
    ),
}
