"""manage.py read_stories: print the facts and the priority of each story of JSON lines."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from reports.extraction.bank_accounts_and_links import find_bank_accounts
from reports.extraction.impersonation import claims as claimed
from reports.extraction.language.parsed_story import parse_story
from reports.extraction.language.scoring import Explanation
from reports.extraction.priority import compute_priority
from reports.extraction.story_reader import find_stages, read_story
from reports.management.json_lines_command import (
    InvalidInputLineError,
    JsonLinesCommand,
    get_text,
    parse_record,
)
from reports.reference.office_lexicon import bundled_lexicon


class Command(JsonLinesCommand):
    help = 'Read stories {"id", "text"} as JSON lines and print facts, priority and every reason. Writes nothing.'

    def handle_lines(self, text_lines: Iterable[str]) -> Iterator[dict[str, Any]]:
        for line in text_lines:
            try:
                record = parse_record(line)
                yield {"id": record.get("id"), **_read_story(get_text(record, "text", needed=True))}
            except InvalidInputLineError as error:
                yield error.answer()


def _read_story(text: str) -> dict[str, Any]:
    """Return facts with reasons; the points of a fact's reasons add up to its score."""
    parsed = parse_story(text)
    reading = read_story(parsed)
    claims = claimed.merge_claims(claimed.claims_in_story(parsed.story, bundled_lexicon()))
    steps = find_stages(parsed.story, reading.reasons)
    urgency = compute_priority(reading, office=claims.of_state)
    reasons = (*reading.reasons, *claims.reasons, *steps, *urgency.reasons)
    return {
        "scenario": reading.scenario,
        "actions": list(reading.actions),
        "money_lost_vnd": reading.money_lost_vnd,
        "loss": reading.loss.as_row(),
        "ongoing": reading.ongoing,
        "priority": urgency.score,
        "accounts": [asdict(account) for account in find_bank_accounts(text)],
        "danger": [_place(danger) for danger in urgency.dangers],
        "reasons": [reason._asdict() for reason in reasons],
    }


def _place(danger: Explanation) -> dict[str, Any]:
    """Return the code of a danger, its sentence, and its words in the story."""
    code, _, sentence = danger.rule.partition(": ")
    place = {"words": danger.words, "start": danger.start, "end": danger.end}
    return {"code": code, "sentence": sentence, **place}
