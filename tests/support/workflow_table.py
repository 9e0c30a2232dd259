"""The transitions that the workflow allows, and cases to which they apply."""

from django.contrib.auth.models import User

from reports.cases import deadlines
from reports.models import Case, UnitMember
from tests.support import report_factories, transfer_slips
from tests.support.officers import create_officer

S = Case.Status

# Written out a second time, by hand: from each status, what each verb leads to.
LEADS = {
    S.NEW: "contact=new take=in_review assign=in_review assign_unit=in_review recall=new note=new message=new ask=waiting act=crime_report"
    " hand_over=handed_over close=closed junk=junk withdraw=withdrawn",
    S.IN_REVIEW: "contact=in_review take=in_review assign=in_review give_back=in_review assign_unit=in_review recall=in_review note=in_review message=in_review ask=waiting act=crime_report"
    " hand_over=handed_over close=closed junk=junk withdraw=withdrawn",
    S.WAITING: "contact=waiting take=waiting assign=waiting give_back=waiting assign_unit=waiting recall=waiting note=waiting message=waiting resume=in_review act=crime_report"
    " hand_over=handed_over close=closed junk=junk withdraw=withdrawn",
    S.CRIME_REPORT: "contact=crime_report take=crime_report assign=crime_report note=crime_report message=crime_report extend=crime_report hand_over=handed_over close=closed reopen=in_review",
    S.HANDED_OVER: "contact=handed_over note=handed_over message=handed_over reopen=in_review"
    " receive=handed_over receive_on_paper=handed_over answer=handed_over decline=in_review take_back=in_review",
    S.CLOSED: "contact=closed note=closed message=closed reopen=in_review",
    S.JUNK: "contact=junk note=junk message=junk second=junk reopen=in_review",
    S.WITHDRAWN: "contact=withdrawn note=withdrawn message=withdrawn second=withdrawn reopen=in_review",
}

OF_UNITS = ("receive", "decline")


def create_case(status: str, verb: str = "") -> Case:
    """A case that has come to that status, whatever the way, a hand-over as far as the verb wants it."""
    case = report_factories.case()
    outcome = "duplicate" if status == S.CLOSED else ""
    unit = "Công an xã Yên Định" if status == S.HANDED_OVER else ""
    Case.objects.filter(pk=case.pk).update(status=status, outcome=outcome, unit_name=unit)
    if status == S.CRIME_REPORT:
        deadlines.apply_transition(case, starts=("verify",))
    if status == S.HANDED_OVER:
        transfer_slips.issue(case, create_officer("sender", "duty"), is_received=verb == "answer")
    case.refresh_from_db()
    return case


def create_case_for(verb: str) -> Case:
    """A case in the first status from which the verb leads anywhere."""
    return create_case(next(status for status in LEADS if f" {verb}=" in f" {LEADS[status]}"), verb)


def put_at_unit(case: Case, by: User) -> None:
    Case.objects.filter(pk=case.pk).update(assigned_unit=report_factories.unit())
    UnitMember.objects.create(user=by, unit=report_factories.unit())
