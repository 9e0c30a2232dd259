"""Whom a caller claimed to be: the office, and with it the commune of its unit. Pure: no Django.

Names come from the officers' table and from data/claimed.json, which also says how a claim sounds.
To name an office is no claim: who told the police, or went to the bank, says where he went. A name
that may be several offices, or a place that may be several communes, stays several.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from reports.extraction.impersonation.office_names import (
    MentionContext,
    OfficeLexicon,
    OfficeMention,
    claim_table,
    find_mentions,
    has_cue_after,
    mention_context,
    nearest_cue_before,
    needs_explicit_claim,
)
from reports.extraction.language.cue_matcher import TokenizedText, tokenize
from reports.extraction.language.explanations import Explanation
from reports.extraction.language.parsed_story import MAX_LENGTH
from reports.extraction.language.phrase_trie import PhraseMatch

FACT = "office"
RULE_FORM = "declared: claimed_office"
OF_NAME = "declared: claimed_name"
MAX_COUNT = 10  # claims that are kept
MAX_FIELD_LENGTH = 500  # signs of a field that are read
# How many words may lie after a name before what it does, or before the next name.
_SPOKE_WITHIN, _WARNED_WITHIN, _SHY_WITHIN, _CHAIN_WITHIN = 4, 1, 1, 3


@dataclass(frozen=True, slots=True)
class ImpersonationClaim:
    """One claim: the offices that the name may mean, the communes that its place may mean, and
    the words that say so.
    """

    offices: tuple[str, ...]
    communes: tuple[str, ...]
    reason: Explanation


@dataclass(frozen=True, slots=True)
class ImpersonationResult:
    """All that was claimed, in order; `offices` without the wider names of narrower ones."""

    offices: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    reasons: tuple[Explanation, ...] = ()
    of_state: Explanation | None = None


def claims_in_story(text: str, names: OfficeLexicon) -> list[ImpersonationClaim]:
    """The claims that a story tells, in their order. Never raises; time in proportion."""
    story = tokenize(text[:MAX_LENGTH])
    scene = mention_context(story)
    mentions = find_mentions(scene, names)
    found = list(_claimed(scene, mentions)) or _alone(scene, mentions)
    return [_claim(story, mention) for mention in found[:MAX_COUNT]]


def claims_in_field(
    text: str, names: OfficeLexicon, rule: str = OF_NAME
) -> list[ImpersonationClaim]:
    """The claims in what stands in a field for the caller's name and rank: all that it names."""
    story = tokenize(text[:MAX_FIELD_LENGTH])
    mentions = find_mentions(mention_context(story), names)
    found = [
        mention for mention in mentions if not needs_explicit_claim(mention) or not mention.start
    ]
    claims = [_claim(story, mention) for mention in found[:MAX_COUNT]]
    return [replace(claim, reason=_placeless(claim.reason, rule)) for claim in claims]


def claims_from_checkbox(answer: str, names: OfficeLexicon) -> list[ImpersonationClaim]:
    """What a box of the report page means, or what else stands in its place."""
    if code := claim_table().declared.get(answer):
        return [
            ImpersonationClaim(
                (code,), (), Explanation(FACT, f"{code}: {RULE_FORM}", "", None, None, 0)
            )
        ]
    return claims_in_field(answer, names, RULE_FORM) if answer.strip() else []


def merge_claims(claims: Iterable[ImpersonationClaim]) -> ImpersonationResult:
    """Claims of all sources as one: each office once, a wider name only where no narrower stands."""
    every = list(claims)
    named = [office for claim in every for office in claim.offices]
    narrow = tuple(office for office in dict.fromkeys(named) if not _is_widened(office, named))
    stated = [claim.reason for claim in every if claim_table().of_state.intersection(claim.offices)]
    return ImpersonationResult(
        narrow[:MAX_COUNT],
        next((claim.communes for claim in every if claim.communes), ()),
        tuple({claim.reason.rule: claim.reason for claim in reversed(every)}.values())[::-1][
            :MAX_COUNT
        ],
        next(iter(stated), None),
    )


def _is_widened(office: str, named: Sequence[str]) -> bool:
    """Whether a narrower name than this one was said, too."""
    return bool(claim_table().any_of.get(office, frozenset()).intersection(named))


def _placeless(reason: Explanation, rule: str) -> Explanation:
    source = reason.rule.partition(": ")[0]
    return replace(reason, rule=f"{source}: {rule}", start=None, end=None)


def _claimed(scene: MentionContext, mentions: Sequence[OfficeMention]) -> Iterator[OfficeMention]:
    """The mentions that were claimed."""
    visited: set[str] = set()
    claimed = before = 0
    for mention in mentions:
        sign = nearest_cue_before(scene, mention)
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


def _is_silent(scene: MentionContext, mention: OfficeMention, sign: PhraseMatch | None) -> bool:
    """Whether somebody went to the bearer of a name, it is denied, or the real one warned."""
    kind = sign.phrase.kind if sign else ""
    if kind == "claims":
        return False
    return kind in {"told", "denied"} or has_cue_after(scene, mention, "warned", _WARNED_WITHIN)


def _is_announced(scene: MentionContext, mention: OfficeMention, sign: PhraseMatch) -> bool:
    """Whether the sign before a name is a claim of it; a shy name wants a plain one, near."""
    if needs_explicit_claim(mention):
        near = scene.token_distance(sign.last, mention.start) <= _SHY_WITHIN
        return sign.phrase.kind == "claims" and near
    return sign.phrase.kind in {"claims", "openers"}


def _goes_on(scene: MentionContext, mention: OfficeMention, claimed: int) -> bool:
    """Whether a name goes on with the one claimed before it: "đại úy" Hùng, "công an tỉnh"."""
    if (
        not claimed
        or needs_explicit_claim(mention)
        or scene.token_distance(claimed, mention.start) > _CHAIN_WITHIN
    ):
        return False
    between = range(claimed, mention.start)
    signs = [sign for first in between for sign in scene.beginning.get(first, ())]
    return not any(sign.phrase.kind in {"calls", "says", "told"} for sign in signs)


def _acts(scene: MentionContext, mention: OfficeMention, *, fresh: bool) -> bool:
    """Whether the bearer of a name rings, or speaks without having been gone to before."""
    everyday = claim_table().everyday.issuperset(mention.offices)
    titled = mention.titled
    if needs_explicit_claim(mention) and not titled:
        return not everyday and has_cue_after(scene, mention, "calls", 0)
    if has_cue_after(scene, mention, "calls", _SPOKE_WITHIN):
        return True
    return (
        (titled or not everyday) and fresh and has_cue_after(scene, mention, "says", _SPOKE_WITHIN)
    )


def _alone(scene: MentionContext, mentions: Sequence[OfficeMention]) -> list[OfficeMention]:
    """The first office that nobody meets every day, where the story claims none in so many words
    and tells of nobody who went there.
    """
    visited: set[str] = set()
    for mention in mentions:
        common = needs_explicit_claim(mention) or not claim_table().everyday.isdisjoint(
            mention.offices
        )
        if _is_silent(scene, mention, nearest_cue_before(scene, mention)):
            visited.update(mention.offices)
        elif not common and visited.isdisjoint(mention.offices):
            return [mention]
    return []


def _claim(story: TokenizedText, mention: OfficeMention) -> ImpersonationClaim:
    """A mention with its place, the words of both as the reason."""
    start, end = story.char_span(mention.first, mention.end)
    unit = " in " + "|".join(mention.communes) if mention.communes else ""
    rule = f"{'|'.join(mention.offices)}{unit}: {mention.names[0]}"
    reason = Explanation(FACT, rule, story.text[start:end], start, end, 0)
    return ImpersonationClaim(mention.offices, mention.communes, reason)
