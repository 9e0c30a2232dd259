"""Which fields are personal in the tables of packages, and the union with what each room declares."""

import accounts.models
import alerts.personal
import core.models
import desk.models
import reports.models.personal
from core.personal_data_inventory import Declared, FieldClassification

_ACCOUNT = "an officer's account: who logs in is known by name"
_LOG_IN = "of who tried to log in as an officer: a lock goes by name and address, for a while"

_FOREIGN: Declared = {
    "admin.LogEntry": FieldClassification(
        "id action_time content_type object_id action_flag",
        clear={
            "user": _ACCOUNT,
            "object_repr change_message": "names of rows that the desk edits by form, no report's",
        },
    ),
    "auth.Permission": FieldClassification("id name content_type codename"),
    "auth.Group": FieldClassification("id name"),
    "auth.Group_permissions": FieldClassification("id group permission"),
    "auth.User": FieldClassification(
        "id last_login is_superuser is_staff is_active date_joined",
        clear={
            "username first_name last_name email": _ACCOUNT,
            "password": "hashed, no password can be read in it",  # nosec B105
        },
    ),
    "auth.User_groups": FieldClassification("id group", clear={"user": _ACCOUNT}),
    "auth.User_user_permissions": FieldClassification("id permission", clear={"user": _ACCOUNT}),
    "contenttypes.ContentType": FieldClassification("id app_label model"),
    "sessions.Session": FieldClassification(
        "expire_date",
        ties="session_key",
        clear={
            "session_data": "an officer's number and times, and what the ministry's account told at the"
            " log-in, signed; residents have no session"
        },
    ),
    "otp_totp.TOTPDevice": FieldClassification(
        "id confirmed throttling_failure_timestamp throttling_failure_count created_at"
        " last_used_at step t0 digits tolerance drift last_t",
        sealed="key",
        clear={"user name": _ACCOUNT},
    ),
    "otp_static.StaticDevice": FieldClassification(
        "id confirmed throttling_failure_timestamp throttling_failure_count created_at"
        " last_used_at",
        clear={"user name": _ACCOUNT},
    ),
    # A keyed hash, as of receipts.
    "otp_static.StaticToken": FieldClassification("id device", ties="token"),
    "axes.AccessFailureLog": FieldClassification(
        "id http_accept path_info attempt_time locked_out",
        clear={"username ip_address user_agent": _LOG_IN},
    ),
    "axes.AccessAttempt": FieldClassification(
        "id http_accept path_info attempt_time failures_since_start",
        clear={"username ip_address user_agent get_data post_data": _LOG_IN},
    ),
    "axes.AccessAttemptExpiration": FieldClassification("access_attempt expires_at"),
    "axes.AccessLog": FieldClassification(
        "id http_accept path_info attempt_time logout_time",
        ties="session_hash",
        clear={"username ip_address user_agent": _LOG_IN},
    ),
}

DECLARED: Declared = {
    **core.models.PERSONAL_DATA,
    **reports.models.personal.DECLARED,
    **accounts.models.PERSONAL_DATA,
    **alerts.personal.DECLARED,
    **desk.models.PERSONAL_DATA,
    **_FOREIGN,
}
