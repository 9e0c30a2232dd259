"""Assess what a caller or a message said: the signs of a scam, each with the words that show it.

By the reader that triages reports. Nothing is stored, and no answer says that a call is safe.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from core.text import normalize
from reports.extraction.bank_accounts_and_links import defang_link
from reports.extraction.impersonation import claims
from reports.extraction.impersonation.office_names import OfficeLexicon, claim_table
from reports.extraction.language.cue_matcher import code_rows
from reports.extraction.language.parsed_story import ParsedStory, PaymentAction, parse_story
from reports.extraction.language.scoring import Explanation, explanation_at, is_remainder
from reports.extraction.phones import Mentions, find_mentions
from reports.extraction.story_reader import (
    STAGES,
    StoryReading,
    find_stages,
    read_story,
    stage_code,
)
from reports.facts.choices import GROUPS
from reports.public import link_hosts

MAX_CHARS = 5_000  # of a pasted text that are read
MAX_LOOKUPS = 2  # numbers, accounts and links of a text that are looked up, of each
_MAX_QUOTES, _MAX_QUOTE_CHARS = 2, 60
_STRONG = 0.5  # of the points of the most telling words
_NEAR = 3  # characters between words that make one quotation
_LOOK_BACK = 40  # characters before a sign that may deny it
_LEAST_POINTS = 2.5  # of the most telling words
_LEAST_MARGIN = 2.5  # of a kind that nothing but the story's words as a whole says
_NOT_BEFORE = re.compile(
    r"(?<!neu )(?<!ma )\b(?:khong|ko|kg|chang|cha|chua|dung|not|never)(?: \S+){0,2}$"
)
_THEN = frozenset({"thi", "la", "se", "bi"})  # soon after: what is threatened
_GRAVE = {"money", "secrets", "software", "isolation"}
_KINDS = {"authority", "utility", "finance", "family", "commerce"}  # groups of kinds of scam
# Of a parcel and of a power cut real people tell too.
_THREAT, DELIVERY, POWER_CUT = "threat", "delivery_parcel", "electricity_evn"
_EVERYDAY = {"not_scam", "spam_submission"}
_WEAK = {_THREAT, "contact", "proof", "hand-over", "promise"}  # signs that everyday calls have too
_SIGN_OF_ACTION = {action: group.code for group in GROUPS for action in group.actions}
_SIGN_OF_STAGE = {code: code for code in (_THREAT, "proof", "hand-over")} | {"isolate": "isolation"}
_LABELS: Mapping[str, StrPromise] = {group.code: _(group.label) for group in GROUPS} | {
    "proof": _("Đưa giấy tờ, con dấu, sắc phục cho xem"),
    "hand-over": _("Chuyển máy cho người khác"),
    "claim": _("Xưng là cơ quan, người có quyền hoặc người quen"),
    "link": _("Gửi đường link"),
    "odd_link": _("Gửi đường link đuôi lạ, ai cũng mua được"),
    "imitation": _("Đường link nhái tên cơ quan nhà nước"),
    "bank_imitation": _("Đường link có tên ngân hàng, đuôi không ngân hàng nào dùng"),
}


class Strength(StrEnum):
    CLEAR = "clear"
    SOME = "some"
    NONE = "none"


@dataclass(frozen=True)
class Sign:
    """A sign of a scam; `quotes`: the words that show it, none of a ticked box."""

    code: str
    quotes: tuple[str, ...] = ()

    @property
    def label(self) -> StrPromise:
        return _LABELS[self.code]


@dataclass(frozen=True)
class CallAssessment:
    """`scenario`: the code of a kind of scam, "" where none; `offices`: rows that the caller claims to be."""

    strength: Strength
    signs: tuple[Sign, ...]
    scenario: str
    offices: tuple[str, ...]
    mentions: Mentions
    has_loss: bool
    loss_vnd: int | None


def assess_call(
    text: str, claimed_office: str, demands: Iterable[str], lexicon: OfficeLexicon
) -> CallAssessment:
    """Return the signs in the first MAX_CHARS of a text and in the boxes. Linear time."""
    parsed = parse_story(text[:MAX_CHARS])
    reading = read_story(parsed)
    mentions = find_mentions(parsed.story.typed, parsed.story.copy)
    stages = find_stages(parsed.story, reading.reasons)
    asked = [_explain_demand(parsed, each) for each in parsed.actions if _is_demand(each)]
    reasons = [*reading.reasons, *stages, *asked]
    signs = tuple(_list_signs(parsed.story.typed, reasons, demands, mentions))
    claimed = claims.merge_claims(
        [
            *claims.claims_from_checkbox(claimed_office, lexicon),
            *claims.claims_in_story(parsed.story, lexicon),
        ]
    )
    codes = {sign.code for sign in signs}
    strength = _weigh(codes, reading, has_claim=bool(claimed.offices))
    if not signs and strength != Strength.NONE:
        quotes = dict.fromkeys(why.words for why in claimed.reasons if why.words)
        signs = (Sign("claim", tuple(quotes)[:_MAX_QUOTES]),) if quotes else ()
    is_sure = _group_of(reading) in _KINDS and reading.margin >= _LEAST_MARGIN
    return CallAssessment(
        strength=strength,
        signs=signs,
        scenario=reading.scenario if is_sure and strength != Strength.NONE else "",
        offices=tuple(_list_rows(claimed.offices)),
        mentions=mentions,
        loss_vnd=reading.money_lost_vnd if reading.loss.state == "some" else None,
        has_loss=reading.loss.state == "some",
    )


def _is_demand(action: PaymentAction) -> bool:
    return action.kind == "pay" and action.state == "asked"


def _explain_demand(parsed: ParsedStory, action: PaymentAction) -> Explanation:
    """Return a verb of paying that somebody else wants done, with the sum behind it, as a reason."""
    behind = (each.last for each in parsed.sums if 0 <= each.first - action.last <= 1)
    place = (action.first, max(behind, default=action.last))
    return explanation_at(parsed.story, "actions", "transfer_money: asked", place, _LEAST_POINTS)


def _group_of(reading: StoryReading) -> str:
    return str(code_rows()[reading.scenario]["group"])


def _weigh(signs: set[str], reading: StoryReading, *, has_claim: bool) -> Strength:
    scenario, group = reading.scenario, _group_of(reading)
    is_telling, is_everyday = group in _KINDS and scenario != DELIVERY, scenario in _EVERYDAY
    grave = signs & _GRAVE
    is_imitation = not signs.isdisjoint({"imitation", "bank_imitation"})
    if is_imitation or ("odd_link" in signs and is_telling) or len(grave) > 1:
        return Strength.CLEAR
    is_paid_at_door = scenario == DELIVERY and signs == {"money"}
    if grave and (group in _KINDS or has_claim or len(signs) > 1) and not is_paid_at_door:
        return Strength.CLEAR
    is_announced = scenario == POWER_CUT and signs == {_THREAT}
    if _THREAT in signs and (is_telling or (has_claim and not is_everyday)) and not is_announced:
        return Strength.CLEAR
    is_kind = is_telling and (signs or reading.margin >= _LEAST_MARGIN)
    is_claim = has_claim and not (is_everyday or scenario == DELIVERY)
    is_sign = signs - _WEAK if is_everyday else signs
    return Strength.SOME if is_kind or is_claim or is_sign else Strength.NONE


def _list_signs(
    text: str, reasons: Iterable[Explanation], demands: Iterable[str], mentions: Mentions
) -> Iterator[Sign]:
    """Yield each sign once, in the order of the form; those without a box come last."""
    ticked, found = set(demands), dict[str, list[Explanation]]()
    for reason in reasons:
        if not (reason.fact == STAGES or (reason.fact == "actions" and reason.points > 0)):
            continue
        signs = _SIGN_OF_STAGE if reason.fact == STAGES else _SIGN_OF_ACTION
        if sign := signs.get(stage_code(reason)):
            found.setdefault(sign, []).append(reason)
    for code in _LABELS:
        quotes = tuple(_quote(text, found.get(code, ())))
        if quotes or code in ticked:
            yield Sign(code, quotes)
    hosts = [link_hosts.host_of(link.link) for link in mentions.links[:MAX_LOOKUPS]]
    others = [host for host in hosts if not link_hosts.is_of_state(host)]
    odd = list(filter(link_hosts.has_odd_ending, others))
    if others:
        yield Sign("odd_link" if odd else "link", tuple(map(defang_link, odd or others)))
    if imitating := list(filter(link_hosts.poses_as_state, hosts)):
        yield Sign("imitation", tuple(map(defang_link, imitating)))
    elif posing := list(filter(link_hosts.poses_as_bank, hosts)):
        yield Sign("bank_imitation", tuple(map(defang_link, posing)))


def _quote(text: str, reasons: Iterable[Explanation]) -> Iterator[str]:
    """Yield the most telling words in order, those side by side as one quotation; none where they are
    weak or all denied: "không bảo nộp gì".
    """
    spans: list[tuple[int, int, float]] = []
    placed = [why for why in reasons if not is_remainder(why.rule)]
    is_weak = 0 < max((why.points for why in placed), default=0) < _LEAST_POINTS
    for why in sorted(placed, key=lambda why: why.start or 0):
        if why.start is None or why.end is None:
            continue
        if spans and why.start <= spans[-1][1] + _NEAR:
            start, end, points = spans.pop()
            spans.append((start, max(end, why.end), points + why.points))
        else:
            spans.append((why.start, why.end, why.points))
    most = max((points for *_, points in spans), default=0)
    strong = [span for span in spans if span[2] >= _STRONG * most and not is_weak]
    if all(_is_denied(text, start, end) for start, end, _ in strong):
        return
    longest = sorted(strong, key=lambda span: span[0] - span[1])[:_MAX_QUOTES]
    quotes = (text[start : min(end, start + _MAX_QUOTE_CHARS)] for start, end, _ in sorted(longest))
    yield from dict.fromkeys(" ".join(each.split()) for each in quotes)


def _is_denied(text: str, start: int, end: int) -> bool:
    """Return whether a "not" stands just before, and it is no threat: "không nộp thì bị bắt"."""
    before = normalize(text[max(0, start - _LOOK_BACK) : start])
    after = normalize(text[end : end + _LOOK_BACK]).split()
    return bool(_NOT_BEFORE.search(before)) and _THEN.isdisjoint(after[:4])


def _list_rows(offices: Iterable[str]) -> Iterator[str]:
    """Yield the rows of the officers' table; of a wider claim of the state the first that it may be."""
    table = claim_table()
    for code in offices:
        if code in table.of_state or code not in table.any_of:
            yield from table.any_of.get(code, (code,))[:1]
