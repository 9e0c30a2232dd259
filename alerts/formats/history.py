"""How a warning went from word to word: what its public history says of each. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from alerts.models import AlertRevision, CancelReason, MsgType
from alerts.models.content import Content

_KINDS: Mapping[str, str] = {
    MsgType.ALERT: _("Phát lần đầu"),
    MsgType.UPDATE: _("Cập nhật"),
    CancelReason.OVER: _("Hết hiệu lực"),
    CancelReason.ERROR: _("Rút lại"),
}
_PARTS: Mapping[str, str] = {
    "title": _("tiêu đề"),
    "short_title": _("tiêu đề ngắn"),
    "summary": _("tóm tắt"),
    "advice": _("việc phải làm"),
    "steps": _("cách họ lừa"),
    "sms": _("tin nhắn"),
    "sms_marked": _("tin nhắn"),
    "sms_share": _("tin để nhắn nhau"),
    "loudspeaker": _("bài đọc loa"),
    "english": _("bản tiếng Anh"),
    "document": _("văn bản gốc"),
    "audience": _("gửi đến ai"),
    "communes": _("xã, phường"),
    "offices": _("cơ quan bị giả danh"),
    "scenario": _("kiểu lừa"),
    "urgency": _("mức độ"),
    "severity": _("mức độ"),
    "certainty": _("mức độ"),
    "response_type": _("người dân cần làm gì"),
    "reviewed_on": _("ngày rà soát"),
}


@dataclass(frozen=True)
class VersionEntry:
    """One version; `changed` names in words what differs from the one before, "" of the first."""

    revision: AlertRevision
    kind: str
    changed: str
    readable: bool

    @property
    def planned(self) -> bool:
        """Whether it was said before it took effect."""
        return self.revision.effective > self.revision.sent


def version_entries(said: Sequence[AlertRevision]) -> list[VersionEntry]:
    """The versions, newest first as they come. What was withdrawn may not be read again here."""
    withdrawn = said[0].frozen_content.message.ending == CancelReason.ERROR
    changes = [
        changed_fields(before.frozen_content, after.frozen_content)
        for after, before in pairwise(said)
    ]
    return [
        VersionEntry(revision, _kind(revision), change, readable=not withdrawn)
        for revision, change in zip(said, [*changes, ""], strict=True)
    ]


def superseded_before_onset(said: Sequence[AlertRevision]) -> list[int]:
    """Versions that were replaced or cancelled before they took effect."""
    return sorted(set(range(1, said[0].version)) - {revision.version for revision in said})


def changed_fields(before: Content, after: Content) -> str:
    """The parts that differ, each named once: "tóm tắt, thời hạn"; of a Cancel nothing."""
    if after.message.msg_type == MsgType.CANCEL:
        return ""
    parts = [name for part, name in _PARTS.items() if getattr(before, part) != getattr(after, part)]
    if before.message.expires != after.message.expires:
        parts.append(_("thời hạn"))
    return ", ".join(map(gettext, dict.fromkeys(parts)))


def _kind(revision: AlertRevision) -> str:
    return gettext(_KINDS[revision.frozen_content.message.ending or revision.msg_type])
