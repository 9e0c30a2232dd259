"""Assess what a caller or a message said: the signs of a scam, each with the words that show it.

By the reader that triages reports and the table of data/call_signs.json: who is named weighs little,
what is demanded much. Nothing is stored, and no answer says that a call is safe.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from reports.data.loader import load_json
from reports.extraction.bank_accounts_and_links import defang_link
from reports.extraction.impersonation import claims
from reports.extraction.impersonation.claims import ImpersonationResult
from reports.extraction.impersonation.office_names import OTHER_PROVINCE, OfficeLexicon, claim_table
from reports.extraction.language.cue_matcher import code_rows
from reports.extraction.language.parsed_story import parse_story
from reports.extraction.phones import Mentions, find_mentions
from reports.extraction.story_reader import StoryReading, read_story
from reports.facts.choices import GROUPS
from reports.public import call_signs, link_hosts
from reports.public.call_signs import FoundSigns

MAX_CHARS = 5_000  # of a pasted text that are read
MAX_LOOKUPS = 2  # numbers, accounts and links of a text that are looked up, of each
_CLEAR_FROM = 4  # points of data/call_signs.json
_OWED = 2  # points of money for what was ordered
_WEAK = {"proof", "hurry"}  # signs that say nothing alone
_SURE_KIND, _PLAIN_KIND = 8.0, 2.5  # lead of a kind that lures by itself; of one that is shown
_KINDS = {"authority", "utility", "finance", "family", "commerce"}  # groups of kinds of scam
_LABELS: Mapping[str, StrPromise] = {group.code: _(group.label) for group in GROUPS} | {
    "dial": _("Bảo bấm mã lạ: có thể chuyển cuộc gọi, tin nhắn của bạn sang máy họ"),
    "remote": _("Bảo làm qua điện thoại, qua mạng, khỏi đến nơi"),
    "probe": _("Dò hỏi tiền nong, ngân hàng, Zalo, người trong nhà"),
    "alarm": _("Báo tin làm bạn lo: giao dịch lạ, nợ, tai nạn, giấy tờ lỗi"),
    "hurry": _("Giục làm ngay, đòi thêm"),
    "proof": _("Đưa giấy tờ, con dấu, sắc phục cho xem"),
    "hand-over": _("Chuyển máy cho người khác"),
    "robot": _("Giọng máy tự gọi, bảo bấm phím"),
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
    declared = claims.claims_from_checkbox(claimed_office, lexicon)
    claimed = claims.merge_claims([*declared, *claims.claims_in_story(parsed.story, lexicon)])
    found = call_signs.find_signs(parsed, reading)
    weighed = [
        *_weigh_boxes(demands, has_office=bool(declared)),
        *_weigh_words(found, _is_genuine(reading)),
        *_weigh_links(mentions),
        *_weigh_claim(claimed, reading, is_calm=found.is_calm or _is_genuine(reading)),
    ]
    strength = _sum_up(
        weighed, has_context=bool(claimed.offices) or _has_kind(reading, _PLAIN_KIND)
    )
    return CallAssessment(
        strength=strength,
        signs=tuple(_merge_signs(weighed)) if strength != Strength.NONE else (),
        scenario=reading.scenario
        if strength != Strength.NONE and _has_kind(reading, _PLAIN_KIND)
        else "",
        offices=tuple(_list_rows(claimed.offices)),
        mentions=mentions,
        loss_vnd=reading.money_lost_vnd if reading.loss.state == "some" else None,
        has_loss=reading.loss.state == "some",
    )


def _has_kind(reading: StoryReading, lead: float) -> bool:
    return code_rows()[reading.scenario]["group"] in _KINDS and reading.margin >= lead


def _is_genuine(reading: StoryReading) -> bool:
    return reading.scenario == "not_scam" and reading.margin >= _PLAIN_KIND


def _weigh_boxes(demands: Iterable[str], *, has_office: bool) -> Iterator[tuple[Sign, int]]:
    points = load_json("call_signs.json")["boxes"]
    yield from ((Sign(code), points[code]) for code in demands if code in points)
    if has_office:
        yield Sign("claim"), 1


def _weigh_words(found: FoundSigns, is_genuine: bool) -> Iterator[tuple[Sign, int]]:
    """Yield the rows found; of what presses in a call that hides nothing, a crime alone."""
    is_calm = found.is_calm or is_genuine
    for code, quotes in found.quotes.items():
        row = call_signs.rows()[code]
        points = row.get("calmed", row["points"]) if is_calm else row["points"]
        if points:
            yield (
                Sign(row["sign"], quotes),
                min(points, _OWED if found.is_owed and code == "money" else points),
            )


def _weigh_claim(
    claimed: ImpersonationResult, reading: StoryReading, *, is_calm: bool
) -> Iterator[tuple[Sign, int]]:
    """Yield what is a sign though nothing was demanded yet: an office that writes and does not ring, a lure."""
    table = load_json("call_signs.json")
    quotes = dict.fromkeys(why.words for why in claimed.reasons if why.words)
    offices = set(claimed.offices)
    is_lure = reading.scenario in table["lures"] and _has_kind(reading, _SURE_KIND)
    if (
        not is_calm and (is_lure or offices & set(table["summoning"]))
    ) or OTHER_PROVINCE in offices:
        yield Sign("claim", tuple(quotes)[:2]), 1


def _weigh_links(mentions: Mentions) -> Iterator[tuple[Sign, int]]:
    points = load_json("call_signs.json")["links"]
    hosts = [link_hosts.host_of(link.link) for link in mentions.links[:MAX_LOOKUPS]]
    others = [host for host in hosts if not link_hosts.is_of_state(host)]
    odd = list(filter(link_hosts.has_odd_ending, others))
    for code, shown in (
        ("odd_link" if odd else "link", odd or others),
        ("imitation", list(filter(link_hosts.poses_as_state, hosts))),
        ("bank_imitation", list(filter(link_hosts.poses_as_bank, hosts))),
    ):
        if shown:
            yield Sign(code, tuple(map(defang_link, shown))), points[code]


def _sum_up(weighed: Iterable[tuple[Sign, int]], *, has_context: bool) -> Strength:
    """Return how sure it is: each sign counts once, who is named only beside one."""
    points: dict[str, int] = {}
    for sign, weight in weighed:
        points[sign.code] = max(weight, points.get(sign.code, 0))
    total = sum(points.values())
    if points.keys() <= _WEAK:
        return Strength.NONE
    context = has_context and "claim" not in points
    return Strength.CLEAR if total + context >= _CLEAR_FROM else Strength.SOME


def _merge_signs(weighed: Iterable[tuple[Sign, int]]) -> Iterator[Sign]:
    """Yield each sign once, in the order of the form; those without a box come last."""
    quotes: dict[str, dict[str, None]] = {}
    for sign, _points in weighed:
        quotes.setdefault(sign.code, {}).update(dict.fromkeys(sign.quotes))
    yield from (Sign(code, tuple(quotes[code])[:2]) for code in _LABELS if code in quotes)


def _list_rows(offices: Iterable[str]) -> Iterator[str]:
    """Yield the rows of the officers' table; of a wider claim of the state the first that it may be."""
    table = claim_table()
    for code in offices:
        if code in table.of_state or code not in table.any_of:
            yield from table.any_of.get(code, (code,))[:1]
