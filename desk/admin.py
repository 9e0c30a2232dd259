"""Import each module that registers pages of the desk."""

import desk.api_clients
import desk.audit_log
import desk.blocking.partners
import desk.blocking.requests
import desk.campaigns.admin
import desk.data_protection
import desk.numbers.disputes
import desk.numbers.findings
import desk.numbers.office_questions
import desk.numbers.published_numbers
import desk.prepared_texts
import desk.proposals
import desk.reference_data
import desk.reports.admin
import desk.reports.reprocessing
import desk.units
import desk.users  # noqa: F401
