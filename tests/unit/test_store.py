"""The store: edits, undo and redo, search, pages, the journal's promise, and what it refuses."""

from __future__ import annotations

import dataclasses
import random
import shutil
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as driver
from hypothesis import given, settings
from hypothesis import strategies as st

from kam_desktop.domain.entities import BY_NAME, ENTITIES
from kam_desktop.domain.entities.account import Account, Contact
from kam_desktop.domain.entities.collection import Allocation, Instalment, Invoice, OpeningSettlement, Receipt
from kam_desktop.domain.entities.firm import Firm
from kam_desktop.domain.entities.proposal import Proposal, ProposalLine, ProposalVersion
from kam_desktop.domain.errors import Refused, TooOld, Unavailable
from kam_desktop.domain.fields import Kind
from kam_desktop.domain.ids import RandomIds
from kam_desktop.domain.query import Op, Order, Query, Where
from kam_desktop.protocol.codec import from_wire, to_wire
from kam_desktop.store import open_amounts, tables
from kam_desktop.store.data_key import DataKey
from kam_desktop.store.profile import Store
from tests.fakes import FakeClock

KEY = DataKey(bytes(range(32)))
DATABASE_FILES = ("data.kam", "data.kam-wal", "data.kam-shm")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[Store]:
    made = Store.create(tmp_path / "p", KEY, "profile-1", clock, RandomIds(clock))
    yield made
    made.close()


def everything(store: Store) -> dict[tuple[str, str], dict[str, object]]:
    """Every record of the store in the wire form."""
    with store.reader() as reader:
        return {
            (name, record.id): to_wire(record)
            for name in BY_NAME
            for record in reader.all(Query(name, order=(Order("id"),)))
        }


def add_account(store: Store, name: str, **values: object) -> Account:
    with store.edit("Add account") as uow:
        account = Account(id=uow.new_id(), name=name, **values)  # type: ignore[arg-type]
        uow.add(account)
    return account


def test_what_is_saved_is_there_after_opening_again(store: Store, clock: FakeClock) -> None:
    account = add_account(
        store, "Đặng Gia", credit_limit=5_000_000, tags=("vip", "Hà Nội"), founded_on=date(1999, 2, 3)
    )
    store.close()
    again = Store.open(store.folder, KEY, "profile-1", clock, RandomIds(clock))
    with again.reader() as reader:
        assert reader.get(Account, account.id) == account
    again.close()


def test_all_problems_at_once_and_nothing_changed(store: Store) -> None:
    before = everything(store)
    with pytest.raises(Refused) as refused, store.edit("Bad") as uow:
        uow.add(Account(id=uow.new_id(), name="Tốt"))
        uow.add(Account(id=uow.new_id(), name="", tier="Z", payment_days=-1))
        uow.add(Contact(id=uow.new_id(), account=uow.new_id(), full_name="Không có nhà"))
    assert {(each.where, each.code) for each in refused.value.problems} == {
        ("name", "required"),
        ("tier", "choice"),
        ("payment_days", "too_small"),
        ("account", "missing_reference"),
    }
    assert everything(store) == before
    with pytest.raises(Refused, match="nothing to take back"):
        store.undo()


def test_a_fact_is_not_edited_and_an_account_not_deleted(store: Store) -> None:
    account = add_account(store, "Khách")
    with store.edit("Receipt") as uow:
        receipt = Receipt(id=uow.new_id(), account=account.id, received_on=date(2026, 1, 2), amount=100)
        uow.add(receipt)
    with pytest.raises(Refused, match="not edited"), store.edit("x") as uow:
        uow.put(dataclasses.replace(receipt, amount=99))
    with pytest.raises(Refused, match="not edited"), store.edit("x") as uow:
        uow.delete(Receipt, receipt.id)
    with pytest.raises(Refused, match=r"archive|hang"), store.edit("x") as uow:
        uow.delete(Account, account.id)


def test_a_sent_version_and_its_lines_are_frozen(store: Store) -> None:
    account = add_account(store, "Khách")
    with store.edit("Proposal") as uow:
        proposal = Proposal(id=uow.new_id(), account=account.id, title="Đề xuất")
        version = ProposalVersion(id=uow.new_id(), proposal=proposal.id, number=1)
        line = ProposalLine(
            id=uow.new_id(), version=version.id, place=1, description="Ý tưởng", quantity=Decimal(1), price=10
        )
        for record in (proposal, version, line):
            uow.add(record)
    with store.edit("Send") as uow:
        sent = dataclasses.replace(version, status="sent")
        uow.put(sent)
    attempts = [
        dataclasses.replace(sent, discount=5),
        dataclasses.replace(line, price=11),
        dataclasses.replace(line, id=line.id[:-1] + ("0" if line.id[-1] != "0" else "1"), place=2),
    ]
    for record in attempts:
        with pytest.raises(Refused, match="was sent"), store.edit("x") as uow:
            uow.put(record)
    with pytest.raises(Refused, match="was sent"), store.edit("x") as uow:
        uow.delete(ProposalLine, line.id)
    with store.edit("Accepted") as uow:
        uow.put(dataclasses.replace(sent, status="accepted"))


def test_search_with_and_without_accents_exact_first(store: Store) -> None:
    plain = add_account(store, "Dang Trading")
    exact = add_account(store, "Công ty Đặng Gia")
    decomposed = add_account(store, "Nhà ở Đặng".replace("ặ", "a\u0323\u0306"))
    phone = add_account(store, "Điện thoại", phone="0912 345 678")
    with store.reader() as reader:
        assert {hit.id for hit in reader.find("dang")} == {plain.id, exact.id, decomposed.id}
        assert {hit.id for hit in reader.find("đặng")[:2]} == {exact.id, decomposed.id}
        assert reader.find("đặng")[2].id == plain.id
        assert [hit.id for hit in reader.find("0912345")] == [phone.id]
        assert [hit.field for hit in reader.find("0912345")] == ["phone"]
        for hostile in ('"', "'", "a OR b", "NEAR(", "*", "name:x", "\x00", "--", "((((", "-đặng"):
            reader.find(hostile)
    with store.edit("Rename") as uow:
        uow.put(dataclasses.replace(exact, name="Tên khác"))
    with store.reader() as reader:
        assert exact.id not in {hit.id for hit in reader.find("dang")}


_NAMES = st.text(alphabet="aăâbcdđeêoôơuưy ÁẮẶĐzZ09", min_size=1, max_size=8).map(lambda name: name.strip() or "x")


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(_NAMES, st.sampled_from(["A", "B", "C", ""]), st.one_of(st.none(), st.integers(0, 3))), max_size=40
    )
)
def test_pages_by_keyset_are_the_whole_list_once(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, int | None]]
) -> None:
    clock = FakeClock()
    store = Store.create(tmp_path_factory.mktemp("keyset") / "p", KEY, "profile-1", clock, RandomIds(clock))
    try:
        with store.edit("Add") as uow:
            for name, tier, days in rows:
                uow.add(Account(id=uow.new_id(), name=name, tier=tier, payment_days=days))
        for order in ((Order("title"),), (Order("payment_days", True), Order("tier")), (Order("tier", True),)):
            query = Query("account", (Where("tier", Op.IS_NOT, "C"),), order)
            with store.reader() as reader:
                whole = reader.all(query)
                assert [each.id for each in whole] == reader.ids(query)
                assert reader.count(query) == len(whole) == sum(tier != "C" for _, tier, _ in rows)
                paged, last = [], None
                while page := reader.page(query, 3, last):
                    paged += page
                    last = page[-1]
            assert paged == whole
    finally:
        store.close()


def _random_edit(store: Store, rng: random.Random, made: list[str]) -> None:
    with store.edit("Edit") as uow:
        for _ in range(rng.randrange(1, 4)):
            if not made or rng.random() < 0.4:
                account = Account(id=uow.new_id(), name=f"Khách {rng.randrange(99)}")
                uow.add(account)
                made.append(account.id)
            else:
                found = uow.get(Account, rng.choice(made))
                if found is None:
                    continue
                if rng.random() < 0.3:
                    uow.add(Contact(id=uow.new_id(), account=found.id, full_name=f"Người {rng.randrange(99)}"))
                else:
                    uow.put(dataclasses.replace(found, industry=str(rng.randrange(5)), payment_days=rng.randrange(60)))


@pytest.mark.parametrize("seed", range(6))
def test_undo_and_redo_walk_back_and_forth_across_restarts(tmp_path: Path, seed: int) -> None:
    rng, clock = random.Random(seed), FakeClock()
    store = Store.create(tmp_path / "p", KEY, "profile-1", clock, RandomIds(clock))
    made: list[str] = []
    states = [everything(store)]
    for _ in range(12):
        _random_edit(store, rng, made)
        if everything(store) != states[-1]:
            states.append(everything(store))
    place = len(states) - 1
    for _ in range(40):
        if rng.random() < 0.2:
            store.close()
            store = Store.open(tmp_path / "p", KEY, "profile-1", clock, RandomIds(clock))
        if rng.random() < 0.55 and place > 0:
            report, _ = store.undo()
            place -= 1
            assert report.kept == ()
        elif place < len(states) - 1:
            store.redo()
            place += 1
        assert everything(store) == states[place]
        with store.reader() as reader:
            assert open_amounts.differences(reader.connection) == 0
    store.close()


def test_undo_of_an_import_keeps_what_was_touched_since(store: Store) -> None:
    with store.edit("Import", kind="import") as uow:
        accounts = [Account(id=uow.new_id(), name=f"Khách {place}") for place in range(4)]
        for account in accounts:
            uow.add(account)
            uow.new_group()
    step = uow.change_set.step
    with store.edit("Touch") as uow:
        uow.put(dataclasses.replace(accounts[0], industry="Thép"))
        uow.add(Contact(id=uow.new_id(), account=accounts[1].id, full_name="Lan"))
    report, change_set = store.undo(step)
    assert {(each.id, each.reason) for each in report.kept} == {
        (accounts[0].id, "changed_since"),
        (accounts[1].id, "has_children"),
    }
    assert report.changed == 2
    with store.reader() as reader:
        left = reader.many(Account, [each.id for each in accounts])
    assert set(left) == {accounts[0].id, accounts[1].id}
    assert left[accounts[1].id].archived
    assert {each.record for each in change_set.touched} == {accounts[1].id, accounts[2].id, accounts[3].id}


def test_a_new_edit_closes_the_way_forward(store: Store) -> None:
    add_account(store, "Một")
    store.undo()
    add_account(store, "Hai")
    with pytest.raises(Refused):
        store.redo()


def test_a_database_that_was_set_back_gets_everything_from_the_journal(
    store: Store, clock: FakeClock, tmp_path: Path
) -> None:
    first = add_account(store, "Trước")
    store.close()
    old = tmp_path / "old"
    shutil.copytree(store.folder, old)
    device = (old / "device.id").read_text()
    newer = Store.open(store.folder, KEY, "profile-1", clock, RandomIds(clock))
    with newer.edit("Edit") as uow:
        uow.put(dataclasses.replace(first, industry="Thép"))
    add_account(newer, "Sau")
    newer.undo()
    add_account(newer, "Sau nữa")
    expected = everything(newer)
    newer.close()
    for name in DATABASE_FILES:
        (store.folder / name).unlink(missing_ok=True)
        if (old / name).exists():
            shutil.copy(old / name, store.folder / name)
    for opening in range(2):  # the second finds nothing to do
        again = Store.open(store.folder, KEY, "profile-1", clock, RandomIds(clock))
        assert again.recovered == (4 if opening == 0 else 0)
        assert everything(again) == expected
        assert (store.folder / "device.id").read_text() != device
        again.close()


def test_the_writing_connection_keeps_pages_only_while_a_sync_runs(store: Store) -> None:
    def kept_kb() -> int:
        with store.database.write() as connection:
            return -int(connection.exec_driver_sql("pragma cache_size").scalar_one())

    little = kept_kb()
    store.database.make_room(True)
    assert kept_kb() >= 4 * little
    store.database.make_room(False)
    assert kept_kb() == little


def test_safe_writing_is_switched_on(store: Store) -> None:
    with store.database.write() as connection:
        assert connection.exec_driver_sql("pragma synchronous").scalar() == 2
        assert connection.exec_driver_sql("pragma journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("pragma temp_store").scalar() == 2
        assert connection.exec_driver_sql("pragma foreign_keys").scalar() == 1
    assert driver.sqlite_version_info >= (3, 51, 3)
    for file in store.folder.rglob("*"):
        assert file.stat().st_mode & 0o077 == 0, file


def test_emptying_the_log_does_not_wait_for_who_reads_long(store: Store, clock: FakeClock) -> None:
    add_account(store, "Trước")
    other = Store(store.folder, KEY, "profile-1", clock, RandomIds(clock), write=False)
    with other.database.read() as connection:
        connection.exec_driver_sql("select count(*) from account").scalar()
        add_account(store, "Sau")
        begun = time.monotonic()
        assert not store.database.checkpoint()
        assert time.monotonic() - begun < 5, "an edit would wait as long"
    assert store.database.checkpoint()
    other.close()
    with store.database.write() as connection:
        assert connection.exec_driver_sql("pragma busy_timeout").scalar() == 10_000


def test_a_newer_schema_is_refused_untouched(store: Store, clock: FakeClock) -> None:
    with store.database.write() as connection:
        connection.exec_driver_sql(f"pragma user_version = {tables.SCHEMA + 1}")
    store.database.checkpoint()
    store.close()
    before = (store.folder / "data.kam").read_bytes()
    with pytest.raises(TooOld, match="newer version"):
        Store.open(store.folder, KEY, "profile-1", clock, RandomIds(clock))
    assert (store.folder / "data.kam").read_bytes() == before


@pytest.mark.parametrize("damage", ["missing", "empty", "first_page", "wrong_key"])
def test_never_an_empty_database_in_place_of_one_that_does_not_open(
    store: Store, clock: FakeClock, damage: str
) -> None:
    add_account(store, "Còn đây")
    store.database.checkpoint()
    store.close()
    path, key = store.folder / "data.kam", KEY
    data = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "first_page":
        data[100] ^= 1
        path.write_bytes(bytes(data))
    else:
        key = DataKey.new()
    left = path.read_bytes() if path.exists() else None
    with pytest.raises(Unavailable) as problem:
        Store.open(store.folder, key, "profile-1", clock, RandomIds(clock))
    assert problem.value.code == ("database_missing" if damage in ("missing", "empty") else "damaged")
    assert (path.read_bytes() if path.exists() else None) == left


def test_no_text_of_the_data_is_readable_in_any_file(store: Store) -> None:
    add_account(store, "KhachBiMat", internal_note="ghichuBiMat", phone="0912000111")
    store.undo()
    with store.edit("Draft") as uow:
        uow.set_draft("account/new", "nhapBiMat")
    files = [file.read_bytes() for file in store.folder.rglob("*") if file.is_file()]
    assert len(files) >= 4
    for known in ("KhachBiMat", "ghichuBiMat", "0912000111", "nhapBiMat", "khachbimat"):
        for form in (known.encode(), known.encode("utf-16-le")):
            assert not any(form in content for content in files)


@st.composite
def _records(draw: st.DrawFn, name: str) -> object:
    texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf")), max_size=12)
    values: dict[Kind, st.SearchStrategy[object]] = {
        Kind.TEXT: texts,
        Kind.NOTE: texts,
        Kind.INTEGER: st.none() | st.integers(0, 10**6),
        Kind.MONEY: st.none() | st.integers(0, 10**14),
        Kind.DECIMAL: st.none() | st.decimals(0, 10**9, places=4),
        Kind.DATE: st.none() | st.dates(),
        Kind.MOMENT: st.none() | st.datetimes(timezones=st.just(__import__("datetime").UTC)),
        Kind.FLAG: st.booleans(),
        Kind.TEXTS: st.lists(texts.filter(bool), max_size=3).map(tuple),
        Kind.REF: st.just(""),
    }
    entity = BY_NAME[name]
    chosen = {
        each.name: draw(st.sampled_from(("", *each.options)) if each.kind is Kind.CHOICE else values[each.kind])
        for each in entity.fields
    }
    return entity.record(id=str(draw(st.uuids())), **chosen)


@pytest.mark.parametrize("name", sorted(BY_NAME))
@settings(max_examples=30)
@given(st.data())
def test_a_record_is_the_same_after_the_wire_and_after_its_row(name: str, data: st.DataObject) -> None:
    record = data.draw(_records(name))  # type: ignore[arg-type]
    assert from_wire(to_wire(record))[0] == record  # type: ignore[arg-type]
    row = tables.row_of(record)  # type: ignore[arg-type]
    assert tables.record_of(BY_NAME[name], row) == record  # type: ignore[arg-type]


def test_the_cache_of_open_amounts_follows_every_kind_of_change(store: Store) -> None:
    with store.edit("Firm") as uow:
        uow.put(Firm(id="00000000-0000-7000-8000-000000000001", legal_name="Ta", default_payment_days=30))
    account = add_account(store, "Khách")
    with store.edit("Invoice") as uow:
        invoice = Invoice(
            id=uow.new_id(), account=account.id, number="1", issued_on=date(2026, 1, 1), net=100, total=108
        )
        parts = [Instalment(id=uow.new_id(), invoice=invoice.id, place=place, amount=54) for place in (1, 2)]
        for record in (invoice, *parts):
            uow.add(record)

    def cached() -> list[tuple[object, ...]]:
        with store.reader() as reader:
            assert open_amounts.differences(reader.connection) == 0
            found = reader.sql("select due_on, on_default_term, open from cache_instalment order by id")
            return [tuple(row) for row in found]

    assert cached() == [("2026-01-31", 1, 54)] * 2
    with store.edit("Term") as uow:
        uow.put(dataclasses.replace(account, payment_days=10))
    assert cached() == [("2026-01-11", 0, 54)] * 2
    with store.edit("Receipt") as uow:
        receipt = Receipt(id=uow.new_id(), account=account.id, received_on=date(2026, 1, 5), amount=60)
        taken = Allocation(
            id=uow.new_id(), receipt=receipt.id, instalment=parts[0].id, amount=54, allocated_on=date(2026, 1, 5)
        )
        uow.add(receipt)
        uow.add(taken)
    assert sorted(row[2] for row in cached()) == [0, 54]
    with store.edit("Reverse") as uow:
        uow.add(dataclasses.replace(taken, id=uow.new_id(), reverses=taken.id, allocated_on=date(2026, 1, 6)))
    assert cached() == [("2026-01-11", 0, 54)] * 2
    with store.edit("Opening") as uow:
        uow.add(OpeningSettlement(id=uow.new_id(), invoice=invoice.id, settled_on=invoice.issued_on, amount=70))
    assert sorted(row[2] for row in cached()) == [0, 38]
    with store.edit("Replaced") as uow:
        uow.add(dataclasses.replace(invoice, id=uow.new_id(), number="2", replaces=invoice.id))
    assert [row[2] for row in cached()] == [0, 0]
    store.undo()
    assert sorted(row[2] for row in cached()) == [0, 38]


def test_every_entity_has_its_table_with_every_field() -> None:
    for record in ENTITIES:
        columns = set(tables.RECORDS[record.entity.name].c.keys())
        assert columns == {*record.entity.names, "n", "id", "_sort", "_extra", "_seq", "_field_seq"}


def test_a_list_asks_the_index_of_its_own_entity_and_the_palette_all(store: Store) -> None:
    with store.edit("Two kinds") as uow:
        account = Account(id=uow.new_id(), name="Nhà máy Bia Hạ Long")
        uow.add(account)
        contact = Contact(id=uow.new_id(), account=account.id, full_name="Bia Văn Hạ")
        uow.add(contact)
    with store.reader() as reader:
        assert reader.matching("account", "bia ha") == {account.id}
        assert reader.matching("contact", "bia ha") == {contact.id}
        assert reader.matching("account", "-") == reader.matching("allocation", "bia") == set()
        assert reader.ids(Query("account", text="bia h")) == [account.id]
        assert reader.ids(Query("account", text="- ;")) == reader.ids(Query("allocation", text="bia")) == []
        assert {each.id for each in reader.find("bia ha", 5)} == {account.id, contact.id}
        assert [each.id for each in reader.find("bia", 5, ("contact",))] == [contact.id]
        assert reader.find("bia", 5, ("allocation",)) == []
    with store.edit("Gone") as uow:
        uow.delete(Contact, contact.id)
    with store.reader() as reader:
        assert reader.sql("select count(*) from search_contact_docsize")[0][0] == 0
        assert [each.id for each in reader.find("bia", 5)] == [account.id]
