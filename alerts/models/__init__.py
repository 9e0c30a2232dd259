"""Tables of warnings, their deliveries, partners and subscribers."""

from alerts.models.cap_terms import CancelReason as CancelReason
from alerts.models.cap_terms import MsgType as MsgType
from alerts.models.cap_terms import ResponseType as ResponseType
from alerts.models.cap_terms import State as State
from alerts.models.partners import Delivery as Delivery
from alerts.models.partners import DeliveryAttempt as DeliveryAttempt
from alerts.models.partners import PartnerAgency as PartnerAgency
from alerts.models.partners import PartnerReceipt as PartnerReceipt
from alerts.models.partners import Subscriber as Subscriber
from alerts.models.revisions import AlertRevision as AlertRevision
from alerts.models.revisions import AlertRevisionQuerySet as AlertRevisionQuerySet
from alerts.models.revisions import PublicKey as PublicKey
from alerts.models.revisions import RevisionSignature as RevisionSignature
from alerts.models.translations import AlertTranslation as AlertTranslation
from alerts.models.translations import Language as Language
from alerts.models.translations import Sound as Sound
from alerts.models.warnings import MAX_LOUDSPEAKER_SYLLABLES as MAX_LOUDSPEAKER_SYLLABLES
from alerts.models.warnings import MAX_MARKED_SMS_CHARS as MAX_MARKED_SMS_CHARS
from alerts.models.warnings import MAX_SMS_CHARS as MAX_SMS_CHARS
from alerts.models.warnings import Alert as Alert
from alerts.models.warnings import AlertStep as AlertStep
