"""Tells Vietnamese words from others on a page."""

import re

from lxml import html

# Only Vietnamese words carry these: letters of its own, or a tone upon them.
VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯàáạảãèéẹẻẽìíịỉĩòóọỏõùúụủũỳýỵỷỹÀÁÈÉÌÍÒÓÙÚÝ\u1ea0-\u1ef9]")
# Names that English keeps as they are.
NAMES = ("Thanh Hóa", "Nguyễn Văn A", " đồng")
SPOKEN = ("aria-label", "title", "placeholder", "alt", "content")


def vietnamese_words(page: bytes) -> list[str]:
    """What a page says in Vietnamese outside of what calls itself Vietnamese."""
    tree = html.document_fromstring(page, parser=html.HTMLParser(encoding="utf-8"))
    for part in tree.xpath("//*[@lang='vi'] | //style | //script | //datalist"):
        part.drop_tree()
    texts = [*tree.itertext(), *tree.xpath("|".join(f"//@{name}" for name in SPOKEN))]
    return [words for words in map(without_names, texts) if VIETNAMESE.search(words)]


def without_names(words: str) -> str:
    for name in NAMES:
        words = words.replace(name, "")
    return " ".join(words.split())
