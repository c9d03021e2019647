"""How the customers of the sample data were reminded of what is overdue, and what they answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from kam_desktop.domain.entities.collection import DunningEvent
from kam_desktop.domain.ids import derived
from kam_desktop.domain.locale.vietnam import dunning
from kam_desktop.services.demo.promises import Fact

_NAMED = 21
# Days since the last reminder and what came of it, in turn; the third is never reminded.
_TURNS = ((9, "no_answer", ""), (12, "papers_missing", "Thiếu biên bản nghiệm thu đợt 2."), (), (2, "other", ""),
          (8, "other", "Chờ sếp ký uỷ nhiệm chi."), (15, "disputed", "Khách báo sai số lượng ấn phẩm."),
          (5, "paid_already", "Kế toán nói đã chuyển khoản."))  # fmt: skip


def records(kit: str, facts: Sequence[Fact], as_of: date) -> list[DunningEvent]:
    """The newest reminders of the named customers' overdue invoices, each with those of the steps before."""
    late = [each for each in facts if each.place < _NAMED and each.open > 0 and each.due_on < as_of]
    late.sort(key=lambda each: (each.due_on, each.invoice.id))
    found: list[DunningEvent] = []
    for number, each in enumerate(late):
        turn = _TURNS[number % len(_TURNS)]
        if not turn:
            continue
        ago, outcome, remark = turn
        days = (as_of - each.due_on).days - ago
        for step in dunning.steps():
            if (step.days_after_due or 0) > days:
                break
            on = each.due_on + timedelta(days=step.days_after_due or 0)
            last = step.place == max(
                (one.place or 0 for one in dunning.steps() if (one.days_after_due or 0) <= days), default=0
            )
            found.append(
                DunningEvent(
                    id=derived("demo", kit, "reminder", each.invoice.id, str(step.place)),
                    account=each.account.id,
                    invoice=each.invoice.id,
                    contact=derived("demo", kit, "contact", str(each.place), "0"),
                    step=step.place,
                    channel=step.channel,
                    reminded_at=datetime.combine(as_of - timedelta(days=ago) if last else on, time(3), UTC),
                    outcome=outcome if last else "other",
                    remark=remark if last else "",
                )
            )
    return found
