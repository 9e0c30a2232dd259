"""Full-text search over all stories at a bounded cost (docs/adr/0032-*.md).

Words are compared whole and without marks, long ones also by their beginning. The last reports are
read through, which finds enough of common words; rare words go by the index. Officers of a unit
search its reports alone, so that not even counts reveal others. No index of trigrams: of 2,500
syllables nearly every story has nearly every trigram, so it is as large as the stories and slow.
Where nothing is found, typed words are compared with those of the newest stories: by one edit, and
by trigrams where a word is long: the usual words alone, as that costs more than a plain search.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from uuid import UUID

from core.database import fetch_all
from core.text import list_single_edits, normalize

MAX_FOUND = 200  # reports; with more, the officer must add words
WALKED = 10_000  # newest reports; a word with fewer than MAX_FOUND among them is rare
MAX_MET = 30_000  # rare reports that are sorted; more only where a word was common long ago
MAX_QUERY_WORDS = 8
MAX_WORD_LENGTH = 60  # characters
MAX_SUGGESTING = 2_000  # newest reports, whose words a typing error is compared with
MAX_COMPARED = 300  # of them, those that have all of the words but one
MAX_COMMON_WORDS, MAX_LONG_WORDS = 20_000, 3  # the most frequent, compared with the longest typed
MIN_SIMILARITY = 0.3  # by trigrams, of a long word to what was meant; a syllable has too few
BEGINS_WITH = 5  # letters from which a word matches longer ones; syllables are shorter
# As in the index of ExtractedFacts.
WORDS = "to_tsvector('simple'::regconfig, left(search_text, 100000))"

_OPEN = "status IN ('new', 'in_review', 'waiting')"
_AT_UNIT = "assigned_unit_id = %(unit)s"
_CASES = "SELECT report_id AS id FROM reports_case WHERE {} LIMIT %(walked)s"
_NEWEST_OF_ALL = "SELECT id FROM reports_report ORDER BY received_at DESC, id LIMIT %(walked)s"
_NEWEST_OF_UNIT = f"""SELECT report.id FROM reports_case JOIN reports_report AS report ON report.id = report_id
                       WHERE {_AT_UNIT} ORDER BY report.received_at DESC, report.id LIMIT %(walked)s"""  # noqa: S608  # nosec B608
_NEAR = """
WITH words AS MATERIALIZED (
    SELECT word, count(*) AS n
      FROM ({among}) AS report
     CROSS JOIN LATERAL (SELECT search_text FROM reports_extractedfacts WHERE report_id = report.id LIMIT 1) AS facts
     CROSS JOIN LATERAL unnest(string_to_array(left(search_text, 4000), ' ')) AS word
     GROUP BY word)
SELECT word, n, NULL FROM words WHERE word = ANY(%(near)s)
 UNION ALL
SELECT word, n, typed FROM unnest(%(long)s::text[]) AS typed
  JOIN (SELECT * FROM words ORDER BY n DESC LIMIT %(common)s) AS common ON similarity(word, typed) >= %(alike)s
"""
_BESIDE = """
SELECT left(search_text, 4000)
  FROM ({among}) AS report
 CROSS JOIN LATERAL (SELECT search_text FROM reports_extractedfacts WHERE report_id = report.id LIMIT 1) AS facts
 WHERE (SELECT count(*) FROM unnest(%(words)s::text[]) AS word
         WHERE position(' ' || word || ' ' IN ' ' || left(search_text, 4000) || ' ') > 0) >= %(most)s
 LIMIT %(compared)s
"""
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_KEYS_OF_UNIT = f"SELECT report_id FROM reports_case WHERE {_AT_UNIT}"  # noqa: S608  # nosec B608
# LATERAL with LIMIT: report by report along the keys, whatever the planner estimates. Texts are
# compared before a vector is computed.
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
    SELECT report_id AS id, received_at FROM reports_extractedfacts
     WHERE {words} @@ to_tsquery('simple', %(query)s) {of_unit}
       AND (SELECT count(*) FROM walked) < %(most)s),
rare AS (
    SELECT id FROM (SELECT * FROM met LIMIT %(met)s) AS few ORDER BY received_at DESC LIMIT %(most)s)
SELECT id FROM walked WHERE (SELECT count(*) FROM walked) = %(most)s
 UNION ALL
SELECT id FROM rare
"""


def query_terms(typed: str) -> list[str]:
    """Return the folded words of a query, distinct, at most MAX_QUERY_WORDS."""
    words = (word[:MAX_WORD_LENGTH] for word in normalize(typed).split())
    return list(dict.fromkeys(words))[:MAX_QUERY_WORDS]


def search_reports(
    words: Sequence[str], *, unit: str | None = None, only_open: bool = False
) -> list[UUID]:
    """Return the newest reports, of a unit or all, with all of these folded words."""
    if not words:
        return []
    values: dict[str, str | int | None] = {
        "unit": unit,
        "most": MAX_FOUND,
        "walked": WALKED,
        "met": MAX_MET,
        "query": " & ".join(f"'{w}'{':*' if len(w) >= BEGINS_WITH else ''}" for w in words),
        **{f"w{place}": _format_regex(word) for place, word in enumerate(words)},
    }
    has_words = " AND ".join(f"search_text ~ %(w{place})s" for place in range(len(words)))
    among = _select_reports(is_of_unit=unit is not None, only_open=only_open)
    walked = _WALKED.format(among=among, has_words=has_words)
    of_unit = "" if unit is None else f"AND report_id IN ({_KEYS_OF_UNIT})"
    rest = "SELECT id FROM walked" if only_open else _NEWEST.format(words=WORDS, of_unit=of_unit)
    return [key for (key,) in fetch_all(walked + rest, values)]


def spelling_suggestions(words: Sequence[str], *, unit: str | None = None) -> list[str]:
    """Return the words with likely typing errors replaced, [] for no better ones.

    Preferred is what stories with all other words have one typing error away, or alike where the
    word is long; else, for each word in no story, the most frequent neighbour. Two statements over
    at most MAX_SUGGESTING reports.
    """
    candidates = {word: _list_typing_errors(word) - set(words) for word in words}
    among = _select_reports(is_of_unit=unit is not None, only_open=False)
    long = sorted((w for w in words if len(w) >= BEGINS_WITH), key=len)[-MAX_LONG_WORDS:]
    values: dict[str, float | str | list[str] | None] = {
        "long": long, "alike": MIN_SIMILARITY, "common": MAX_COMMON_WORDS,
        "walked": MAX_SUGGESTING, "unit": unit, "words": list(words), "most": len(words) - 1,
        "compared": MAX_COMPARED, "near": [*candidates, *set().union(*candidates.values())],
    }  # fmt: skip
    counts: dict[str, int] = {}
    for found, count, like in fetch_all(_NEAR.format(among=among), values):
        counts[found] = count
        if like and found not in words:
            candidates[like].add(found)
    stories = [text for (text,) in fetch_all(_BESIDE.format(among=among), values)]
    more_frequent = {
        word: {other for other in candidates[word] if counts.get(other, 0) >= counts.get(word, 1)}
        for word in words
    }
    if suggestion := _replace_word(words, more_frequent, stories):
        return suggestion
    suggestion = [
        word
        if word in counts
        else max(candidates[word] & counts.keys(), key=counts.__getitem__, default=word)
        for word in words
    ]
    return [] if suggestion == list(words) else suggestion


def _replace_word(
    words: Sequence[str], candidates: Mapping[str, set[str]], stories: Sequence[str]
) -> list[str]:
    """Return the words with the one replaced that most stories lack, preferring the same neighbour
    beside it; [] where no story has a candidate, or one lacks nothing.
    """
    counts, together = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for text in stories:
        story_words = set(text.split())
        lacks = [word for word in words if word not in story_words]
        if not lacks:
            return []
        replacements = [(word, other) for word in lacks for other in candidates[word] & story_words]
        counts.update(replacements)
        together.update(
            pair
            for pair in replacements
            if any(f" {each} " in f" {text} " for each in _list_pairs(words, *pair))
        )
    if not counts:
        return []
    wrong, right = max(counts, key=lambda pair: (together[pair], counts[pair], pair))
    return [right if word == wrong else word for word in words]


def _list_pairs(words: Sequence[str], wrong: str, right: str) -> list[str]:
    """Return the neighbouring pairs that contain the replaced word."""
    corrected = [right if word == wrong else word for word in words]
    return [f"{one} {other}" for one, other in pairwise(corrected) if right in {one, other}]


def _list_typing_errors(word: str) -> set[str]:
    """Return all words one edit away: insertion, deletion, replacement or swap."""
    pairs = [(word[:at], word[at : at + 2], word[at + 2 :]) for at in range(len(word) - 1)]
    swapped = {head + pair[::-1] + tail for head, pair, tail in pairs}
    return (list_single_edits(word, _LETTERS) | swapped) - {"", word}


def _select_reports(*, is_of_unit: bool, only_open: bool) -> str:
    if only_open:
        return _CASES.format(f"{_OPEN} AND {_AT_UNIT}" if is_of_unit else _OPEN)
    return _NEWEST_OF_UNIT if is_of_unit else _NEWEST_OF_ALL


def _format_regex(word: str) -> str:
    """Return a pattern of the whole word or its beginning; folded words need no escaping."""
    return f"(^| ){word}" if len(word) >= BEGINS_WITH else f"(^| ){word}( |$)"
