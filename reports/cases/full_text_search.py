"""Words sought in every story ever told, without looking at every story.

Words are compared whole and without marks; a long one also by its beginning. Two ways lead to the
newest reports that have them all, and one statement takes both: where words are common, the last
reports are walked through and enough of them found soon; where they are rare, the index knows the
few that have them. Neither grows with the table (figures: docs/adr/0032-*.md, `make bench ONLY=12`).
Who sees one unit's reports alone has theirs looked through and no other, so that neither what is found
nor how much says anything of the rest.

No trigrams: without marks Vietnamese has some 2,500 syllables, nearly every story has nearly every
trigram, and an index of them is as large as the stories and slow to ask.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from uuid import UUID

from django.db import connection

from core.text import normalize

MAX_FOUND = 200  # reports; with more, further words are wanted
WALKED = 10_000  # of the newest; what has fewer than MOST_FOUND among them is rare
MAX_MET = 30_000  # of the rare that are put in order; more only where a word was common long ago
MAX_WORDS = 8
MAX_WORD_LENGTH = 60  # signs
KNOWN = 2_000  # of the newest, whose words a slip of the hand is compared with
COMPARED = 300  # of them, those that have all of the words but one
BEGINS_WITH = (
    5  # signs from which a word stands for those that begin with it; syllables are shorter
)
# As in the index of Facts.
WORDS = "to_tsvector('simple'::regconfig, left(search_text, 100000))"

_OPEN = "status IN ('new', 'in_review', 'waiting')"
_AT_UNIT = "assigned_unit_id = %(unit)s"
_CASES = "SELECT report_id AS id FROM reports_case WHERE {} LIMIT %(walked)s"
_NEWEST_OF_ALL = "SELECT id FROM reports_report ORDER BY received_at DESC, id LIMIT %(walked)s"
_NEWEST_OF_UNIT = f"""SELECT report.id FROM reports_case JOIN reports_report AS report ON report.id = report_id
                       WHERE {_AT_UNIT} ORDER BY report.received_at DESC, report.id LIMIT %(walked)s"""  # noqa: S608  # nosec B608
_NEAR = """
SELECT word, count(*)
  FROM ({among}) AS report
 CROSS JOIN LATERAL (SELECT search_text FROM reports_extractedfacts WHERE report_id = report.id LIMIT 1) AS facts
 CROSS JOIN LATERAL unnest(string_to_array(left(search_text, 4000), ' ')) AS word
 WHERE word = ANY(%(near)s) GROUP BY word
"""
_BESIDE = """
SELECT left(search_text, 4000)
  FROM ({among}) AS report
 CROSS JOIN LATERAL (SELECT search_text FROM reports_extractedfacts WHERE report_id = report.id LIMIT 1) AS facts
 WHERE (SELECT count(*) FROM unnest(%(words)s::text[]) AS word
         WHERE position(' ' || word || ' ' IN ' ' || left(search_text, 4000) || ' ') > 0) >= %(most)s
 LIMIT %(told)s
"""
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_KEYS_OF_UNIT = f"SELECT report_id FROM reports_case WHERE {_AT_UNIT}"  # noqa: S608  # nosec B608
# LATERAL with LIMIT: report by report along the keys, whatever the planner believes of the words.
# The text is compared first where it lies; a vector is made of what passes alone.
_WALKED = """
WITH walked AS MATERIALIZED (
    SELECT report.id FROM ({among}) AS report
     CROSS JOIN LATERAL (
           SELECT FROM reports_extractedfacts
            WHERE report_id = report.id AND {has_words} LIMIT 1) AS facts
     LIMIT %(most)s)
"""
_NEWEST = """
, met AS MATERIALIZED (
    SELECT report_id FROM reports_extractedfacts
     WHERE {words} @@ to_tsquery('simple', %(query)s) {of_unit}
       AND (SELECT count(*) FROM walked) < %(most)s),
rare AS (
    SELECT report.id FROM (SELECT report_id FROM met LIMIT %(met)s) AS few
     CROSS JOIN LATERAL (
           SELECT id, received_at FROM reports_report WHERE id = few.report_id LIMIT 1) AS report
     ORDER BY received_at DESC LIMIT %(most)s)
SELECT id FROM walked WHERE (SELECT count(*) FROM walked) = %(most)s
 UNION ALL
SELECT id FROM rare
"""


def query_terms(typed: str) -> list[str]:
    """The folded words of what somebody typed, each once; so many as are looked for."""
    words = (word[:MAX_WORD_LENGTH] for word in normalize(typed).split())
    return list(dict.fromkeys(words))[:MAX_WORDS]


def search_reports(
    words: Sequence[str], *, unit: str | None = None, only_open: bool = False
) -> list[UUID]:
    """The newest reports whose story has all of these folded words, MOST_FOUND at most; of those
    alone that lie at a unit, by its codename; of the open ones alone, or of all. One statement.
    """
    if not words:
        return []
    given: dict[str, str | int | None] = {
        "unit": unit,
        "most": MAX_FOUND,
        "walked": WALKED,
        "met": MAX_MET,
        "query": _query(words),
        **{f"w{place}": _pattern(word) for place, word in enumerate(words)},
    }
    has_words = " AND ".join(f"search_text ~ %(w{place})s" for place in range(len(words)))
    among = _among(is_of_unit=unit is not None, only_open=only_open)
    walked = _WALKED.format(among=among, has_words=has_words)
    of_unit = "" if unit is None else f"AND report_id IN ({_KEYS_OF_UNIT})"
    rest = "SELECT id FROM walked" if only_open else _NEWEST.format(words=WORDS, of_unit=of_unit)
    with connection.cursor() as cursor:
        cursor.execute(walked + rest, given)
        return [key for (key,) in cursor.fetchall()]


def spelling_suggestions(words: Sequence[str], *, unit: str | None = None) -> list[str]:
    """The words that somebody may have meant, by the newest stories: of stories that have all but one,
    what stands there one slip of the hand away from that one; else for each word that no story has
    the most usual one so near. What is told more rarely than the word itself is a slip of its own
    and never meant. [] where that changes nothing, or a story has them all. Two statements, over
    KNOWN reports at most.
    """
    near = {word: _slips(word) - set(words) for word in words}
    among = _among(is_of_unit=unit is not None, only_open=False)
    given: dict[str, int | str | list[str] | None] = {
        "walked": KNOWN, "unit": unit, "words": list(words), "most": len(words) - 1,
        "told": COMPARED, "near": [*near, *set().union(*near.values())],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_NEAR.format(among=among), given)
        known: dict[str, int] = dict(cursor.fetchall())
        cursor.execute(_BESIDE.format(among=among), given)
        stories = [text for (text,) in cursor.fetchall()]
    usual = {
        word: {other for other in near[word] if known.get(other, 0) >= known.get(word, 1)}
        for word in words
    }
    if found := _beside(words, usual, stories):
        return found
    found = [word if word in known else _usual(near[word], known) or word for word in words]
    return [] if found == list(words) else found


def _beside(
    words: Sequence[str], near: Mapping[str, set[str]], stories: Sequence[str]
) -> list[str]:
    """The words with one of them replaced, as most of those stories have it that lack that one alone,
    those first that have it beside the same word; [] where none has, or one lacks nothing.
    """
    counted, together = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for text in stories:
        told = set(text.split())
        lacks = [word for word in words if word not in told]
        if not lacks:
            return []
        may_be = [(word, other) for word in lacks for other in near[word] & told]
        counted.update(may_be)
        together.update(pair for pair in may_be if _is_told(_meeting(words, *pair), text))
    if not counted:
        return []
    wrong, right = max(counted, key=lambda pair: (together[pair], counted[pair], pair))
    return [right if word == wrong else word for word in words]


def _meeting(words: Sequence[str], wrong: str, right: str) -> list[str]:
    """The words in pairs as they follow each other, of those with the right one in its place."""
    meant = [right if word == wrong else word for word in words]
    return [f"{one} {other}" for one, other in pairwise(meant) if right in {one, other}]


def _is_told(pairs: Iterable[str], text: str) -> bool:
    return any(f" {pair} " in f" {text} " for pair in pairs)


def _usual(words: set[str], known: Mapping[str, int]) -> str:
    """The one of them that is told most; "" where none is."""
    return max(words & known.keys(), key=known.__getitem__, default="")


def _slips(word: str) -> set[str]:
    """Every word that one letter more, less or another, or two that changed places, make of it."""
    parts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    less = {head + tail[1:] for head, tail in parts if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in parts if len(tail) > 1}
    other = {head + new + tail[1:] for head, tail in parts if tail for new in _LETTERS}
    more = {head + new + tail for head, tail in parts for new in _LETTERS}
    return (less | swapped | other | more) - {"", word}


def _among(*, is_of_unit: bool, only_open: bool) -> str:
    """The reports that are walked through."""
    if only_open:
        return _CASES.format(f"{_OPEN} AND {_AT_UNIT}" if is_of_unit else _OPEN)
    return _NEWEST_OF_UNIT if is_of_unit else _NEWEST_OF_ALL


def _query(words: Iterable[str]) -> str:
    return " & ".join(f"'{word}'{':*' if len(word) >= BEGINS_WITH else ''}" for word in words)


def _pattern(word: str) -> str:
    """A regular expression for the whole word, or for its beginning. Folded words have letters and
    digits alone, so nothing in them means anything to it.
    """
    return f"(^| ){word}" if len(word) >= BEGINS_WITH else f"(^| ){word}( |$)"
