"""Assess what a caller or a message said: the signs of a scam, each with the words that show it.

By the reader that triages reports and the table of data/call_signs.json: who is named weighs little,
what is demanded much. Nothing is stored, and no answer says that a call is safe.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

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
from reports.public.call_signs import MAX_QUOTES

MAX_CHARS = 5_000  # of a pasted text that are read
_MAX_SIGNS = 5  # shown, the strongest first
MAX_LOOKUPS = 2  # numbers, accounts and links of a text that are looked up, of each
_CLEAR_FROM = 4  # points of data/call_signs.json
_LEAST_MARGIN, _LURE_MARGIN = 1.0, 7.0  # of a kind that is named; of one that lures by itself
_WEAK = {"proof", "hurry"}  # signs that say nothing alone
_KINDS = {
    "authority",
    "utility",
    "finance",
    "family",
    "commerce",
    "other",
}  # groups of kinds of scam
_LABELS: Mapping[str, StrPromise] = {group.code: _(group.label) for group in GROUPS} | {
    "dial": _("Bảo bấm mã lạ: có thể chuyển cuộc gọi của bạn sang máy họ"),
    "remote": _("Bảo làm qua điện thoại, qua mạng, khỏi đến nơi"),
    "probe": _("Dò hỏi, hoặc biết sẵn, chuyện riêng: tên tuổi, tiền nong, người nhà"),
    "alarm": _("Báo tin làm bạn lo: giao dịch lạ, nợ, tai nạn, giấy tờ lỗi"),
    "hurry": _("Giục làm ngay, đòi thêm"),
    "proof": _("Đưa giấy tờ, con dấu, sắc phục cho xem"),
    "hand-over": _("Chuyển máy cho người khác"),
    "robot": _("Giọng máy tự gọi; bảo bấm phím, gọi lại số lạ"),
    "claim": _("Xưng là cơ quan, người có quyền hoặc người quen"),
    "link": _("Gửi đường link"),
    "odd_link": _("Gửi đường link đuôi lạ, ai cũng mua được"),
    "imitation": _("Đường link nhái tên cơ quan nhà nước"),
    "bank_imitation": _("Đường link có tên ngân hàng, đuôi không ngân hàng nào dùng"),
}


Weighed = tuple[str, int, Sequence[str]]  # a sign, its points, the words that show it


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
    found, is_calm = call_signs.find_signs(parsed, reading)
    ticked = claims.claims_from_checkbox(claimed_office, lexicon)
    claimed = claims.merge_claims([*ticked, *claims.claims_in_story(parsed.story, lexicon)])
    is_kind = code_rows()[reading.scenario]["group"] in _KINDS and reading.margin >= _LEAST_MARGIN
    names = [why.words for why in claimed.reasons if why.words]
    is_named = ticked or (names and _is_doubtful(claimed, reading, is_calm=is_calm))
    weighed = [
        *_weigh_words(found, is_calm=is_calm),
        *((code, call_signs.table()["boxes"].get(code, 0), ()) for code in demands),
        *_weigh_links(mentions),
        ("claim", int(bool(is_named)), names),
    ]
    strength, signs = _sum_up(weighed, has_context=bool(claimed.offices) or is_kind)
    return CallAssessment(
        strength=strength,
        signs=signs,
        scenario=reading.scenario if is_kind and strength != Strength.NONE else "",
        offices=tuple(_list_rows(claimed.offices)),
        mentions=mentions,
        loss_vnd=reading.money_lost_vnd if reading.loss.state == "some" else None,
        has_loss=reading.loss.state == "some",
    )


def _weigh_words(found: Mapping[str, Sequence[str]], *, is_calm: bool) -> Iterator[Weighed]:
    for row in call_signs.table()["rows"]:
        if row["code"] in found:
            points = row.get("calmed", row["points"]) if is_calm else row["points"]
            yield row["sign"], points, found[row["code"]]


def _weigh_links(mentions: Mentions) -> Iterator[Weighed]:
    points = call_signs.table()["links"]
    hosts = [link_hosts.host_of(link.link) for link in mentions.links[:MAX_LOOKUPS]]
    others = [host for host in hosts if not link_hosts.is_of_state(host)]
    odd = list(filter(link_hosts.has_odd_ending, others))
    for code, shown in (
        ("odd_link" if odd else "link", odd or others),
        ("imitation", list(filter(link_hosts.poses_as_state, hosts))),
        ("bank_imitation", list(filter(link_hosts.poses_as_bank, hosts))),
    ):
        yield code, points[code] if shown else 0, [defang_link(host) for host in shown]


def _is_doubtful(claimed: ImpersonationResult, reading: StoryReading, *, is_calm: bool) -> bool:
    """Return whether a call is a sign before anything is demanded: a lure, an office that writes first."""
    table, offices = call_signs.table(), set(claimed.offices)
    is_lure = reading.scenario in table["lures"] and reading.margin >= _LURE_MARGIN
    is_odd = is_lure or not offices.isdisjoint(table["summoning"])
    return OTHER_PROVINCE in offices or (is_odd and not is_calm)


def _sum_up(weighed: Iterable[Weighed], *, has_context: bool) -> tuple[Strength, tuple[Sign, ...]]:
    """Return how sure it is, and the strongest signs, each once; who is named counts beside another."""
    points, quotes = dict[str, int](), dict[str, list[str]]()
    for code, weight, words in weighed:
        if weight:
            points[code] = max(weight, points.get(code, 0))
            quotes.setdefault(code, []).extend(words)
    if points.keys() <= _WEAK:
        return Strength.NONE, ()
    order = sorted(filter(points.__contains__, _LABELS), key=lambda code: -points[code])
    signs = tuple(Sign(code, _pick(quotes[code])) for code in order[:_MAX_SIGNS])
    total = sum(points.values()) + (has_context and "claim" not in points)
    return Strength.CLEAR if total >= _CLEAR_FROM else Strength.SOME, signs


def _pick(quotes: Iterable[str]) -> tuple[str, ...]:
    """Return the first quotes that no other one holds."""
    every = [*dict.fromkeys(quotes)]
    parts = {one for one in every for other in every if one in other and one != other}
    return tuple(one for one in every if one not in parts)[:MAX_QUOTES]


def _list_rows(offices: Iterable[str]) -> Iterator[str]:
    """Yield the rows of the officers' table; of a wider claim of the state the first that it may be."""
    table = claim_table()
    for code in offices:
        if code in table.of_state or code not in table.any_of:
            yield from table.any_of.get(code, (code,))[:1]
