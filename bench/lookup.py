"""Bar 13: what is said of a number, among 10,000,000 indicators and among 10,000.

Both databases lie on one server and are alike in all but their size: a number that is named is
named by two reports of this week, five such numbers begin alike, and each report also names a
number in its story, an account and a link. (Denser numbers would cost more at any size.) The keys
are of a country code that nobody has. What is asked are keys drawn over the whole table.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from bench.databases import copy_database, fill_without_indexes
from bench.harness import Result, measure_ratio
from bench.servers import BenchServers

MANY, FEW = 10_000_000, 10_000
INDICATORS_PER_REPORT = 4  # indicators of a report
QUESTIONS = {
    "named": "a verdict, number reported by two",
    "unknown": "a verdict, number that nobody reported",
    "heard": "the statement about the number alone",
}

# Triggers rest: they would open each case by itself, and look up each report that is named.
FILL_SQL = """
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
INSERT INTO reports_indicator (report_id, kind, source, raw, key, number_kind, flags)
SELECT id, kind, source, key, key, '', '{}' FROM told, LATERAL (VALUES
       ('number', 'caller', number), ('number', 'story', '+9990' || lpad(r::text, 10, '0')),
       ('account', 'story', lpad(r::text, 12, '1')), ('link', 'story', md5(r::text) || '.vn')
       ) AS named (kind, source, key);
"""


def measure_latency(servers: BenchServers) -> Iterator[Result]:
    """How long a verdict takes, as a ratio of medians; then what the look for the number touches."""
    many = servers.env["DATABASE_URL"]
    few = copy_database(many)
    sealed = run_client(servers, many, MANY, "head", 1)["head"]
    fill_database(few, FEW, sealed)
    fill_database(many, MANY, sealed)
    for what, description in QUESTIONS.items():
        ratio, figures = measure_ratio(
            partial(measure_median, servers, many, MANY, what),
            partial(measure_median, servers, few, FEW, what),
        )
        yield Result(
            13,
            f"p50 of {description}, {MANY:,} indicators / {FEW:,}",
            ratio,
            most=1.10,
            detail=figures,
        )
    seen = run_client(servers, many, MANY, "plan", 1)
    yield Result(13, "index scans for the number", seen["scans"], least=1, most=1)
    yield Result(13, "buffers of that scan", seen["buffers"], most=5, detail=dict(seen))


def fill_database(database: str, indicators: int, sealed: str) -> None:
    """Minutes for ten millions. `sealed`, in hex, stands for what the newest key sealed, so that
    nothing is opened for a look.
    """
    values = {"reports": indicators // INDICATORS_PER_REPORT, "sealed": sealed}
    fill_without_indexes(
        database, ["reports_indicator"], lambda cursor: cursor.execute(FILL_SQL, values)
    )


def measure_median(
    servers: BenchServers, database: str, indicators: int, what: str, seconds: float
) -> float:
    """In milliseconds."""
    return float(run_client(servers, database, indicators, what, seconds)["p50"])


def run_client(
    servers: BenchServers, database: str, indicators: int, what: str, seconds: float
) -> dict[str, Any]:
    """Ask one database (bench/lookup_client.py)."""
    words = (what, indicators // INDICATORS_PER_REPORT, seconds)
    return dict(servers.run_client("bench.lookup_client", *words, DATABASE_URL=database))
