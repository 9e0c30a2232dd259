"""Bar 13: what is said of a number, among 10,000,000 indicators and among 10,000.

Both databases lie on one server and are alike in all but their size: a number that is named is
named by two reports of this week, five such numbers begin alike, and each report also names a
number in its story, an account and a link. (Denser numbers would cost more at any size.) The keys
are of a country code that nobody has. What is asked are keys drawn over the whole table.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import psycopg2

from bench.harness import Result, ratio_of
from bench.servers import ROOT, Ground

MANY, FEW = 10_000_000, 10_000
EACH = 4  # indicators of a report
SMALL = "small"
ASKED = {
    "named": "a verdict, number reported by two",
    "unknown": "a verdict, number that nobody reported",
    "heard": "the statement about the number alone",
}

# Triggers rest: they would open each case by itself, and look up each report that is named.
FILL = """
SET session_replication_role = replica;
SET maintenance_work_mem = '1GB';
SET synchronous_commit = off;
CREATE TEMP TABLE told AS
SELECT r, ('00000000-0000-4000-8000-' || lpad(to_hex(r), 12, '0'))::uuid AS id,
       '+999' || lpad((r / 10)::text, 8, '0') || lpad((r / 2 %% 5 * 137)::text, 3, '0') AS number
  FROM generate_series(0, %(reports)s - 1) AS r;
INSERT INTO reports_report (
       id, public_number, received_at, source, submission_key, content_digest, channel,
       caller_number, claimed_office, claimed_name, story, demands, money_lost_raw, commune_raw,
       on_behalf, flags, contact_index, contact_sealed)
SELECT id, to_hex(r), now() - (r %% 2) * interval '1 day' - (r / 2 %% 5) * interval '1 hour', 'web',
       to_hex(r), '', 'number', number, 'bank', '',
       (SELECT string_agg(substr(md5(r::text), place, 4), ' ') FROM generate_series(1, 24, 2) place),
       '{}', '', '', false, '{}', decode(md5(r::text), 'hex'), decode(%(sealed)s, 'hex')
  FROM told;
INSERT INTO reports_case (report_id) SELECT id FROM told;
INSERT INTO reports_indicator (report_id, kind, place, raw, key, number_kind, flags)
SELECT id, kind, place, key, key, '', '{}' FROM told, LATERAL (VALUES
       ('number', 'caller', number), ('number', 'story', '+9990' || lpad(r::text, 10, '0')),
       ('account', 'story', lpad(r::text, 12, '1')), ('link', 'story', md5(r::text) || '.vn')
       ) AS named (kind, place, key);
"""
INDEXES = """
SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'reports_indicator'
   AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""


def verdicts(ground: Ground) -> Iterator[Result]:
    """How long a verdict takes, as a ratio of medians; then what the look for the number touches."""
    many = ground.env["DATABASE_URL"]
    few = copied(many)
    sealed = asked(ground, many, MANY, "head", 1)["head"]
    fill(few, FEW, sealed)
    fill(many, MANY, sealed)
    for what, told in ASKED.items():
        ratio, figures = ratio_of(
            partial(p50, ground, many, MANY, what), partial(p50, ground, few, FEW, what)
        )
        yield Result(
            13,
            f"p50 of {told}, {MANY:,} indicators / {FEW:,}",
            ratio,
            most=1.10,
            detail=figures,
        )
    seen = asked(ground, many, MANY, "plan", 1)
    yield Result(13, "index scans for the number", seen["scans"], least=1, most=1)
    yield Result(13, "buffers of that scan", seen["buffers"], most=5, detail=dict(seen))


def copied(database: str) -> str:
    """The address of a database like this one, which is still empty."""
    parts = urlsplit(database)
    name = parts.path.removeprefix("/")
    with closing(psycopg2.connect(parts._replace(path="/postgres").geturl())) as line:
        line.autocommit = True
        with line.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{SMALL}" TEMPLATE "{name}"')
    return parts._replace(path=f"/{SMALL}").geturl()


def fill(database: str, indicators: int, sealed: str) -> None:
    """Minutes for ten millions: the indexes are made afterwards. `sealed`, in hex, stands for what the
    newest key sealed, so that nothing is opened for a look.
    """
    with closing(psycopg2.connect(database)) as line:
        line.autocommit = True
        with line.cursor() as cursor:
            cursor.execute(INDEXES)
            indexes = cursor.fetchall()
            for name, _ in indexes:
                cursor.execute(f'DROP INDEX "{name}"')
            cursor.execute(FILL, {"reports": indicators // EACH, "sealed": sealed})
            for _, definition in indexes:
                cursor.execute(definition)
            cursor.execute("VACUUM ANALYZE")


def p50(ground: Ground, database: str, indicators: int, what: str, seconds: float) -> float:
    """In milliseconds."""
    return float(asked(ground, database, indicators, what, seconds)["p50"])


def asked(
    ground: Ground, database: str, indicators: int, what: str, seconds: float
) -> dict[str, Any]:
    """A process of its own asks one database (bench/looks.py)."""
    words = [sys.executable, "-m", "bench.looks", what, str(indicators // EACH), str(seconds)]
    env = ground.env | {"DATABASE_URL": database}
    done = subprocess.run(words, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout))
