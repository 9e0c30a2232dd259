"""Whom a caller claimed to be: the office, and with it the commune of its unit. Pure: no Django.

Names come from the officers' table and from data/claimed.json, which also says how a claim sounds.
To name an office is no claim: who told the police, or went to the bank, says where he went. A name
that may be several offices, or a place that may be several communes, stays several.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from reports.extraction.cue_matcher import Story, cut
from reports.extraction.explanations import Reason
from reports.extraction.impersonation.lexicon import Names, table
from reports.extraction.impersonation.mentions import (
    Mention,
    Scene,
    is_shy,
    mentions_of,
    scene_of,
    sign_before,
    speaks,
)
from reports.extraction.parsed_story import LONGEST
from reports.extraction.phrase_trie import Match

FACT = "office"
OF_FORM = "declared: claimed_office"
OF_NAME = "declared: claimed_name"
MOST = 10  # claims that are kept
LONGEST_FIELD = 500  # signs of a field that are read
# How many words may lie after a name before what it does, or before the next name.
_SPOKE_WITHIN, _WARNED_WITHIN, _SHY_WITHIN, _CHAIN_WITHIN = 4, 1, 1, 3


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim: the offices that the name may mean, the communes that its place may mean, and
    the words that say so.
    """

    offices: tuple[str, ...]
    communes: tuple[str, ...]
    reason: Reason


@dataclass(frozen=True, slots=True)
class Claimed:
    """All that was claimed, in order; `offices` without the wider names of narrower ones."""

    offices: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    of_state: Reason | None = None


def of_story(text: str, names: Names) -> list[Claim]:
    """The claims that a story tells, in their order. Never raises; time in proportion."""
    story = cut(text[:LONGEST])
    scene = scene_of(story)
    mentions = mentions_of(scene, names)
    found = list(_claimed(scene, mentions)) or _alone(scene, mentions)
    return [_claim(story, mention) for mention in found[:MOST]]


def of_field(text: str, names: Names, rule: str = OF_NAME) -> list[Claim]:
    """The claims in what stands in a field for the caller's name and rank: all that it names."""
    story = cut(text[:LONGEST_FIELD])
    mentions = mentions_of(scene_of(story), names)
    found = [mention for mention in mentions if not is_shy(mention) or not mention.start]
    claims = [_claim(story, mention) for mention in found[:MOST]]
    return [replace(claim, reason=_placeless(claim.reason, rule)) for claim in claims]


def of_form(answer: str, names: Names) -> list[Claim]:
    """What a box of the report page means, or what else stands in its place."""
    if code := table().declared.get(answer):
        return [Claim((code,), (), Reason(FACT, f"{code}: {OF_FORM}", "", None, None, 0))]
    return of_field(answer, names, OF_FORM) if answer.strip() else []


def together(claims: Iterable[Claim]) -> Claimed:
    """Claims of all sources as one: each office once, a wider name only where no narrower stands."""
    every = list(claims)
    named = [office for claim in every for office in claim.offices]
    narrow = tuple(office for office in dict.fromkeys(named) if not _is_widened(office, named))
    stated = [claim.reason for claim in every if table().of_state.intersection(claim.offices)]
    return Claimed(
        narrow[:MOST],
        next((claim.communes for claim in every if claim.communes), ()),
        tuple({claim.reason.rule: claim.reason for claim in reversed(every)}.values())[::-1][:MOST],
        next(iter(stated), None),
    )


def _is_widened(office: str, named: Sequence[str]) -> bool:
    """Whether a narrower name than this one was said, too."""
    return bool(table().any_of.get(office, frozenset()).intersection(named))


def _placeless(reason: Reason, rule: str) -> Reason:
    said = reason.rule.partition(": ")[0]
    return replace(reason, rule=f"{said}: {rule}", start=None, end=None)


def _claimed(scene: Scene, mentions: Sequence[Mention]) -> Iterator[Mention]:
    """The mentions that were claimed."""
    visited: set[str] = set()
    claimed = before = 0
    for mention in mentions:
        sign = sign_before(scene, mention)
        if _is_silent(scene, mention, sign):
            visited.update(mention.offices)
        elif (
            (sign and sign.last >= before and _is_announced(scene, mention, sign))
            or _goes_on(scene, mention, claimed)
            or _acts(scene, mention, fresh=visited.isdisjoint(mention.offices))
        ):
            claimed = mention.end
            yield mention
        before = mention.end


def _is_silent(scene: Scene, mention: Mention, sign: Match | None) -> bool:
    """Whether somebody went to the bearer of a name, it is denied, or the real one warned."""
    kind = sign.phrase.kind if sign else ""
    if kind == "claims":
        return False
    return kind in {"told", "denied"} or speaks(scene, mention, "warned", _WARNED_WITHIN)


def _is_announced(scene: Scene, mention: Mention, sign: Match) -> bool:
    """Whether the sign before a name is a claim of it; a shy name wants a plain one, near."""
    if is_shy(mention):
        near = scene.far(sign.last, mention.start) <= _SHY_WITHIN
        return sign.phrase.kind == "claims" and near
    return sign.phrase.kind in {"claims", "openers"}


def _goes_on(scene: Scene, mention: Mention, claimed: int) -> bool:
    """Whether a name goes on with the one claimed before it: "đại úy" Hùng, "công an tỉnh"."""
    if not claimed or is_shy(mention) or scene.far(claimed, mention.start) > _CHAIN_WITHIN:
        return False
    between = range(claimed, mention.start)
    signs = [sign for first in between for sign in scene.beginning.get(first, ())]
    return not any(sign.phrase.kind in {"calls", "says", "told"} for sign in signs)


def _acts(scene: Scene, mention: Mention, *, fresh: bool) -> bool:
    """Whether the bearer of a name rings, or speaks without having been gone to before."""
    everyday = table().everyday.issuperset(mention.offices)
    titled = mention.titled
    if is_shy(mention) and not titled:
        return not everyday and speaks(scene, mention, "calls", 0)
    if speaks(scene, mention, "calls", _SPOKE_WITHIN):
        return True
    return (titled or not everyday) and fresh and speaks(scene, mention, "says", _SPOKE_WITHIN)


def _alone(scene: Scene, mentions: Sequence[Mention]) -> list[Mention]:
    """The first office that nobody meets every day, where the story claims none in so many words
    and tells of nobody who went there.
    """
    visited: set[str] = set()
    for mention in mentions:
        common = is_shy(mention) or not table().everyday.isdisjoint(mention.offices)
        if _is_silent(scene, mention, sign_before(scene, mention)):
            visited.update(mention.offices)
        elif not common and visited.isdisjoint(mention.offices):
            return [mention]
    return []


def _claim(story: Story, mention: Mention) -> Claim:
    """A mention with its place, the words of both as the reason."""
    start, end = story.span(mention.first, mention.end)
    unit = " in " + "|".join(mention.communes) if mention.communes else ""
    rule = f"{'|'.join(mention.offices)}{unit}: {mention.names[0]}"
    reason = Reason(FACT, rule, story.text[start:end], start, end, 0)
    return Claim(mention.offices, mention.communes, reason)
