"""Tables of warnings, their deliveries, partners and subscribers."""

from alerts.models.cap_terms import (
    CancelReason,
    Certainty,
    MsgType,
    ResponseType,
    Severity,
    State,
    Urgency,
    default_response_types,
)
from alerts.models.partners import (
    Channel,
    Delivery,
    DeliveryAttempt,
    PartnerAgency,
    PartnerReceipt,
)
from alerts.models.revisions import (
    AlertRevision,
    AlertRevisionQuerySet,
    PublicKey,
    RevisionSignature,
)
from alerts.models.subscribers import Subscriber
from alerts.models.warnings import (
    MAX_LOUDSPEAKER_SYLLABLES,
    MAX_MARKED_SMS_CHARS,
    MAX_SMS_CHARS,
    Alert,
    AlertStep,
    validate_single_sms,
)

__all__ = [
    "MAX_LOUDSPEAKER_SYLLABLES",
    "MAX_MARKED_SMS_CHARS",
    "MAX_SMS_CHARS",
    "Alert",
    "AlertRevision",
    "AlertRevisionQuerySet",
    "AlertStep",
    "CancelReason",
    "Certainty",
    "Channel",
    "Delivery",
    "DeliveryAttempt",
    "MsgType",
    "PartnerAgency",
    "PartnerReceipt",
    "PublicKey",
    "ResponseType",
    "RevisionSignature",
    "Severity",
    "State",
    "Subscriber",
    "Urgency",
    "default_response_types",
    "validate_single_sms",
]
