"""A warning as schema.org's SpecialAnnouncement, for search engines. Pure."""

import json
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import get_language

from alerts.formats.localization import localize
from alerts.models import AlertRevision, MsgType
from core.province import province
from core.province_names import get_police_name

# A block of data in a page ends at the first "</script", wherever that stands.
_FOR_HTML = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def special_announcement_json(revision: AlertRevision) -> SafeString | None:
    """JSON that may stand inside a script element as it is; None for what is said no more."""
    words, told = revision.frozen_content, localize(revision.frozen_content)
    if words.message.msg_type == MsgType.CANCEL:
        return None
    values: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "SpecialAnnouncement",
        "name": told.title,
        "text": "\n".join((told.summary, *told.advice)),
        "url": told.web,
        "datePosted": words.message.effective.isoformat(),
        "inLanguage": "vi" if told.borrowed else get_language(),
        "spatialCoverage": {"@type": "AdministrativeArea", "name": province.name},
        "announcementLocation": {
            "@type": "GovernmentOffice",
            "name": get_police_name(),
            "telephone": province.hotline_key,
        },
    }
    if words.message.expires:
        values["expires"] = words.message.expires.isoformat()
    return SafeString(json.dumps(values, ensure_ascii=False).translate(_FOR_HTML))  # nosec B703
