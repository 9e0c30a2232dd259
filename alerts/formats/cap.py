"""A revision as a CAP 1.2 message (OASIS, 1 July 2010) and an index of such messages as Atom.

Pure: everything stands in the revision. A message from a portal on plain http, a first look
or a test, says of itself that it is a test.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from xml.etree.ElementTree import Element  # nosec B405

from alerts.formats import xml
from alerts.formats.feed_entry import cap_message_url, published_at
from alerts.models import AlertRevision, CancelReason, MsgType, ResponseType
from alerts.models.content import Content, MessageHeader
from core.province import province

MEDIA_TYPE = "application/cap+xml"
_NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
_OUR_SCENARIOS = f"urn:{province.slug.replace('-', '')}:scam-scenario"
_MAX_HEADLINE_LENGTH = 140  # signs, as aggregators want it
_CYBERCRIME = ("OET:v1.2", "OET-050")
_PROVINCE = ("VN-NSO-province", province.code)
_COMMUNE = "VN-NSO-commune"
_ENDED: Mapping[str, str] = {
    CancelReason.ERROR: "Đã rút lại: ",
    CancelReason.OVER: "Hết hiệu lực: ",
}


@dataclass(frozen=True)
class _Block:
    """What differs from language to language."""

    language: str
    event: str
    sender: str
    headline: str
    description: str
    instruction: str
    area: str
    web: str


def render_cap_message(revision: AlertRevision, *, draft: bool = False) -> bytes:
    """The whole message, UTF-8 with declaration; valid against the standard's schema. A draft says
    of itself that nobody may act on it.
    """
    words = revision.frozen_content
    head = words.message
    alert = Element("alert", {"xmlns": _NAMESPACE})
    add = xml.add_child
    add(alert, "identifier", head.identifier)
    add(alert, "sender", head.sender)
    add(alert, "sent", cap_datetime(head.sent))
    actual = "Actual" if head.web.startswith("https:") else "Test"
    add(alert, "status", "Draft" if draft else actual)
    add(alert, "msgType", head.msg_type)
    add(alert, "scope", "Public")
    if head.reason:
        add(alert, "note", head.reason)
    if head.references:
        add(alert, "references", " ".join(head.references))
    add(alert, "incidents", head.identifier.rpartition("-")[0])
    _info(alert, words, _vietnamese(words))
    if words.speaks_english:
        _info(alert, words, _english(words))
    return xml.serialize(alert)


def cap_datetime(at: datetime) -> str:
    """A time as CAP writes it: whole seconds, the offset in digits."""
    return at.replace(microsecond=0).isoformat()


def render_cap_index(revisions: Sequence[AlertRevision], portal: str) -> bytes:
    """The messages that stand at present, newest first, as an Atom feed of links."""
    feed = Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": "vi"})
    xml.add_child(feed, "id", f"{portal}/canh-bao/cap.xml")
    xml.add_child(feed, "title", f"Cảnh báo lừa đảo của {province.police}, dạng CAP 1.2")
    xml.add_child(feed, "updated", published_at(revisions))
    xml.add_child(xml.add_child(feed, "author"), "name", province.police)
    xml.add_child(feed, "link", marks={"rel": "self", "href": f"{portal}/canh-bao/cap.xml"})
    for revision in revisions:
        _entry(feed, revision, portal)
    return xml.serialize(feed)


def _entry(feed: Element, revision: AlertRevision, portal: str) -> None:
    entry, words = xml.add_child(feed, "entry"), revision.frozen_content
    address = cap_message_url(revision, portal)
    xml.add_child(entry, "id", address)
    xml.add_child(entry, "title", _headline(words))
    xml.add_child(entry, "updated", cap_datetime(words.message.effective))
    xml.add_child(entry, "link", marks={"rel": "alternate", "type": MEDIA_TYPE, "href": address})
    xml.add_child(entry, "summary", _description(words))


def _vietnamese(words: Content) -> _Block:
    return _Block(
        language="vi-VN",
        event=words.short_title,
        sender=province.police,
        headline=_headline(words),
        description=_description(words),
        instruction="\n".join(words.advice),
        area=province.area,
        web=words.message.web,
    )


def _english(words: Content) -> _Block:
    english, head = words.english, words.message
    ended = "No longer in force: " if head.msg_type == MsgType.CANCEL else ""
    return _Block(
        language="en",
        event="Impersonation call",
        sender=province.police_en,
        headline=ended + english.title,
        description="This warning was taken back." if _withdrawn(head) else english.summary,
        instruction="\n".join(english.advice),
        area=province.area_en,
        web=head.web_in_english,
    )


def _info(alert: Element, words: Content, block: _Block) -> None:
    info, head, add = xml.add_child(alert, "info"), words.message, xml.add_child
    add(info, "language", block.language)
    add(info, "category", "Security")
    add(info, "event", block.event)
    for response in _responses(words):
        add(info, "responseType", response)
    add(info, "urgency", words.urgency)
    add(info, "severity", words.severity)
    add(info, "certainty", words.certainty)
    _codes(info, "eventCode", _events(words))
    add(info, "effective", cap_datetime(head.effective))
    if head.expires:
        add(info, "expires", cap_datetime(head.expires))
    add(info, "senderName", block.sender)
    add(info, "headline", block.headline[:_MAX_HEADLINE_LENGTH])
    add(info, "description", block.description)
    if not _withdrawn(head):
        add(info, "instruction", block.instruction)
    add(info, "web", block.web)
    add(info, "contact", province.hotline_dial)
    _area(info, words, block.area)


def _area(info: Element, words: Content, province: str) -> None:
    """The province as a shape, or its communes by their codes; nobody publishes their shapes."""
    area = xml.add_child(info, "area")
    names = ", ".join(place.name for place in words.communes)
    xml.add_child(area, "areaDesc", f"{names}, {province}" if names else province)
    if not words.communes:
        xml.add_child(area, "polygon", _outline())
    places = [(_COMMUNE, place.code) for place in words.communes]
    _codes(area, "geocode", [_PROVINCE, *places])


def _codes(parent: Element, name: str, pairs: Iterable[tuple[str, str]]) -> None:
    for kind, value in pairs:
        code = xml.add_child(parent, name)
        xml.add_child(code, "valueName", kind)
        xml.add_child(code, "value", value)


def _events(words: Content) -> list[tuple[str, str]]:
    return [_CYBERCRIME, *([(_OUR_SCENARIOS, words.scenario)] if words.scenario else [])]


def _responses(words: Content) -> tuple[str, ...]:
    """A warning that is over asks for nothing, or says that all is clear."""
    if words.message.msg_type != MsgType.CANCEL:
        return words.response_type
    return (ResponseType.NONE if _withdrawn(words.message) else ResponseType.ALL_CLEAR,)


def _headline(words: Content) -> str:
    return f"{_ENDED.get(words.message.ending, '')}{words.title}"


def _description(words: Content) -> str:
    if _withdrawn(words.message):
        return f"Cảnh báo này đã được rút lại vì có chỗ chưa đúng. {words.message.reason}"
    steps = (" ".join(filter(None, (step.title + ".", step.text))) for step in words.steps)
    return "\n".join((words.summary, *steps))


def _withdrawn(head: MessageHeader) -> bool:
    return head.ending == CancelReason.ERROR


@cache
def _outline() -> str:
    """The province's main land, "lat,lon" pairs in a closed ring."""
    return (province.folder / "outline.txt").read_text("utf-8").strip()
