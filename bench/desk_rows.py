"""A database full of reports, as the desk finds them after some years: bar 12 stands on it.

Stories are put together from sentences that hands wrote (tools/data/training), sixty to a hundred
and twenty words of them, so that words are as common and as rare as in life. A number is named by
ten reports, a campaign has two hundred; the newest are open. Sizes differ in nothing else: of either
the open ones came within two days, so that lists of a day are as long.
"""

import json
import random
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from bench.databases import fill_without_indexes
from core.text import normalize
from tools.train_reader import STORIES, read_labels

OPEN = 2_000
MIN_WORDS, MAX_WORDS = 60, 120  # words of a story
_TABLES = (
    "reports_report", "reports_case", "reports_extractedfacts", "reports_indicator", "reports_campaign",
    "reports_campaignlink", "reports_reportfingerprint", "reports_fingerprintkey", "core_outboxitem",
    "core_auditevent",
)  # fmt: skip

# Triggers rest: they would open each case by itself, and look up each row that is named.
BEGIN_SQL = """
SET session_replication_role = replica;
SET maintenance_work_mem = '1GB';
SET synchronous_commit = off;
SET max_parallel_maintenance_workers = 2;
CREATE TEMP TABLE told (r int, story text, folded text, scenario text);
"""
COPY_SQL = "COPY told (r, story, folded, scenario) FROM STDIN"
_KEY = "('00000000-0000-4000-8000-' || lpad(to_hex(r), 12, '0'))::uuid"
_FILL_SQL = """
CREATE TEMP TABLE each AS
SELECT r, story, folded, scenario, {key} AS id, r >= %(reports)s - %(open)s AS open,
       abs(hashint4(r)::bigint) AS chance,
       now() - CASE WHEN r >= %(reports)s - %(open)s THEN (%(reports)s - r) * interval '2 days' / %(open)s
               ELSE interval '2 days' + (%(reports)s - %(open)s - r) * interval '998 days' / %(reports)s END AS at,
       '+999' || lpad((r / 10)::text, 9, '0') AS number,
       lpad((r / 3)::text, 12, '1') AS account
  FROM told;
CREATE TEMP TABLE commune AS
SELECT row_number() OVER (ORDER BY codename) - 1 AS place, codename FROM reports_commune;
CREATE TEMP TABLE office AS
SELECT row_number() OVER (ORDER BY codename) - 1 AS place, codename AS slug FROM reports_office;
INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name, last_name,
                       email, date_joined)
SELECT 'officer' || n, '!', false, true, true, '', 'Cán bộ ' || n, '', now()
  FROM generate_series(1, 12) AS n;
CREATE TEMP TABLE officer AS
SELECT row_number() OVER (ORDER BY id) - 1 AS place, id FROM auth_user;
INSERT INTO reports_report (
       id, public_number, received_at, source, submission_key, content_digest, channel,
       caller_number, claimed_office, claimed_name, story, demands, money_lost_raw, commune_id,
       commune_raw, on_behalf, flags, story_sealed, contact_index)
SELECT each.id, '26-' || substr(translate(upper(md5(r::text)), '01AEF', 'GHJKL'), 1, 4) || '-'
       || lpad(translate(upper(to_hex(r)), '01AEF', 'GHJKL'), 5, 'Z'), at,
       CASE chance %% 20 WHEN 0 THEN 'desk' ELSE 'web' END, to_hex(r), '',
       (ARRAY['number', 'number', 'hidden', 'app'])[1 + chance %% 4], number, 'bank', '', story,
       '{{call_police,transfer}}', '', CASE WHEN chance %% 5 < 4 THEN codename END, '', false,
       CASE chance %% 30 WHEN 0 THEN '{{masked_card}}'::text[] ELSE '{{}}' END,
       convert_to(story, 'UTF8'), decode(md5(r::text), 'hex')
  FROM each LEFT JOIN commune ON place = chance / 7 %% (SELECT count(*) FROM commune);
INSERT INTO reports_case (report_id, status, outcome, officer_id, due_at, seconded_by_id, version)
SELECT each.id, CASE WHEN NOT open THEN (ARRAY['closed', 'junk', 'crime_report'])[1 + chance %% 3]
                ELSE (ARRAY['new', 'new', 'in_review', 'waiting'])[1 + chance %% 4] END,
       CASE WHEN NOT open AND chance %% 3 = 0 THEN 'duplicate' ELSE '' END,
       CASE WHEN NOT open OR chance %% 4 > 1 THEN officer.id END,
       CASE WHEN open AND chance %% 3 > 0 THEN at + interval '1 day' * (990 + chance %% 20) END,
       CASE WHEN NOT open AND chance %% 3 = 1 THEN officer.id END, 2 -- what waits for a second is work
  FROM each JOIN officer ON place = chance / 11 %% (SELECT count(*) FROM officer);
INSERT INTO reports_extractedfacts (
       report_id, received_at, scenario, actions, money_lost_vnd, ongoing, priority, offices, stages, reasons,
       search_text, rules_version)
SELECT each.id, at, scenario, '{{transfer,keep_secret}}',
       CASE chance %% 3 WHEN 0 THEN 0 WHEN 1 THEN 1000000 * (1 + chance / 3 %% 300) END,
       chance %% 40 = 0, chance %% 101, ARRAY[slug], '{{threat,transfer}}', %(reasons)s,
       folded || ' ' || number || ' ' || account, '1'
  FROM each JOIN office ON place = chance / 13 %% (SELECT count(*) FROM office)
 WHERE NOT open OR chance %% 100 > 0;
INSERT INTO reports_indicator (report_id, kind, source, raw, key, number_kind, flags)
SELECT id, kind, source, key, key, CASE kind WHEN 'number' THEN 'international' ELSE '' END, '{{}}'
  FROM each, LATERAL (VALUES
       ('number', 'caller', number), ('account', 'story', account),
       ('link', 'story', md5((r / 50)::text) || '.vn')) AS named (kind, source, key)
 WHERE kind <> 'link' OR r %% 4 = 0;
INSERT INTO reports_campaign (id, code, title, opened_at)
SELECT md5('campaign' || n)::uuid, 'C-26-' || lpad(n::text, 6, '0'), 'Đợt ' || n, now()
  FROM generate_series(0, %(reports)s / 200) AS n;
INSERT INTO reports_campaignlink (report_id, campaign_id, kind, strength, reason)
SELECT id, md5('campaign' || r / 200)::uuid, 'same_number', 1, 'cùng số gọi' FROM each
 WHERE r %% 5 > 1;
INSERT INTO reports_reportfingerprint (report_id, created_at, keys, script_terms, lookup_keys)
SELECT id, at, ARRAY['same_number:' || number], ''::bytea, ARRAY[hashtext(number), r] FROM each;
INSERT INTO reports_fingerprintkey (key, created_at, report_id)
SELECT key, at, id FROM each, LATERAL (VALUES (hashtext(number)), (r)) AS found (key);
INSERT INTO core_outboxitem (task, key, created_at, due_at, attempts, done_at)
SELECT 'reports.triage', id::text, at, at, 1, at FROM each;
INSERT INTO core_auditevent (created_at, actor_id, subject_type, subject_id, kind, detail)
SELECT at, officer.id, 'report', each.id::text, 'taken', '{{}}'
  FROM each JOIN officer ON place = chance / 11 %% (SELECT count(*) FROM officer)
 WHERE NOT open OR chance %% 4 > 1;
"""
_REASON = {"fact": "scenario", "rule": "word: cong an", "words": "công an", "start": 20, "end": 27,
           "points": 1.25}  # fmt: skip
_TOP = {"fact": "priority", "rule": "asked for money", "words": "", "start": None, "end": None,
        "points": 20}  # fmt: skip


def fill_database(database: str, reports: int) -> None:
    """Some minutes for a million: the indexes are made afterwards."""
    values = {"reports": reports, "open": OPEN, "reasons": json.dumps([_REASON] * 6 + [_TOP] * 2)}

    def fill(cursor: Any) -> None:
        cursor.execute(BEGIN_SQL)
        cursor.copy_expert(COPY_SQL, _Lines(make_lines(reports)))
        cursor.execute(_FILL_SQL.format(key=_KEY), values)

    fill_without_indexes(database, list(_TABLES), fill)


def make_lines(reports: int) -> Iterator[str]:
    """The lines of COPY: place, story, its folded words, scenario."""
    chance = random.Random(12)  # noqa: S311
    sentences = load_sentences()
    for place in range(reports):
        story, folded, scenario = _make_story(chance, sentences)
        yield f"{place}\t{story}\t{folded}\t{scenario}\n"


def load_sentences() -> list[tuple[str, str, str, int]]:
    """What hands wrote: each sentence, folded, the scenario of its story, its words."""
    stories = [story for file in sorted(STORIES.glob("*.jsonl")) for story in read_labels(file)]
    return [
        (
            " ".join(part.replace("\\", "").split()),
            normalize(part),
            story.get("scenario", "unclear"),
            len(part.split()),
        )
        for story in stories
        for part in re.split(r"(?<=[.!?])\s+", story["text"])
        if part.split()
    ]


def _make_story(
    chance: random.Random, sentences: list[tuple[str, str, str, int]]
) -> tuple[str, str, str]:
    least, words = chance.randint(MIN_WORDS, MAX_WORDS - 10), 0
    parts: list[tuple[str, str, str, int]] = []
    while words < least:
        parts.append(sentences[int(chance.random() * len(sentences))])
        words += parts[-1][3]
    story = " ".join(part[0] for part in parts)
    return story, " ".join(part[1] for part in parts), parts[0][2]


class _Lines:
    """What COPY reads: some lines at a time."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines

    def read(self, _size: int = 0) -> bytes:
        return "".join(islice(self.lines, 100)).encode()

    def readline(self, _size: int = 0) -> bytes:
        return next(self.lines, "").encode()
