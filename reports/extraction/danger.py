"""Weigh what puts somebody in danger in a story, by data/weights/danger.tsv. Pure: no Django.

One question a danger, and one whether anybody is in any: its answer is the likeliest of them. A reason's
rule is its code and a sentence as an officer would say it: "fresh_loss: vừa mất 90 triệu lúc 12:45".
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence

from reports.data.loader import load_json
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.language.scoring import (
    Explanation,
    Feature,
    explanation_at,
    load_model,
    score,
)
from reports.extraction.loss.classifier import Loss

DANGER, ANY = "danger", "any"  # the fact, and the question whether there is any
_HALF, _MAX_PARTS = 150, 3  # characters of half a part of a long text; such parts
_LIKELY = -4.0  # points from which a danger is said once there is one
_ROLES = {"pressed": "demanded", "fresh_loss": "paid"}  # dangers that name a sum of this role
_HOUR = re.compile(r"\b(?:lúc|hồi) ?([01]?\d|2[0-3]) ?(?:h|:|giờ|g) ?([0-5]\d)?\b", re.IGNORECASE)


def danger_features(parsed: ParsedStory, facts: Iterable[str]) -> list[Feature]:
    """Return the features of a story, its facts among them as words that stand nowhere."""
    return [*parsed.grams, *(Feature(f"&{fact}", 0, 0) for fact in facts)]


def find_dangers(parsed: ParsedStory, facts: Sequence[str], loss: Loss) -> list[Explanation]:
    """Return a reason for each danger, none where nobody is in danger. `facts`: the kind of call,
    the state of the loss, and "ongoing".
    """
    scores = score(load_model(DANGER), danger_features(parsed, facts))
    leads = {code: scores.lead(code) for code in scores.scores}
    if max(leads.values()) < 0:
        return []
    del leads[ANY]
    likeliest = max(leads, key=leads.__getitem__)
    codes = [code for code in leads if leads[code] >= _LIKELY] or [likeliest]
    return [
        explanation_at(parsed.story, DANGER, f"{code}: {_say(parsed, code, facts, loss)}", place, 0)
        for code in codes
        if (place := scores.find_words(code) or scores.find_words(ANY))
    ]


def _say(parsed: ParsedStory, code: str, facts: Sequence[str], loss: Loss) -> str:
    """Return a danger as a sentence, with its sum and hour if told; no pressing that the facts lack."""
    plain, named = load_json("danger.json")[code]
    sums = [each for each in loss.sums if each.role == _ROLES.get(code)]
    perhaps = "có thể " if code == "pressed" and "ongoing" not in facts else ""
    if not sums:
        return f"{perhaps}{plain}"
    largest = max(sums, key=lambda each: each.vnd)
    hour = _HOUR.search(parsed.story.typed) if code == "fresh_loss" else None
    at = f" lúc {hour[1]}:{hour[2] or '00'}" if hour else ""
    return f"{perhaps}{named} {largest.words}{at}"


def find_parts(parsed: ParsedStory) -> list[tuple[int, int]]:
    """Return the parts of a long text, in characters, that by themselves say most surely that
    somebody is in danger; of the whole they may be little.
    """
    story, model = parsed.story, load_model(DANGER)
    half_of = [word.start // _HALF for word in story.words]
    halves = defaultdict[int, list[Feature]](list)
    for gram in parsed.grams:
        halves[half_of[gram.first]].append(gram)
    points = {at: score(model, halves[at] + halves.get(at + 1, [])).lead(ANY) for at in [*halves]}
    said = [at for at in points if points[at] >= 0]
    parts: list[tuple[int, int]] = []
    for at in sorted(sorted(said, key=lambda at: -points[at])[:_MAX_PARTS]):
        first = parts.pop()[0] if parts and at <= parts[-1][1] else at
        parts.append((first, at + 2))
    return [story.quote(bisect_left(half_of, a), bisect_left(half_of, b))[1:] for a, b in parts]
