"""What is personal in the tables of warnings; every new field is added here."""

from core.personal_data_inventory import Declared, FieldClassification

_OFFICER = "which officer wrote or issued it: author and issuer must be two"

DECLARED: Declared = {
    "alerts.Subscriber": FieldClassification(
        "commune scenario office filters opt_in_requests opt_in_requested_at confirmed_at",
        ties="id address_index",
        sealed="address_sealed",
    ),
    "alerts.Alert": FieldClassification(
        "id slug stage title short_title summary advice sms sms_share sms_marked loudspeaker"
        " title_en summary_en advice_en document_number document_date document_office"
        " document_subject document_recipients document_note audience scenario urgency severity"
        " certainty response_type effective expires reviewed_on campaign grounds changed_at year"
        " number current",
        clear={"author": _OFFICER},
    ),
    "alerts.Alert_communes": FieldClassification("id alert commune"),
    "alerts.Alert_offices": FieldClassification("id alert office"),
    "alerts.AlertStep": FieldClassification("id alert position title text quote"),
    "alerts.AlertRevision": FieldClassification(
        "id alert version msg_type identifier sent effective expires references content"
        " content_hash",
        clear={"author issued_by": _OFFICER},
    ),
    "alerts.PublicKey": FieldClassification("name kind pem since"),
    "alerts.RevisionSignature": FieldClassification(
        "revision content_key text_signature cap_key cap_message"
    ),
    "alerts.PartnerAgency": FieldClassification(
        "id name kind origins is_active disabled_reason stopped_channels created_at",
        sealed="contact_sealed webhook_sealed mail_sealed secret_sealed",
    ),
    "alerts.Delivery": FieldClassification(
        "id revision partner channel state attempts next_attempt_at ended_at created_at",
        ties="subscriber",
    ),
    "alerts.DeliveryAttempt": FieldClassification("id delivery attempted_at outcome status"),
    "alerts.PartnerReceipt": FieldClassification("id partner revision confirmed_at"),
}
