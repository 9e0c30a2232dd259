"""Documents for programs: elements in order, texts made fit for XML 1.0. Shared by CAP and feeds."""

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring  # nosec B405

# What XML 1.0 cannot hold, escaped or not.
_NOT_FOR_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NOTHING: Mapping[str, str] = {}


def strip_invalid_xml(text: str) -> str:
    """The text without signs that no XML document can hold."""
    return _NOT_FOR_XML.sub("", text)


def add_child(
    parent: Element, name: str, text: str = "", marks: Mapping[str, str] = _NOTHING
) -> Element:
    """A child with a text and attributes, after those that are there."""
    child = SubElement(
        parent, name, {mark: strip_invalid_xml(value) for mark, value in marks.items()}
    )
    child.text = strip_invalid_xml(text) or None
    return child


def serialize(root: Element) -> bytes:
    """The whole document in UTF-8, its declaration first."""
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text
