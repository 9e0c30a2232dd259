"""Import each module that registers pages of the desk."""

import desk.audit_log
import desk.breaches
import desk.campaigns.admin
import desk.canned_replies
import desk.lookalike_domains
import desk.numbers.change_requests
import desk.numbers.disputes
import desk.numbers.known_numbers
import desk.numbers.office_numbers
import desk.public_statements
import desk.purge_runs
import desk.reference_data
import desk.reports.admin
import desk.reports.reprocessing
import desk.routing_rules
import desk.special_days
import desk.units
import desk.users  # noqa: F401
