"""A revision as a CAP 1.2 message (OASIS, 1 July 2010). Pure. On plain http its status is "Test"."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from xml.etree.ElementTree import Element  # nosec B405

from alerts.formats.wording import SOUND_TYPE, Voice, list_voices
from alerts.formats.xml import add_child, serialize
from alerts.models import AlertRevision, CancelReason, MsgType, ResponseType
from alerts.models.content import Content, Translation
from core.province import province

MEDIA_TYPE = "application/cap+xml"
_NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
_OUR_SCENARIOS = f"urn:{province.slug.replace('-', '')}:scam-scenario"
_MAX_HEADLINE_CHARS = 140  # as aggregators want it
_CYBERCRIME = ("OET:v1.2", "OET-050")
_PROVINCE = ("VN-NSO-province", province.code)
_COMMUNE = "VN-NSO-commune"
_HEADLINE_PREFIXES: Mapping[str, str] = {
    CancelReason.ERROR: "Đã rút lại: ",
    CancelReason.OVER: "Hết hiệu lực: ",
}


@dataclass(frozen=True)
class _InfoTexts:
    language: str
    event: str
    sender: str
    headline: str
    description: str
    instruction: str
    area: str
    web: str


def render_cap_message(revision: AlertRevision, *, draft: bool = False) -> bytes:
    """Return the message in UTF-8, valid against the standard's schema; a draft has the status "Draft"."""
    words = revision.frozen_content
    head = words.message
    alert = Element("alert", {"xmlns": _NAMESPACE})
    add_child(alert, "identifier", head.identifier)
    add_child(alert, "sender", head.sender)
    add_child(alert, "sent", cap_datetime(head.sent))
    actual = "Actual" if head.web.startswith("https:") else "Test"
    add_child(alert, "status", "Draft" if draft else actual)
    add_child(alert, "msgType", head.msg_type)
    add_child(alert, "scope", "Public")
    if sentence := revision.ending_sentence:
        add_child(alert, "note", sentence)
    if head.references:
        add_child(alert, "references", " ".join(head.references))
    add_child(alert, "incidents", head.identifier.rpartition("-")[0])
    for texts, sounds in _list_blocks(revision):
        _add_info(alert, words, texts, sounds)
    return serialize(alert)


def cap_datetime(at: datetime) -> str:
    """Return a time in CAP's format: whole seconds, the offset in digits."""
    return at.replace(microsecond=0).isoformat()


def headline(words: Content) -> str:
    """Return the title, marked if the warning is over."""
    return f"{_HEADLINE_PREFIXES.get(words.message.ending, '')}{words.title}"


def description(words: Content) -> str:
    """Return the summary and the steps; of a withdrawn warning that it was taken back."""
    if words.message.is_withdrawn:
        return str(CancelReason.ERROR.label)
    steps = (" ".join(filter(None, (step.title + ".", step.text))) for step in words.steps)
    return "\n".join((words.summary, *steps))


def _list_blocks(revision: AlertRevision) -> Iterator[tuple[_InfoTexts, list[Voice]]]:
    """Yield each language that has a text, with its sound; the Vietnamese one takes those without."""
    words, voices = revision.frozen_content, list_voices(revision)
    blocks = {"vi": _vietnamese_texts(words)}
    if words.speaks_english:
        blocks["en"] = _english_texts(words)
    blocks |= {
        each.words.language: _translated_texts(words, each.words)
        for each in voices
        if each.words.title
    }
    spoken: dict[str, list[Voice]] = {language: [] for language in blocks}
    for each in voices:
        spoken[each.words.language if each.words.language in blocks else "vi"].append(each)
    for language, texts in blocks.items():
        yield texts, spoken[language]


def _vietnamese_texts(words: Content) -> _InfoTexts:
    return _InfoTexts(
        language="vi-VN",
        event=words.short_title,
        sender=province.police,
        headline=headline(words),
        description=description(words),
        instruction="\n".join(words.advice),
        area=province.area,
        web=words.message.web,
    )


def _english_texts(words: Content) -> _InfoTexts:
    english, head = words.english, words.message
    ended = "No longer in force: " if head.msg_type == MsgType.CANCEL else ""
    return _InfoTexts(
        language="en",
        event="Impersonation call",
        sender=province.police_en,
        headline=ended + english.title,
        description="This warning was taken back." if head.is_withdrawn else english.summary,
        instruction="\n".join(english.advice),
        area=province.area_en,
        web=head.web_in_english,
    )


def _translated_texts(words: Content, translation: Translation) -> _InfoTexts:
    return _InfoTexts(
        language=translation.language,
        event=translation.title,
        sender=province.police,
        headline=translation.title,
        description=translation.summary,
        instruction="\n".join(translation.advice),
        area=province.area,
        web=words.message.web,
    )


def _add_info(
    alert: Element, words: Content, texts: _InfoTexts, sounds: Iterable[Voice] = ()
) -> None:
    info, head = add_child(alert, "info"), words.message
    add_child(info, "language", texts.language)
    add_child(info, "category", "Security")
    add_child(info, "event", texts.event)
    for response in _response_types(words):
        add_child(info, "responseType", response)
    add_child(info, "urgency", words.urgency)
    add_child(info, "severity", words.severity)
    add_child(info, "certainty", words.certainty)
    scenarios = [(_OUR_SCENARIOS, words.scenario)] if words.scenario else []
    _add_codes(info, "eventCode", [_CYBERCRIME, *scenarios])
    add_child(info, "effective", cap_datetime(head.effective))
    if head.expires:
        add_child(info, "expires", cap_datetime(head.expires))
    add_child(info, "senderName", texts.sender)
    add_child(info, "headline", texts.headline[:_MAX_HEADLINE_CHARS])
    add_child(info, "description", texts.description)
    if not head.is_withdrawn:
        add_child(info, "instruction", texts.instruction)
    add_child(info, "web", texts.web)
    add_child(info, "contact", province.hotline_dial)
    for voice in sounds:
        _add_sound(info, voice)
    _add_area(info, words, texts.area)


def _add_sound(info: Element, voice: Voice) -> None:
    if sound := voice.words.sound:
        resource = add_child(info, "resource")
        add_child(resource, "resourceDesc", f"Bản đọc: {voice.name}")
        add_child(resource, "mimeType", SOUND_TYPE)
        add_child(resource, "size", str(sound.size))
        add_child(resource, "uri", voice.url)
        add_child(resource, "digest", sound.sha1)


def _add_area(info: Element, words: Content, province_name: str) -> None:
    """Add the province as a polygon, or its communes by code: their boundaries are not published."""
    area = add_child(info, "area")
    names = ", ".join(place.name for place in words.communes)
    add_child(area, "areaDesc", f"{names}, {province_name}" if names else province_name)
    if not words.communes:
        add_child(area, "polygon", _load_outline())
    _add_codes(area, "geocode", [_PROVINCE, *((_COMMUNE, place.code) for place in words.communes)])


def _add_codes(parent: Element, name: str, pairs: Iterable[tuple[str, str]]) -> None:
    for kind, value in pairs:
        code = add_child(parent, name)
        add_child(code, "valueName", kind)
        add_child(code, "value", value)


def _response_types(words: Content) -> tuple[str, ...]:
    if words.message.msg_type != MsgType.CANCEL:
        return words.response_type
    return (ResponseType.NONE if words.message.is_withdrawn else ResponseType.ALL_CLEAR,)


@cache
def _load_outline() -> str:
    """Return the province's main land: "lat,lon" pairs in a closed ring."""
    return (province.folder / "outline.txt").read_text("utf-8").strip()
