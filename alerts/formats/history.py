"""What the public history of a warning says of each version. Pure."""

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
    "translations": _("bản đọc, bản dịch"),
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
    """A version; `changed` names what differs from the one before, "" of the first."""

    revision: AlertRevision
    kind: str
    changed: str
    readable: bool

    @property
    def planned(self) -> bool:
        """Return whether it was issued before it took effect."""
        return self.revision.effective > self.revision.sent


def version_entries(revisions: Sequence[AlertRevision]) -> list[VersionEntry]:
    """Return an entry a version, in the given order; of a withdrawn warning not readable."""
    withdrawn = revisions[0].frozen_content.message.is_withdrawn
    changes = [
        changed_fields(before.frozen_content, after.frozen_content)
        for after, before in pairwise(revisions)
    ]
    return [
        VersionEntry(revision, _kind_label(revision), change, readable=not withdrawn)
        for revision, change in zip(revisions, [*changes, ""], strict=True)
    ]


def superseded_before_onset(revisions: Sequence[AlertRevision]) -> list[int]:
    """Return the versions that were replaced or cancelled before they took effect."""
    visible = {revision.version for revision in revisions}
    return sorted(set(range(1, revisions[0].version)) - visible)


def changed_fields(before: Content, after: Content) -> str:
    """Return the parts that differ, each named once: "tóm tắt, thời hạn"; "" of a Cancel."""
    if after.message.msg_type == MsgType.CANCEL:
        return ""
    parts = [name for part, name in _PARTS.items() if getattr(before, part) != getattr(after, part)]
    if before.message.expires != after.message.expires:
        parts.append(_("thời hạn"))
    return ", ".join(map(gettext, dict.fromkeys(parts)))


def _kind_label(revision: AlertRevision) -> str:
    return gettext(_KINDS[revision.frozen_content.message.ending or revision.msg_type])
