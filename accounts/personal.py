"""Which fields of officers' tables are personal (see core/personal_data_inventory.py)."""

from core.personal_data_inventory import Declared, FieldClassification

_OFFICER = "which officer did it: the record of acts must name its people"

DECLARED: Declared = {
    "accounts.OfficerProfile": FieldClassification(
        "idle_since idle_warned_at oidc_issuer",
        clear={"user oidc_subject": "whom the ministry's account lets in: compared at the door"},
    ),
    "accounts.DeskPreference": FieldClassification(
        "keyboard_shortcuts advance_after_action", clear={"officer": _OFFICER}
    ),
}
