"""Who can block what: the partner that a number, an account or a link belongs to."""

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from core import webhooks
from core.audit import events, proposals
from core.audit.proposals import RowAct
from core.models import Proposal
from reports.extraction.bank_accounts_and_links import bank_names
from reports.extraction.numbering_plan import plan_table, range_owner
from reports.models import BlockingPartner, NumberFinding, SubjectKind

CONFIRM = "reports.confirm_number"
_WRITTEN = ("kind", "name", "owns", "channel", "address", "contact", "is_active")
PARTNER = RowAct("block_partner", CONFIRM, BlockingPartner, _WRITTEN)
Kind = BlockingPartner.Kind
KINDS = {
    SubjectKind.NUMBER.value: Kind.CARRIER,
    SubjectKind.ACCOUNT.value: Kind.BANK,
    SubjectKind.LINK.value: Kind.REGISTRAR,
}


def list_for(finding: NumberFinding) -> QuerySet[BlockingPartner]:
    """Return the active partners that block things of its kind and are not asked for it now; numbers move
    to other carriers.
    """
    asked = finding.block_requests.open().values("partner")
    rows = BlockingPartner.objects.filter(kind=KINDS[finding.kind], is_active=True)
    return rows.exclude(pk__in=asked)


def find_owner(finding: NumberFinding) -> BlockingPartner | None:
    """Return the one of these that owns its range, bank or the longest ending of its host, or None."""
    owners = list_owners(finding)
    rows = list(list_for(finding).filter(owns__overlap=owners))
    ranks = {name: rank for rank, name in enumerate(owners)}
    best = lambda row: min(ranks[name] for name in row.owns if name in ranks)  # noqa: E731
    return min(rows, key=best, default=None)


def list_owners(finding: NumberFinding) -> list[str]:
    """Return the names of its owner as `owns` has them, the closest first; [] for none."""
    if finding.kind == SubjectKind.NUMBER:
        owners = [range_owner(finding.key)]
    elif finding.kind == SubjectKind.ACCOUNT:
        owners = [finding.bank]
    else:
        labels = finding.key.partition("/")[0].split(".")
        owners = [".".join(labels[first:]) for first in range(len(labels))]
    return [each for each in owners if each]


def find_unknown(kind: str, owns: list[str]) -> list[str]:
    """Return those of the names that no number, account or host is ever owned by."""
    if kind == Kind.REGISTRAR:
        return [each for each in owns if each != each.lower().strip(".") or " " in each]
    known = plan_table("mobile") if kind == Kind.CARRIER else bank_names()
    return sorted(set(owns) - set(known.values()))


@transaction.atomic
def create_secret(partner: BlockingPartner, *, by: User) -> str:
    """Replace the secret that signs what is posted to a partner, and return the new one."""
    events.log_event("block_partner", partner.pk, "partner_secret_created", by=by)
    return webhooks.create_secret(partner)


class _Secret(proposals.Act):
    """A new secret of a partner; who confirms it is shown it, once."""

    def carry_out(self, proposal: Proposal, by: User) -> None:
        create_secret(BlockingPartner.objects.get(pk=proposal.target), by=by)


SECRET = _Secret("block_secret", CONFIRM)
