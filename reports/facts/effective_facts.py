"""The effective facts of a report: an officer's correction, else the extraction.

A correction is an entry of `Case.corrections_json`, fact -> value. A routing rule may raise the
priority; the commune is the last one told, where no officer set it. As an object, query expressions, and SQL columns.
"""

from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    BigIntegerField,
    BooleanField,
    CharField,
    Expression,
    F,
    Field,
    Func,
    PositiveSmallIntegerField,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models import Case as Choice
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, Greatest, NullIf

from reports.models import Case, ExtractedFacts, Report


@dataclass(frozen=True)
class EffectiveFacts:
    """The effective facts, None or () for none; `corrected`: those that an officer set."""

    priority: int | None = None
    scenario: str | None = None
    actions: tuple[str, ...] = ()
    money_lost_vnd: int | None = None
    ongoing: bool | None = None
    offices: tuple[str, ...] = ()
    commune: str | None = None
    told_commune: str | None = None  # as the reporter says it
    is_triaged: bool = False
    corrected: frozenset[str] = frozenset()

    @property
    def is_loss_known(self) -> bool:
        """Return whether the loss was assessed; an unknown sum is an answer too."""
        return self.is_triaged or "money_lost_vnd" in self.corrected


_COLUMNS = ("priority", "scenario", "actions", "money_lost_vnd", "ongoing", "offices")


def effective_facts(report: Report) -> EffectiveFacts:
    """Return the effective facts of a report loaded with its case, and its facts if any."""
    corrections: dict[str, Any] = report.case.corrections_json
    facts = getattr(report, "facts", None)
    values = {name: getattr(facts, name) for name in _COLUMNS} if facts else {}
    if facts:
        values["priority"] = max(facts.priority, report.case.min_priority or 0)
    values |= {name: value for name, value in corrections.items() if name in _COLUMNS}
    for name in ("actions", "offices"):
        values[name] = tuple(values.get(name) or ())
    told = facts.commune_id if facts and facts.commune_raw else report.commune_id
    return EffectiveFacts(
        **values,
        commune=corrections.get("commune", told),
        told_commune=told,
        is_triaged=facts is not None,
        corrected=frozenset(corrections),
    )


def latest_place(report: Report) -> str:
    """Return where the reporter lives as a follow-up says it, "" for none."""
    facts = getattr(report, "facts", None)
    return str(facts.commune_raw) if facts else ""


def typed_place_of(report: Report) -> str:
    """Return where the reporter lives as last typed; the report has its facts."""
    return latest_place(report) or report.commune_raw


def _correction(fact: str, kind: Field[Any, Any]) -> Expression:
    return Cast(KeyTextTransform(fact, "case__corrections_json"), kind)


def scenario_expression() -> Expression:
    return Coalesce(_correction("scenario", CharField()), "facts__scenario")


def priority_expression() -> Expression:
    """Return the priority, 0 to 100, NULL without facts."""
    raised = Greatest("facts__priority", Coalesce("case__min_priority", "facts__priority"))
    return Coalesce(_correction("priority", PositiveSmallIntegerField()), raised)


def ongoing_expression() -> Expression:
    return Coalesce(_correction("ongoing", BooleanField()), "facts__ongoing")


def loss_expression() -> Expression:
    """Return the loss in đồng; a correction to NULL stands: the sum is unknown."""
    correction = _correction("money_lost_vnd", BigIntegerField())
    is_corrected = Q(case__corrections_json__has_key="money_lost_vnd")
    return Choice(When(is_corrected, then=correction), default="facts__money_lost_vnd")


def commune_expression() -> Expression:
    """Return the codename of the commune where a Report's reporter lives: an officer's, else the
    last one told.
    """
    is_corrected = Q(case__corrections_json__has_key="commune")
    corrected = When(is_corrected, then=_correction("commune", CharField()))
    latest = When(facts__commune_raw__gt="", then=F("facts__commune"))
    return Choice(corrected, latest, default=F("commune"), output_field=CharField())


def typed_place_expression() -> Expression:
    """Return where the reporter lives as last typed."""
    return Coalesce(NullIf("facts__commune_raw", Value("")), "commune_raw")


class IsOneOf(Func):
    """Whether a key is in an array, which the plan computes first, so that an index is used."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def of_scenario(reports: QuerySet[Report], code: str) -> QuerySet[Report]:
    return reports.alias(effective_scenario=scenario_expression()).filter(effective_scenario=code)


def of_commune(reports: QuerySet[Report], code: str | None) -> QuerySet[Report]:
    """Return the reports whose reporter lives in a commune, None for none that is known.

    The few whose follow-up names a commune, or of which an officer does, are selected first; the
    facts of all others are not read.
    """
    later = ExtractedFacts.objects.filter(commune_raw__gt="", commune=code)
    by_officer = Case.objects.filter(corrections_json__has_key="commune").alias(
        commune=Cast(KeyTextTransform("commune", "corrections_json"), TextField())
    )
    few = (later.values("pk"), by_officer.filter(Q(commune=code)).values("pk"))
    candidates = [Q(IsOneOf(F("pk"), ArraySubquery(keys))) for keys in few]
    return (
        reports.filter(reduce(or_, candidates, Q(commune=code)))
        .alias(effective_commune=commune_expression())
        .filter(effective_commune=code)
    )


# Columns of `reports_extractedfacts AS machine` as they hold beside `reports_case AS desk`.
COLUMNS = """
    coalesce(desk.corrections_json ->> 'scenario', machine.scenario) AS scenario,
    coalesce((desk.corrections_json ->> 'ongoing')::boolean, machine.ongoing) AS ongoing,
    CASE WHEN desk.corrections_json ? 'money_lost_vnd' THEN (desk.corrections_json ->> 'money_lost_vnd')::bigint
         ELSE machine.money_lost_vnd END AS money_lost_vnd,
    CASE WHEN desk.corrections_json ? 'actions'
         THEN ARRAY(SELECT jsonb_array_elements_text(desk.corrections_json -> 'actions'))
         ELSE machine.actions END AS actions,
    CASE WHEN desk.corrections_json ? 'offices'
         THEN ARRAY(SELECT jsonb_array_elements_text(desk.corrections_json -> 'offices'))
         ELSE machine.offices END AS offices,
    machine.stages AS stages
"""
# The same of where the reporter lives, beside `reports_report AS report` too.
COMMUNE = """CASE WHEN desk.corrections_json ? 'commune' THEN desk.corrections_json ->> 'commune'
                  WHEN machine.commune_raw > '' THEN machine.commune_id ELSE report.commune_id END"""


def confirmed_loss_sql(report: str, loss: str) -> str:
    """Return SQL of the part of a loss that a person stands for: the reporter typed a sum, or an
    officer's last word on it is a correction or a confirmation of this very sum. Else 0.
    """
    return f"""CASE WHEN {loss} > 0 AND (
         EXISTS (SELECT FROM reports_report AS own WHERE own.id = {report} AND own.money_lost_raw > '')
      OR EXISTS (SELECT FROM reports_followup AS later
                  WHERE later.report_id = {report} AND later.money_lost_raw > '')
      OR (SELECT word.is_active AND (NOT word.is_confirmation OR word.value = to_jsonb({loss}))
            FROM reports_correction AS word
           WHERE word.report_id = {report} AND word.fact = 'money_lost_vnd'
           ORDER BY word.id DESC LIMIT 1)) THEN {loss} ELSE 0 END"""  # noqa: S608  # nosec B608


def confirmed_loss_expression() -> RawSQL:
    """Return that part of the loss of a Report, the table of the query itself."""
    confirmed = confirmed_loss_sql("desk.report_id", "facts.money_lost_vnd")
    statement = f"""(SELECT {confirmed} FROM reports_case AS desk
        LEFT JOIN reports_extractedfacts AS machine ON machine.report_id = desk.report_id
       CROSS JOIN LATERAL (SELECT {COLUMNS}) AS facts WHERE desk.report_id = reports_report.id)"""  # noqa: S608  # nosec B608
    return RawSQL(statement, [], BigIntegerField())  # noqa: S611  # no words of others  # nosec B611
