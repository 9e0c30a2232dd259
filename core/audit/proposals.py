"""Acts that take two people: one proposes, another confirms, and only then the act is carried out.

The only writer of Proposal. A transaction names what it carries out in the setting `core.proposal`;
triggers refuse the rows of such acts without it (core/migrations/0002_guards.py).
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.db.models.functions import Now

from core.audit import events
from core.database import fetch_all, set_local
from core.errors import ActionError, NotAllowedError
from core.models import Proposal

Values = dict[str, Any]
_STALE = "Nội dung này đã đổi từ khi đề nghị. Bỏ đề nghị ấy rồi đề nghị lại."


@dataclass(frozen=True)
class Act(ABC):
    """A kind of act, and the permission to confirm what a colleague proposed."""

    kind: str
    permission: str

    def may_decide(self, proposal: Proposal, by: User) -> bool:
        """Return whether the officer may decide what a colleague proposed."""
        return by.has_perm(self.permission)

    def has_open(self, target: object) -> bool:
        return Proposal.objects.filter(kind=self.kind, target=str(target), state="open").exists()

    @abstractmethod
    def carry_out(self, proposal: Proposal, by: User) -> None:
        """Do what was proposed; `by` has confirmed it. Raises what the service of the act raises."""


@dataclass(frozen=True)
class RowAct(Act):
    """Saving or removing a row of a model; `fields` are its columns that people write."""

    model: type[Model]
    fields: tuple[str, ...]

    def list_values(self, row: Model) -> Values:
        """Return the columns as JSON, as PostgreSQL's to_jsonb writes them."""
        values = {name: getattr(row, name) for name in self.fields}
        parsed: Values = json.loads(json.dumps(values, cls=DjangoJSONEncoder))
        return parsed

    def propose(self, row: Model, by: User) -> Proposal:
        """Propose to save *row*, new or changed and not saved. Raises ActionError."""
        return self._propose(row, self.list_values(row), by)

    def propose_removal(self, row: Model, by: User, reason: str = "") -> Proposal:
        """Propose to remove *row*. Raises ActionError."""
        return self._propose(row, {}, by, reason)

    def _propose(self, row: Model, values: Values, by: User, reason: str = "") -> Proposal:
        stored = self.model._default_manager.filter(pk=row.pk).first()  # noqa: SLF001
        old_values = self.list_values(stored) if stored else {}
        if values == old_values:
            raise ActionError("Chưa có gì thay đổi.")
        target = str(row.pk) if stored else ""
        words = {"target": target, "old_values": old_values, "reason": reason}
        return _store(Proposal(kind=self.kind, new_values=values, proposed_by=by, **words))

    def carry_out(self, proposal: Proposal, by: User) -> None:
        """Write the row, if it is still as it was when the change was proposed."""
        rows = self.model._default_manager.select_for_update()  # noqa: SLF001
        if not proposal.target:
            rows.create(**proposal.new_values)
            return
        rows = rows.filter(pk=proposal.target)
        row = rows.first()
        if row is None or self.list_values(row) != proposal.old_values:
            raise ActionError(_STALE)
        if proposal.new_values:
            rows.update(**proposal.new_values)
        else:
            rows.delete()


def propose(act: Act, target: object, values: Values, *, by: User, reason: str = "") -> Proposal:
    """Store and return a proposal. Raises ActionError where one about the target is open."""
    words = {"target": str(target), "new_values": values, "reason": reason.strip()}
    return _store(Proposal(kind=act.kind, proposed_by=by, **words))


def _store(proposal: Proposal) -> Proposal:
    try:
        with transaction.atomic():
            proposal.save(force_insert=True)
            _log_event("act_proposed", proposal, proposal.proposed_by, reason=proposal.reason)
    except IntegrityError as error:
        raise ActionError("Việc này đang có một đề nghị chờ xác nhận.") from error
    return proposal


def confirm(act: Act, pk: int, *, by: User) -> Proposal:
    """Carry out what a colleague proposed, and return the proposal. Raises ActionError and what the
    service of the act raises, with nothing written.
    """
    if not by.has_perm(act.permission):
        raise NotAllowedError("Bạn không có quyền xác nhận việc này.")
    try:
        with transaction.atomic():
            proposal = _lock_open(pk)
            if proposal.proposed_by_id == by.pk:
                raise ActionError("Người đề nghị không tự xác nhận được. Nhờ một người khác.")
            _decide(proposal, Proposal.State.CONFIRMED, by)
            _log_event("act_confirmed", proposal, by)
            with _writing_as(str(proposal.pk)):
                act.carry_out(proposal, by)
    except IntegrityError as error:
        raise ActionError("Chưa ghi được: mục này đã có trong danh sách.") from error
    return proposal


def refuse(act: Act, pk: int, reason: str, *, by: User) -> None:
    """Refuse a proposal; its proposer may withdraw it so. Raises ActionError."""
    if not reason.strip():
        raise ActionError("Chưa ghi lý do.")
    with transaction.atomic():
        proposal = _lock_open(pk)
        if proposal.proposed_by_id != by.pk and not act.may_decide(proposal, by):
            raise NotAllowedError("Bạn không có quyền quyết việc này.")
        _decide(proposal, Proposal.State.REFUSED, by)
        _log_event("act_refused", proposal, by, reason=reason.strip())


def _lock_open(pk: int) -> Proposal:
    proposal = Proposal.objects.select_for_update().get(pk=pk)
    if proposal.state != Proposal.State.OPEN:
        raise ActionError("Đề nghị này đã quyết rồi.")
    return proposal


def _decide(proposal: Proposal, state: Proposal.State, by: User) -> None:
    proposal.state, proposal.decided_by = state, by
    Proposal.objects.filter(pk=proposal.pk).update(state=state, decided_by=by, decided_at=Now())


def _log_event(event: str, proposal: Proposal, by: User, **words: str) -> None:
    detail = {"act": proposal.kind, "target": proposal.target, **words}
    if proposal.old_values:
        detail |= {"was": proposal.old_values}
    events.log_event("proposal", proposal.pk, event, by=by, now=proposal.new_values, **detail)


@contextmanager
def bypass_four_eyes() -> Iterator[None]:
    """Write without a second person: for commands on the machine and the machine's own rules."""
    with transaction.atomic(), _writing_as("command"):
        yield


@contextmanager
def _writing_as(proposal: str) -> Iterator[None]:
    """Tell the triggers by which proposal the next rows are written."""
    ((before,),) = fetch_all("SELECT current_setting('core.proposal', true)")
    set_local("core.proposal", proposal)
    yield
    set_local("core.proposal", before or "")
