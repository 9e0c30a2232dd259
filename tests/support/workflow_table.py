"""The transitions that the workflow allows."""

from reports.models import Case

S = Case.Status

# Written out a second time, by hand: from each status, what each verb leads to.
LEADS = {
    S.NEW: "contact=new take=in_review assign=in_review assign_unit=in_review recall=new note=new message=new ask=waiting act=crime_report"
    " hand_over=handed_over close=closed junk=junk withdraw=withdrawn",
    S.IN_REVIEW: "contact=in_review take=in_review assign=in_review give_back=in_review assign_unit=in_review recall=in_review note=in_review message=in_review ask=waiting act=crime_report"
    " hand_over=handed_over close=closed junk=junk withdraw=withdrawn",
    S.WAITING: "contact=waiting take=waiting assign=waiting give_back=waiting assign_unit=waiting recall=waiting note=waiting message=waiting resume=in_review act=crime_report"
    " hand_over=handed_over close=closed junk=junk withdraw=withdrawn",
    S.CRIME_REPORT: "contact=crime_report note=crime_report message=crime_report extend=crime_report hand_over=handed_over close=closed reopen=in_review",
    S.HANDED_OVER: "contact=handed_over note=handed_over message=handed_over reopen=in_review",
    S.CLOSED: "contact=closed note=closed message=closed reopen=in_review",
    S.JUNK: "contact=junk note=junk message=junk second=junk reopen=in_review",
    S.WITHDRAWN: "contact=withdrawn note=withdrawn message=withdrawn second=withdrawn reopen=in_review",
}
