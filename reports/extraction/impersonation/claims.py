"""Find whom a caller claimed to be: the office, and the commune of its unit. Pure: no Django.

Names come from the officers' table and data/claimed.json, which also holds the cues of a claim.
Naming an office is no claim: people tell the police, or go to the bank. An ambiguous name or place
keeps all its meanings.
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
from reports.extraction.language.cue_matcher import PhraseMatch, TokenizedText, tokenize
from reports.extraction.language.scoring import Explanation

FACT = "office"
RULE_FORM = "declared: claimed_office"
OF_NAME = "declared: claimed_name"
MAX_COUNT = 10  # claims of one result
MAX_FIELD_LENGTH = 500  # characters of a field
# The most words between a name and its verb, a warning, its claim, the next name.
_SPOKE_WITHIN, _WARNED_WITHIN, _SHY_WITHIN, _CHAIN_WITHIN = 4, 1, 1, 3


@dataclass(frozen=True, slots=True)
class ImpersonationClaim:
    """The offices that a name may mean, the communes of its place, and the words."""

    offices: tuple[str, ...]
    communes: tuple[str, ...]
    reason: Explanation


@dataclass(frozen=True, slots=True)
class ImpersonationResult:
    """All claims, in order; `offices` without the wider names of narrower ones."""

    offices: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    reasons: tuple[Explanation, ...] = ()
    of_state: Explanation | None = None


def claims_in_story(story: TokenizedText, names: OfficeLexicon) -> list[ImpersonationClaim]:
    """Return the claims of a story, in order. Never raises; linear time."""
    scene = mention_context(story)
    mentions = find_mentions(scene, names)
    claimed = list(_list_claimed(scene, mentions)) or _find_unclaimed(scene, mentions)
    return [_claim(story, mention) for mention in claimed[:MAX_COUNT]]


def claims_in_field(
    text: str, names: OfficeLexicon, rule: str = OF_NAME
) -> list[ImpersonationClaim]:
    """Return the claims in the field for the caller's name and rank: all offices in it."""
    story = tokenize(text[:MAX_FIELD_LENGTH])
    mentions = find_mentions(mention_context(story), names)
    named = [each for each in mentions if not needs_explicit_claim(each) or not each.start]
    claims = [_claim(story, mention) for mention in named[:MAX_COUNT]]
    return [replace(claim, reason=_without_place(claim.reason, rule)) for claim in claims]


def claims_from_checkbox(answer: str, names: OfficeLexicon) -> list[ImpersonationClaim]:
    """Return what a box of the report form claims, or other text in its place."""
    if code := claim_table().declared.get(answer):
        reason = Explanation(FACT, f"{code}: {RULE_FORM}", "", None, None, 0)
        return [ImpersonationClaim((code,), (), reason)]
    return claims_in_field(answer, names, RULE_FORM) if answer.strip() else []


def merge_claims(claims: Iterable[ImpersonationClaim]) -> ImpersonationResult:
    """Return the claims of all sources together; a wider name only without a narrower."""
    every = list(claims)
    named = [office for claim in every for office in claim.offices]
    any_of, of_state = claim_table().any_of, claim_table().of_state
    narrow = [
        office for office in dict.fromkeys(named) if set(named).isdisjoint(any_of.get(office, ()))
    ]
    reasons = {claim.reason.rule: claim.reason for claim in reversed(every)}
    return ImpersonationResult(
        offices=tuple(narrow[:MAX_COUNT]),
        communes=next((claim.communes for claim in every if claim.communes), ()),
        reasons=tuple(reasons.values())[::-1][:MAX_COUNT],
        of_state=next((each.reason for each in every if of_state.intersection(each.offices)), None),
    )


def _without_place(reason: Explanation, rule: str) -> Explanation:
    source = reason.rule.partition(": ")[0]
    return reason._replace(rule=f"{source}: {rule}", start=None, end=None)


def _list_claimed(
    scene: MentionContext, mentions: Sequence[OfficeMention]
) -> Iterator[OfficeMention]:
    visited: set[str] = set()
    claimed = before = 0
    for mention in mentions:
        cue = nearest_cue_before(scene, mention)
        if _is_no_claim(scene, mention, cue):
            visited.update(mention.offices)
        elif (
            (cue and cue.last >= before and _is_announced(scene, mention, cue))
            or _continues_claim(scene, mention, claimed)
            or _acts(scene, mention, is_new=visited.isdisjoint(mention.offices))
        ):
            claimed = mention.end
            yield mention
        before = mention.end


def _is_no_claim(scene: MentionContext, mention: OfficeMention, cue: PhraseMatch | None) -> bool:
    """Return whether somebody went there, it is denied, or the real office warned."""
    kind = cue.phrase.kind if cue else ""
    if kind == "claims":
        return False
    return kind in {"told", "denied"} or has_cue_after(scene, mention, "warned", _WARNED_WITHIN)


def _is_announced(scene: MentionContext, mention: OfficeMention, cue: PhraseMatch) -> bool:
    """Return whether the cue before a name is a claim; a shy name needs an explicit one, near."""
    if needs_explicit_claim(mention):
        near = scene.token_distance(cue.last, mention.start) <= _SHY_WITHIN
        return cue.phrase.kind == "claims" and near
    return cue.phrase.kind in {"claims", "openers"}


def _continues_claim(scene: MentionContext, mention: OfficeMention, claimed: int) -> bool:
    """Return whether a name continues the last claim: "đại úy" Hùng, "công an tỉnh"."""
    if (
        not claimed
        or needs_explicit_claim(mention)
        or scene.token_distance(claimed, mention.start) > _CHAIN_WITHIN
    ):
        return False
    between = range(claimed, mention.start)
    cues = [cue for first in between for cue in scene.beginning.get(first, ())]
    return not any(cue.phrase.kind in {"calls", "says", "told"} for cue in cues)


def _acts(scene: MentionContext, mention: OfficeMention, *, is_new: bool) -> bool:
    """Return whether the office rings, or speaks and was not visited before."""
    everyday = claim_table().everyday.issuperset(mention.offices)
    titled = mention.titled
    if needs_explicit_claim(mention) and not titled:
        return not everyday and has_cue_after(scene, mention, "calls", 0)
    if has_cue_after(scene, mention, "calls", _SPOKE_WITHIN):
        return True
    return (
        (titled or not everyday) and is_new and has_cue_after(scene, mention, "says", _SPOKE_WITHIN)
    )


def _find_unclaimed(
    scene: MentionContext, mentions: Sequence[OfficeMention]
) -> list[OfficeMention]:
    """Return the first uncommon office of a story without claims, unless visited."""
    visited, everyday = set[str](), claim_table().everyday
    for mention in mentions:
        is_common = needs_explicit_claim(mention) or everyday.intersection(mention.offices)
        if _is_no_claim(scene, mention, nearest_cue_before(scene, mention)):
            visited.update(mention.offices)
        elif not is_common and visited.isdisjoint(mention.offices):
            return [mention]
    return []


def _claim(story: TokenizedText, mention: OfficeMention) -> ImpersonationClaim:
    unit = " in " + "|".join(mention.communes) if mention.communes else ""
    rule = f"{'|'.join(mention.offices)}{unit}: {mention.names[0]}"
    reason = Explanation(FACT, rule, *story.quote(mention.first, mention.end), 0)
    return ImpersonationClaim(mention.offices, mention.communes, reason)
