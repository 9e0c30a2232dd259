"""manage.py link_stories: stories as JSON lines -> the campaign of each, with the reasons."""

from collections.abc import Iterable, Iterator
from typing import Any

from reports.campaigns.offline_clustering import Linked, Story, Why, link
from reports.management.json_lines_command import BadLineError, DoorCommand, record_of, text_of

_FIELDS = ("caller_number", "claimed_to_be", "text", "bank_account", "at")


class Command(DoorCommand):
    help = "Read all stories, then answer the campaign of each, or null where it stands alone."

    def answers(self, given: Iterable[str]) -> Iterator[dict[str, Any]]:
        stories = [_story(line) for line in given]
        linked = iter(link(story for story in stories if isinstance(story, Story)))
        for story in stories:
            yield _answer(next(linked)) if isinstance(story, Story) else story.answer()


def _story(line: str) -> Story | BadLineError:
    try:
        record = record_of(line)
        return Story(record.get("id"), *(text_of(record, field) for field in _FIELDS))
    except BadLineError as error:
        return error


def _answer(linked: Linked) -> dict[str, Any]:
    reasons = [_reason(why) for why in linked.whys]
    return {"id": linked.id, "campaign": linked.campaign, "reasons": reasons}


def _reason(why: Why) -> dict[str, Any]:
    """A link as its reader sees it; `words` where a script ties."""
    said = {
        "kind": why.tie.kind,
        "value": why.tie.value,
        "strength": why.tie.strength,
        "reason": why.tie.reason,
        "stories": why.stories,
    }
    return said | ({"words": list(why.tie.words)} if why.tie.words else {})
