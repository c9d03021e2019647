"""Speed of imports, plan and write: `python -m tests.bench.imports`; see README.md."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.entities import FIRM_ID, Account, Firm, Product
from kam_desktop.domain.ids import RandomIds
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from kam_desktop.transfer import importer
from kam_desktop.transfer.import_plan import Opening, Verdict
from tests import makers
from tests.makers import Bill, L

GOAL_ROWS_S, GOAL_EINVOICES_S = 5.0, 20.0
_WORDS = (
    "An",
    "Bình",
    "Cường",
    "Đại",
    "Đông",
    "Gia",
    "Hà",
    "Hưng",
    "Khánh",
    "Lộc",
    "Minh",
    "Nam",
    "Phát",
    "Sơn",
    "Tín",
)


def name(number: int) -> str:
    """The name of a customer of the tables."""
    first, second = _WORDS[number % 15], _WORDS[number // 15 % 15]
    return f"Công ty TNHH Thương mại {first} {second} {number}"


def tables(count: int) -> dict[str, tuple[list[str], list[list[Any]]]]:
    """Titles and rows of each kind, as offices write them: amounts and dates partly as text."""
    accounts = [
        [n, name(n), makers.tax_code(1000 + n), f"024 {n:08d}", f"Chị Nguyễn Thị {n}", f"kh{n}@mau.example",
         f"{n} Phố Huế, Hà Nội", "Bán lẻ", "ABC"[n % 3], 15 + n % 60]
        for n in range(count)
    ]  # fmt: skip
    contacts = [
        [f"Trần Văn {n}", name(n), "Kế toán trưởng", f"09{n:08d}", f"tv{n}@mau.example", "05/03/1985"]
        for n in range(count)
    ]
    products = [
        [f"SP{n:05d}", f"Gói dịch vụ số {n}", "gói", f"{n % 900 + 1}.500.000", 1_000_000 + n, "8%", "Truyền thông"]
        for n in range(count)
    ]
    prices = [
        ["Bảng giá 2026", f"SP{n:05d}", f"{n % 900 + 1}.400.000", "01/01/2026", "31/12/2026"] for n in range(count)
    ]
    invoices = [
        [f"{n + 1:08d}", f"{n % 28 + 1:02d}/{n % 9 + 1:02d}/2026", name(n % 500), makers.tax_code(1000 + n % 500),
         10_000_000 + n, 800_000, "10.800.000" if n == 0 else 10_800_000 + n]
        for n in range(count)
    ]  # fmt: skip
    receipts = [
        [
            f"{n % 28 + 1:02d}/10/2026",
            name(n % 500),
            makers.tax_code(1000 + n % 500),
            f"{n % 90 + 10}.000.000",
            f"PT{n}",
        ]
        for n in range(count)
    ]
    balances = [[name(n), makers.tax_code(1000 + n), f"{n % 900 + 100}.000.000", "30/06/2026"] for n in range(count)]
    return {
        "accounts": (list(makers.ACCOUNT_TITLES), accounts),
        "contacts": (["Họ và tên", "Công ty", "Chức vụ", "Điện thoại", "Email", "Ngày sinh"], contacts),
        "products": (["Mã hàng", "Tên hàng", "ĐVT", "Đơn giá", "Giá vốn", "Thuế suất", "Nhóm hàng"], products),
        "prices": (["Bảng giá", "Mã hàng", "Đơn giá", "Từ ngày", "Đến ngày"], prices),
        "invoices": (
            ["Số hóa đơn", "Ngày hóa đơn", "Tên khách hàng", "MST", "Tiền hàng", "Tiền thuế", "Tổng tiền"],
            invoices,
        ),
        "receipts": (["Ngày thu", "Tên khách hàng", "MST", "Số tiền thu", "Số phiếu thu"], receipts),
        "balances": (["Tên khách hàng", "MST", "Số dư đầu kỳ", "Ngày"], balances),
    }


def written(path: Path, titles: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    """A workbook with one sheet."""
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet()
        for number, row in enumerate((titles, *rows)):
            sheet.write_row(number, 0, row)
    return path


def timed(deed: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and what came of it."""
    began = perf_counter()
    result = deed()
    return perf_counter() - began, result


def processor() -> float:
    """Seconds of processor time of this process and its ended children: what other programs take does not count."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def brought(store: Store, paths: Sequence[Path], answer: Opening | None) -> dict[str, float]:
    """Seconds of reading, planning and writing one import; every row must be taken."""

    def plan(sources: importer.Sources) -> importer.ImportPlan:
        with store.reader() as reader:
            return importer.plan(reader, sources, opening=answer)

    def write(planned: importer.ImportPlan) -> None:
        with store.edit("Import", kind="import") as uow:
            importer.apply(uow, planned)

    cpu = processor()
    read_s, sources = timed(lambda: importer.read(paths))
    plan_s, planned = timed(lambda: plan(sources))
    rows = sum(len(each.rows) for each in planned.files)
    skipped = [row for each in planned.files for row in each.rows if row.verdict is Verdict.SKIP]
    if skipped or not rows or planned.problems:
        raise SystemExit(f"not everything came in: {planned.problems or skipped[:3]}")
    write_s, _ = timed(lambda: write(planned))
    return {"rows": rows, "read": read_s, "plan": plan_s, "write": write_s,
            "whole": read_s + plan_s + write_s, "cpu": processor() - cpu}  # fmt: skip


def floor(path: Path, store: Store, count: int) -> float:
    """The least that any import does: the file read in its own process, and one row of three fields written each."""

    def write() -> None:
        with store.edit("floor") as uow:
            for number in range(count):
                uow.new_group()
                uow.put(Product(id=uow.new_id(), name=f"Sàn {number}", code=f"F{number}"))

    return timed(lambda: importer.read([path]))[0] + timed(write)[0]


def made(folder: Path) -> Store:
    """A fresh profile of our firm."""
    clock = SystemClock()
    store = Store.create(folder, DataKey(b"k" * 32), "bench", clock, RandomIds(clock))
    with store.edit("firm") as uow:
        uow.put(Firm(id=FIRM_ID, legal_name=makers.OUR_NAME, tax_code=makers.OUR_CODE))
    return store


def main() -> int:
    """Prints seconds of every kind, beside the goal and the floor."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=5000)
    options.add_argument("--einvoices", type=int, default=2000)
    options.add_argument("--only", metavar="KIND")
    options.add_argument("--json", type=Path, metavar="FILE")
    given = options.parse_args()
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="kam-bench-", ignore_cleanup_errors=True) as work:
        paths = {
            kind: written(Path(work) / f"{kind}.xlsx", titles, rows)
            for kind, (titles, rows) in tables(given.rows).items()
        }
        bare = made(Path(work) / "floor")
        least = min(floor(paths["products"], bare, given.rows) for _ in range(3))
        bare.close()
        for kind, path in paths.items():
            if given.only not in (None, kind):
                continue
            store = made(Path(work) / kind)
            for before in {"contacts": ["accounts"], "prices": ["products"]}.get(kind, []):
                brought(store, [paths[before]], None)
            if kind in ("invoices", "receipts", "balances"):
                with store.edit("customers") as uow:
                    for n in range(500 if kind != "balances" else given.rows):
                        uow.new_group()
                        uow.put(Account(id=uow.new_id(), name=name(n), tax_code=makers.tax_code(1000 + n)))
            answer = Opening(everything=True)
            found[kind] = brought(store, [path], answer)
            once_more = importer.read([path])
            with store.reader() as reader:
                found[kind]["again"] = timed(lambda: importer.plan(reader, once_more, opening=answer))[0]  # noqa: B023
            store.close()
        if given.only in (None, "einvoices"):
            store = made(Path(work) / "einvoices")
            bills = [
                Bill(number=str(n + 1), buyer=(name(n % 300), makers.tax_code(1000 + n % 300)),
                     lines=tuple(L(1_000_000 + n + line) for line in range(5)))
                for n in range(given.einvoices)
            ]  # fmt: skip
            makers.write_invoices(Path(work) / "in", bills)
            found["einvoices"] = brought(store, [Path(work) / "in"], Opening(everything=True))
            store.close()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores{load}, Python {platform.python_version()}")
    print(f"floor: {given.rows:,} rows read and written without deciding anything: {least:.2f} s\n")
    print(
        f"{'seconds':<12}{'rows':>7}{'read':>8}{'plan':>8}{'write':>8}{'whole':>8}{'cpu':>8}{'goal':>7}{'floor':>7}{'again':>8}"
    )
    for kind, each in found.items():
        goal = GOAL_EINVOICES_S if kind == "einvoices" else GOAL_ROWS_S
        cells = "".join(f"{each[key]:>8.2f}" for key in ("read", "plan", "write", "whole", "cpu"))
        mark = " !" if each["whole"] > goal else ""
        second = f"{each['again']:>8.2f}" if "again" in each else ""
        print(f"{kind:<12}{each['rows']:>7,.0f}{cells}{goal:>7.0f}{each['whole'] / least:>6.1f}x{second}{mark}")
    if given.json:
        given.json.write_text(json.dumps({"floor": least, "found": found}, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
