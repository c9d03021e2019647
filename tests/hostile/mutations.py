"""Good files made bad by chance: `python -m tests.hostile.mutations --count 5000 --seed 1`.

Every mutation is brought to its real door by a measuring process of its own, and has to be read or refused by a
sentence within the limits. The same seed makes the same changes (to files whose keys and ids are new each time), so
that a fault is found again with --only NUMBER.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from kam_desktop.domain.entities import Account
from kam_desktop.domain.ids import RandomIds
from kam_desktop.store import backup, files
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.key_file import _sum
from kam_desktop.store.keys import create_key_file
from kam_desktop.store.profile import Store
from kam_desktop.store.recovery_key import RecoveryKey
from kam_desktop.transfer import archives, exporter, lines
from tests import makers
from tests.fakes import FakeClock
from tests.hostile.cases import BACKUP, IMPORT, KEYS, LOAD, OPENING
from tests.hostile.measure import Measured, Runner, table
from tests.hostile.own_corpus import key_file

Mutation = Callable[[random.Random, bytes], bytes]


@dataclass(frozen=True)
class Good:
    """A file that is read without complaint, and the door that it is made for."""

    door: str
    ending: str
    content: bytes


def good_files(folder: Path) -> list[Good]:
    """One of every form that comes in."""
    made = [Good(IMPORT, ".xlsx", makers.write_accounts(folder / "openpyxl.xlsx").read_bytes())]
    clock = FakeClock()
    key = DataKey(b"k" * 32)
    create_key_file(files.private_folder(folder / "profile"), "hostile", key, clock, recovery=RecoveryKey.new())
    store = Store.create(folder / "profile", key, "hostile", clock, RandomIds(clock))
    with store.edit("some") as uow:
        for name, code in makers.BUYERS:
            uow.add(Account(id=uow.new_id(), name=name, tax_code=code, payment_days=30, tags=("thân", "lớn")))
    with store.reader() as reader:
        for ending in (".xlsx", ".csv"):
            exporter.export(reader, "accounts", folder / f"ours{ending}")
            made.append(Good(IMPORT, ending, (folder / f"ours{ending}").read_bytes()))
        made.append(Good(LOAD, ".ndjson", "\n".join(lines.dump(reader)).encode()))
    backup.backup_to(store, folder / "a.kambackup")
    made.append(Good(BACKUP, ".kambackup", (folder / "a.kambackup").read_bytes()))
    made.append(Good(KEYS, ".json", (folder / "profile" / "keys.json").read_bytes()))
    made.append(Good(KEYS, ".json", key_file({})))
    store.close()
    table_text = "\n".join(";".join("" if each is None else str(each) for each in row) for row in makers.account_rows())
    text = ";".join(makers.ACCOUNT_TITLES) + "\n" + table_text + "\n"
    made += [Good(IMPORT, ".csv", text.encode(form)) for form in ("utf-8", "utf-16")]
    made.append(Good(OPENING, ".csv", b"Ky hieu,So\nC26TAA,1\nC26TAA,2\n"))
    bill = makers.Bill(lines=(makers.L(10_000_000), makers.L(2_000, rate="KCT")), related=("1", "1", "C25TAA", "7"))
    made += [Good(IMPORT, ".xml", makers.xml(bill, envelope)) for envelope in ("plain", "lookup", "utf16", "prefix")]
    bills = {f"{n}.xml": makers.xml(makers.Bill(number=str(n))) for n in range(1, 5)}
    made.append(Good(IMPORT, ".zip", makers.zipped(bills)))
    return made


# --- bytes -----------------------------------------------------------------------------------------------------------


def _places(chance: random.Random, content: bytes, most: int = 4_000) -> tuple[int, int]:
    start = chance.randrange(len(content) + 1)
    return start, min(len(content), start + chance.randrange(1, most))


def flip_bits(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut_off(chance: random.Random, content: bytes) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def swap_blocks(chance: random.Random, content: bytes) -> bytes:
    first, second = sorted((_places(chance, content, 200), _places(chance, content, 200)))
    if first[1] > second[0]:
        return content[first[0] :] + content[: first[0]]
    middle = content[second[0] : second[1]] + content[first[1] : second[0]] + content[first[0] : first[1]]
    return content[: first[0]] + middle + content[second[1] :]


def take_out(chance: random.Random, content: bytes) -> bytes:
    start, end = _places(chance, content)
    return content[:start] + content[end:]


_STRANGE = (
    b"\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"<!DOCTYPE x>", b"<![CDATA[", b"&#0;", b"&lt;", b"]]>", b'"',
    b"\n", b"PK\1\2", b"PK\5\6", b"-1", b"1e999", b"9" * 400, b"\xef\xbb\xbf", b"{" * 3000, b"\xcc\x81\xcc\xa3" * 500,
    b"NaN", b"null",
)  # fmt: skip


def put_in(chance: random.Random, content: bytes) -> bytes:
    start = chance.randrange(len(content) + 1)
    more = chance.choice((chance.randbytes(chance.randrange(1, 300)), chance.choice(_STRANGE)))
    return content[:start] + more * chance.choice((1, 1, 1, 100)) + content[start:]


def say_again(chance: random.Random, content: bytes) -> bytes:
    start, end = _places(chance, content)
    return content[:end] + content[start:end] * chance.choice((1, 3, 200)) + content[end:]


def write_over(chance: random.Random, content: bytes) -> bytes:
    start = chance.randrange(len(content) + 1)
    more = chance.choice(_STRANGE)[:200]
    return content[:start] + more + content[start + len(more) :]


BYTES: Sequence[Mutation] = (flip_bits, cut_off, swap_blocks, take_out, put_in, say_again, write_over)


# --- by structure ----------------------------------------------------------------------------------------------------

_NODE = re.compile(rb"<(\w+)[^<>]*>[^<>]*</\1>")
_VALUE = re.compile(rb">([^<>]+)<")
_WORDS = (
    b"", b"-1", b"1e308", b"9" * 5000, b"0001-01-01", b"9999-12-31", b"2026-02-31", b"\xc3\x90", b"=1+1", b"NaN",
    b"&#x202e;",
    b"99/99/9999", b"1,5", b"1.2.3", b"{0}", b"%s", b"USD", b"XXX", b"0", b"true", b" ", b"a" * 70_000,
)  # fmt: skip


def move_nodes(chance: random.Random, content: bytes) -> bytes:
    nodes = [match.group() for match in _NODE.finditer(content)]
    if len(nodes) < 2:
        return flip_bits(chance, content)
    first, second = chance.sample(nodes, 2)
    return content.replace(first, second, 1) if chance.random() < 0.5 else content.replace(first, first * 50, 1)


def change_values(chance: random.Random, content: bytes) -> bytes:
    found = list(_VALUE.finditer(content))
    if not found:
        return put_in(chance, content)
    for match in sorted(chance.sample(found, min(len(found), chance.choice((1, 1, 3)))), key=lambda m: -m.start()):
        content = content[: match.start(1)] + chance.choice(_WORDS) + content[match.end(1) :]
    return content


def mutate_json(chance: random.Random, content: bytes) -> bytes:
    values = (None, -1, 10**30, 1.5, True, [], {}, "x" * 70_000, "9999-99-99", [[[]]], "\u202e", float("inf"))
    rows = content.split(b"\n")
    place = chance.randrange(len(rows))
    try:
        said = json.loads(rows[place])
        name = chance.choice(list(said))
        said[chance.choice((name, name, "strange"))] = chance.choice(values)
        if chance.random() < 0.2:
            del said[name]
        if "slots" in said and chance.random() < 0.8:  # a key file is read on only where its sum is right
            inner = chance.choice(said["slots"])
            inner[chance.choice(list(inner))] = chance.choice(values)
        if "sum" in said:
            said["sum"] = _sum({key: value for key, value in said.items() if key != "sum"})
        rows[place] = json.dumps(said).encode()
    except (ValueError, IndexError, TypeError, KeyError):
        return flip_bits(chance, content)
    chance.shuffle(rows)
    return b"\n".join(rows)


def mutate_members(chance: random.Random, content: bytes) -> bytes:
    """A part of an archive changed and packed again: sums and sizes fit, what is inside does not."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
            method = archive.infolist()[0].compress_type
    except archives.DAMAGED:
        return flip_bits(chance, content)
    place = chance.randrange(len(members))
    name, inside = members[place]
    way = chance.randrange(4)
    if way == 0:
        other = chance.randrange(len(members))
        members[place], members[other] = (name, members[other][1]), (members[other][0], inside)
    elif way == 1:
        members.append((name, chance.choice((*BYTES, move_nodes))(chance, inside)))
    elif way == 2:
        members[place] = (chance.choice(("../" + name, name.upper(), "", name + "\0", "xl/" + "a" * 3000)), inside)
    else:
        change = chance.choice((*BYTES, move_nodes, change_values, change_values))
        members[place] = (name, change(chance, inside))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for each, body in members:
            archive.writestr(zipfile.ZipInfo(each), body, method)
    return target.getvalue()


def mutated(chance: random.Random, good: Good) -> bytes:
    """The file after one to three changes."""
    ways: list[Mutation] = list(BYTES)
    if good.ending in (".xlsx", ".zip", ".kambackup"):
        ways += [mutate_members] * 10
    elif good.ending == ".xml":
        ways += [move_nodes, change_values] * 4
    elif good.ending in (".json", ".ndjson"):
        ways += [mutate_json] * 6
    content = good.content
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        content = chance.choice(ways)(chance, content)
    return content


# --- the run ---------------------------------------------------------------------------------------------------------


def run(folder: Path, numbers: Sequence[int], seed: int, workers: int = 2) -> Iterator[tuple[int, Measured]]:
    """The mutations of these numbers, brought to their doors."""
    import warnings

    warnings.filterwarnings("ignore", category=UserWarning, module="zipfile")
    place = folder / "good"
    place.mkdir()
    goods = good_files(place)
    shutil.rmtree(place)

    def share(worker: int) -> list[tuple[int, Measured]]:
        runner = Runner(folder / f"worker-{worker}")
        found = []
        for number in numbers[worker::workers]:
            good = goods[number % len(goods)]
            path = folder / f"worker-{worker}" / f"m{number}{good.ending}"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(mutated(random.Random(f"{seed}/{number}"), good))
            found.append((number, runner.bring(good.door, path)))
            path.unlink()
        runner.close()
        return found

    with ThreadPoolExecutor(workers) as pool:
        for part in pool.map(share, range(workers)):
            yield from part


def main() -> int:
    """0 when no mutation has a fault."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.mutations", description=__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="this mutation alone, as it was in a run of that seed")
    args = parser.parse_args()
    numbers = [args.only] if args.only is not None else list(range(args.count))
    faults, found = 0, []
    with tempfile.TemporaryDirectory(prefix="kam-mutations-", ignore_cleanup_errors=True) as place:
        for number, measured in run(Path(place), numbers, args.seed):
            found.append(measured)
            wrong = measured.faults()
            faults += bool(wrong)
            if wrong or args.only is not None:
                print(f"{number}: {measured.name} {measured.outcome} {measured.code}", *wrong, sep="\n    ")
    print(*table(found), sep="\n")
    print(f"{len(found)} mutations (seed {args.seed}), {faults} faults")
    return min(faults, 1)


if __name__ == "__main__":
    raise SystemExit(main())
