"""XML documents for programs: elements in order, texts limited to what XML 1.0 can hold."""

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, tostring  # nosec B405

_NOT_FOR_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_ATTRIBUTES: Mapping[str, str] = {}


def strip_invalid_xml(text: str) -> str:
    """Return the text without characters that no XML document can hold, escaped or not."""
    return _NOT_FOR_XML.sub("", text)


def add_child(
    parent: Element, name: str, text: str = "", attributes: Mapping[str, str] = _NO_ATTRIBUTES
) -> Element:
    child = SubElement(
        parent, name, {key: strip_invalid_xml(value) for key, value in attributes.items()}
    )
    child.text = strip_invalid_xml(text) or None
    return child


def serialize(root: Element) -> bytes:
    """Return the document in UTF-8, with its declaration."""
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document
