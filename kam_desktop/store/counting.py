"""What counts, and when it is due, as fragments of SQL that the figures and the cache share."""

# ruff: noqa: S608 — fragments of statements; values travel as parameters.
from __future__ import annotations

from kam_desktop.domain.figures.due import DEFAULT_DAYS, moved_text

MOVED = "kam_moved"
"""The deterministic function of every connection: figures.due.moved_text."""
moved = moved_text

STOPPED = "exists (select 1 from invoice s where s.replaces = {id} and s.id <> {id} and s.issued_on <= :day)"
"""Whether a document stopped counting by the day: some invoice of that day or before takes its place."""

BEGINS = "coalesce((select min(nullif(confirmation_begins_on, '')) from firm), '~')"
"""The first day on which a receipt counts only once it is confirmed; behind every day where there is none."""

_NEWER = "(rtrim(e.decided_at, 'Z'), e.id) > (rtrim(d.decided_at, 'Z'), d.id)"

STATUS = (
    "coalesce((select d.verdict from receipt_decision d where d.receipt = {id} "
    "order by rtrim(d.decided_at, 'Z') desc, d.id desc limit 1), "
    f"case when {{on}} >= {BEGINS} then 'reported' else 'confirmed' end)"
)
"""The status of one receipt: its newest decision, else the firm's rule. For few rows; for whole tables see below."""

REJECTED = (
    "select d.receipt from receipt_decision d where d.verdict = 'rejected' and not exists "
    f"(select 1 from receipt_decision e where e.receipt = d.receipt and {_NEWER})"
)
"""Receipts whose newest decision rejects them: begins with the few rejections."""

UNDECIDED = (
    "select {columns} from firm f cross join receipt r where f.confirmation_begins_on <> '' "
    "and r.received_on >= f.confirmation_begins_on "
    "and not exists (select 1 from receipt_decision d where d.receipt = r.id)"
)
"""Receipts that are only reported: reads no receipt at all where the firm confirms none."""

UNCOUNTED = f"{REJECTED} union {UNDECIDED.format(columns='r.id')}"

# Allocations that count at the end of the day: from their own date, while both sides count, until reversed.
_LIVE = f"""
select a.instalment as instalment, a.amount as amount,
       case when coalesce(a.receipt, '') <> '' then coalesce(r.account, '') else c.account end as payer,
       v.currency as currency
from allocation a
join instalment i on i.id = a.instalment
join invoice v on v.id = i.invoice
left join receipt r on r.id = a.receipt
left join credit_note c on c.id = a.credit_note
where coalesce(a.reverses, '') = '' and a.allocated_on <= :day
  and v.issued_on <= :day and not {STOPPED.format(id="v.id")}
  and coalesce(r.received_on, c.issued_on) <= :day and coalesce(r.currency, c.currency) = v.currency
  and (c.id is null or not {STOPPED.format(id="c.id")})
  and not exists (select 1 from allocation b where b.reverses = a.id and b.allocated_on <= :day)
"""
CONFIRMED = f"(r.id is null or {STATUS.format(id='r.id', on='r.received_on')} = 'confirmed')"
LIVE = f"{_LIVE} and {CONFIRMED}"
LIVE_OF_ALL = f"{_LIVE} and coalesce(r.id, '') not in ({UNCOUNTED})"
"""The same for whole tables: the few receipts that do not count are found once."""

PAPERS = (
    "(select nullif(p.confirmed_on, '') from documents_confirmed p where p.invoice = v.id "
    "order by rtrim(p.recorded_at, 'Z') desc, p.id desc limit 1)"
)
"""The day on which the full document set of an invoice was confirmed, by the newest record about it."""

# What the due date of each of `lines` (id, invoice, amount, before, due_on, steps, from_papers) follows from.
DATED = """
dated as (
  select l.id, l.invoice, v.account, v.currency, l.amount, l.before, nullif(l.due_on, '') as due_on,
         nullif(nullif(l.steps, ''), '[]') as steps, t.term, t.steps as term_steps,
         c.payment_days, coalesce(c.payment_days, f.default_payment_days, {default}) as days,
         case when coalesce(l.from_papers, 0) or (t.from_papers and coalesce(l.steps, '') in ('', '[]'))
              then {papers} else v.issued_on end as start
  from lines l
  join invoice v on v.id = l.invoice
  left join account c on c.id = v.account
  left join (
    select term, min(steps) as steps, max(coalesce(from_papers, 0)) as from_papers from payment_term_line
    where term is not null group by term having count(*) = 1) t on t.term = c.payment_term
  left join (select min(default_payment_days) as default_payment_days from firm) f)
"""
DATED_ON_DAY = DATED.format(default=DEFAULT_DAYS, papers=f"(select x from (select {PAPERS} as x) where x <= :day)")
DATED_BY_ALL = DATED.format(default=DEFAULT_DAYS, papers=PAPERS)

# figures.ageing.due_of over a row of `dated`
DUE_ON = f"""
coalesce(l.due_on, case when l.start is null then null
                        when l.steps is not null then {MOVED}(l.start, l.steps)
                        when l.term is not null then {MOVED}(l.start, l.term_steps)
                        else coalesce(date(l.start, '+' || l.days || ' days'), '9999-12-31') end)
"""
ON_DEFAULT_TERM = (
    "l.due_on is null and l.start is not null and coalesce(l.steps, l.term) is null and payment_days is null"
)
