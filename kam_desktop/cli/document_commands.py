"""The command document: a statement of account, a payment request or a quotation as PDF."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from kam_desktop import language
from kam_desktop.cli.output import Output, said
from kam_desktop.cli.profile_opening import folder_of, opened
from kam_desktop.documents import payment_request, quotation, renderer, statement
from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import N_, tr
from kam_desktop.services import summary
from kam_desktop.store.reader import Reader

STATEMENT, PROPOSAL = "statement", "proposal"


def run(args: Namespace, output: Output) -> int:
    """Writes the paper that was asked for."""
    if Path(args.output).suffix.lower() != ".pdf":
        message = N_("A paper is written as PDF: end the file's name in .pdf.")
        raise Refused(Problem(args.output, "unknown_form", message))
    if args.kind == STATEMENT and len(args.ids) > 1:
        raise Refused(Problem("id", "one_customer", N_("A statement of account is for one customer.")))
    if args.kind == PROPOSAL and len(args.ids) > 1:
        raise Refused(Problem("id", "one_proposal", N_("A quotation is for one proposal.")))
    form = "vi+en" if args.both else language.current()
    with opened(args, output, write=False) as profile, profile.store.reader() as reader:
        paper, notes = _KINDS[args.kind](reader, args, form)
    for note in notes:
        output.say(said(note))
    renderer.write(Path(args.output), renderer.pdf(paper, folder_of(args), own=args.own_template))
    if output.json:
        output.document({"file": args.output, "notes": [note.code for note in notes]})
    else:
        output.say(tr("Written: {file}", file=args.output))
    return 0


def _statement(reader: Reader, args: Namespace, form: str) -> tuple[renderer.Paper, tuple[Problem, ...]]:
    today = SystemClock().today()
    to_on = args.to_on or args.as_of or today
    from_on = args.from_on or summary.twelve_months_before(to_on)
    made = statement.statement(reader, args.ids[0], from_on, to_on, args.currency)
    return statement.paper(made, form, dated_on=max(today, to_on), number=args.number, place=args.place), made.notes


def _request(reader: Reader, args: Namespace, form: str) -> tuple[renderer.Paper, tuple[Problem, ...]]:
    made = payment_request.payment_request(reader, args.ids, args.as_of or SystemClock().today(), number=args.number)
    paper = payment_request.paper(made, form, number=args.number, place=args.place, contract=args.contract)
    return paper, made.notes


def _proposal(reader: Reader, args: Namespace, form: str) -> tuple[renderer.Paper, tuple[Problem, ...]]:
    made = quotation.quotation(reader, args.ids[0], args.as_of or SystemClock().today(), version_id=args.version_id)
    return quotation.paper(made, form, place=args.place), made.notes


_KINDS = {STATEMENT: _statement, "payment-request": _request, PROPOSAL: _proposal}
