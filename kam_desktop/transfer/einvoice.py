"""Vietnamese e-invoices as values: parties, lines, tax groups, totals as printed, related invoices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from kam_desktop import confined
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.transfer.sheets import check_readable

MOST_XML_BYTES: Final = 10 * 1024 * 1024
MOST_ZIP_BYTES: Final = 64 * 1024 * 1024
_BATCH_FILES: Final = 100
_BATCH_BYTES: Final = 4 * 1024 * 1024
_PART: Final = 200
"""Files of an archive that one child reads: a large archive takes several, each within its time."""

GOODS, PROMOTION, DISCOUNT, NOTE = "goods", "promotion", "discount", "note"
REPLACES, ADJUSTS = "replaces", "adjusts"
SALE, PURCHASE, FOREIGN, INTERNAL = "sale", "purchase", "foreign", "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Seller or buyer as printed; a missing text is empty."""

    name: str = ""
    tax_code: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    bank_account: str = ""
    bank_name: str = ""
    code: str = ""
    person: str = ""
    personal_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as printed. Amounts are whole minor units; `kind` is goods, promotion, discount or note (TChat)."""

    kind: str
    code: str = ""
    name: str = ""
    unit: str = ""
    quantity: Decimal | None = None
    price: Decimal | None = None
    discount_rate: Decimal | None = None
    discount: int | None = None
    net: int | None = None
    tax_rate: str = ""
    tax: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxGroup:
    """Net and tax of one rate; the rate is "8%", "KCT", "KKKNT" or "KHAC:5.5%"."""

    rate: str
    net: int | None
    tax: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A charge outside value added tax (TPhi)."""

    name: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """The invoice that this one replaces or adjusts (TTHDLQuan); `action` is replaces, adjusts or unknown.

    `tax_code` is its seller's, where a newer form names it (MSTCLQuan): a branch may correct for another.
    """

    action: str
    tax_code: str = ""
    form: str = ""
    symbol: str = ""
    number: str = ""
    issued_on: date | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EInvoice:
    """One e-invoice by GDT Decisions 1450 and 1510/QĐ-TCT and later. Figures stand as printed.

    Attributes:
        number: without leading zeros.
        net, tax, total: whole minor units of `currency`; net and tax are None where the form prints none (form 2).
        signed: a signature is there; it is never verified.
        warnings: what the checks found; none of them keeps the invoice out.
    """

    version: str = ""
    title: str = ""
    form: str
    symbol: str
    number: str
    issued_on: date
    currency: str = "VND"
    exchange_rate: Decimal | None = None
    payment_method: str = ""
    seller: Party
    buyer: Party
    lines: tuple[Line, ...] = ()
    tax_groups: tuple[TaxGroup, ...] = ()
    fees: tuple[Fee, ...] = ()
    net: int | None = None
    tax: int | None = None
    discount: int | None = None
    other_reduction: int | None = None
    total: int
    words: str = ""
    related: tuple[Related, ...] = ()
    authority_code: str = ""
    signed: bool = False
    warnings: tuple[Problem, ...] = ()

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes the invoice itself everywhere: seller's tax code, form, symbol, number without zeros."""
        return self.seller.tax_code, self.form, self.symbol, self.number

    @property
    def label(self) -> str:
        """Symbol and number as people name an invoice: 1C26TAA 00000042."""
        return f"{self.form}{self.symbol} {self.number.zfill(8) if self.number.isdigit() else self.number}"

    @property
    def fee_total(self) -> int:
        """All fees together, in minor units."""
        return sum(fee.amount for fee in self.fees)

    def direction(self, our_codes: Iterable[str]) -> str:
        """`sale` when we are the seller, `purchase` when we are the buyer, `internal` when both, else `foreign`.

        Branches are ours too.
        """
        ours = {code[:10] for code in our_codes if code}
        sold, bought = (bool(code) and code[:10] in ours for code in (self.seller.tax_code, self.buyer.tax_code))
        if sold:
            return INTERNAL if bought else SALE
        return PURCHASE if bought else FOREIGN


@dataclass(frozen=True, slots=True)
class Document:
    """What stood at one place of a file: an invoice, or the problem that kept it from being read.

    Attributes:
        row: the place within its file, from 1 (in a ZIP the place of the entry).
        name: the file's name, in a ZIP that of the entry.
    """

    row: int
    name: str
    invoice: EInvoice | None
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class FileOfInvoices:
    """One XML or ZIP that was read, or the problem with the file as a whole."""

    path: Path
    documents: tuple[Document, ...]
    problem: Problem | None = None


def is_einvoice(path: Path) -> bool:
    """Whether the file's ending names a form of e-invoice that is read here."""
    return path.suffix.lower() in (".xml", ".zip")


def read_files(
    paths: Sequence[Path],
    cancelled: Callable[[], bool] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[FileOfInvoices]:
    """Every e-invoice of the files, in their order; a file that cannot be read carries its problem instead.

    Files are taken apart in confined children, a hundred small ones at a time; a file that makes a child fail is
    read once more alone, so that it harms no other. Raises Refused (cancelled) only.
    """
    read: dict[Path, FileOfInvoices] = {}
    for batch in _batches(paths, read):
        for path, found in zip(batch, _read_batch(batch, cancelled), strict=True):
            read[path] = found
        if progress is not None:
            progress(len(read), len(paths))
    return [read[path] for path in paths]


def _batches(paths: Sequence[Path], read: dict[Path, FileOfInvoices]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    size = 0
    for path in dict.fromkeys(paths):
        zipped = path.suffix.lower() == ".zip"
        try:
            check_readable(path, MOST_ZIP_BYTES if zipped else MOST_XML_BYTES)
            bytes_here = path.stat().st_size
        except Refused as refused:
            read[path] = FileOfInvoices(path, (), _named(refused, path.name))
            continue
        except OSError:
            read[path] = FileOfInvoices(path, (), Problem(path.name, "not_found", "There is no such file."))
            continue
        if zipped:
            yield [path]
            continue
        if batch and (len(batch) >= _BATCH_FILES or size + bytes_here > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += bytes_here
    if batch:
        yield batch


def _read_batch(batch: Sequence[Path], cancelled: Callable[[], bool] | None) -> list[FileOfInvoices]:
    args: dict[str, Any] = {"names": [path.name for path in batch], "first": 0, "most": _PART}
    try:
        answers = confined.run(confined.EINVOICES, list(batch), args, cancelled=cancelled)
        if len(batch) > 1 and any(answer.get("next") for answer in answers):  # an archive that calls itself XML
            return [_read_batch([path], cancelled)[0] for path in batch]
        while answers[0].get("next"):
            args["first"] = answers[0]["next"]
            more = confined.run(confined.EINVOICES, list(batch), args, cancelled=cancelled)
            answers[0] = {**more[0], "documents": [*answers[0]["documents"], *more[0].get("documents", ())]}
    except Refused as refused:
        if any(problem.code == "cancelled" for problem in refused.problems):
            raise
        if len(batch) == 1:
            return [FileOfInvoices(batch[0], (), _named(refused, batch[0].name))]
        return [_read_batch([path], cancelled)[0] for path in batch]
    return [_file(path, answer) for path, answer in zip(batch, answers, strict=True)]


def _named(refused: Refused, name: str) -> Problem:
    first = refused.problems[0]
    return Problem(first.where or name, first.code, first.message, first.args)


def _file(path: Path, answer: Mapping[str, Any]) -> FileOfInvoices:
    if "problem" in answer:
        return FileOfInvoices(path, (), Problem(**answer["problem"]))
    return FileOfInvoices(
        path,
        tuple(
            Document(
                each["row"],
                each["name"],
                _invoice(each["invoice"]) if "invoice" in each else None,
                Problem(**each["problem"]) if "problem" in each else None,
            )
            for each in answer["documents"]
        ),
    )


def _invoice(plain: dict[str, Any]) -> EInvoice:
    from_text: dict[str, Callable[[str | None], Any]] = {"exchange_rate": _decimal, "issued_on": _date}
    values: dict[str, Any] = {
        name: from_text[name](value) if name in from_text else value for name, value in plain.items()
    }
    values["seller"], values["buyer"] = Party(**plain["seller"]), Party(**plain["buyer"])
    values["lines"] = tuple(
        Line(**{**line, **{name: _decimal(line[name]) for name in _LINE_DECIMALS}}) for line in plain["lines"]
    )
    values["tax_groups"] = tuple(TaxGroup(**group) for group in plain["tax_groups"])
    values["fees"] = tuple(Fee(**fee) for fee in plain["fees"])
    values["related"] = tuple(Related(**{**each, "issued_on": _date(each["issued_on"])}) for each in plain["related"])
    values["warnings"] = tuple(Problem(**each) for each in plain["warnings"])
    return EInvoice(**values)


_LINE_DECIMALS: Final = ("quantity", "price", "discount_rate")


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
