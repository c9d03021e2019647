"""Two real windows and a real server, one story: `python -m tests.sync.story DIR`; see README.md."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from tests import makers
from tests.bench.profiles import opened
from tests.makers import Bill
from tests.sync.windows import PASSWORD, Server, Window, Wire, screen

AN, LAN, BINH = "Trần Hoài An", "Lê Ngọc Lan", "Phạm Thanh Bình"
MILK, GRILL, STEEL = ("Sữa Đồng Xanh", "Bếp Lửa Ấm", "Thép Trường Lĩnh")
LOOKS = (("vi", "light"), ("vi", "dark"), ("en", "light"), ("en", "dark"))
_TWO = (LOOKS[0], LOOKS[3])
_SHOWN = (
    "firm",
    "person",
    "account",
    "contact",
    "proposal",
    "task",
    "invoice",
    "invoice_line",
    "instalment",
    "activity",
)


@dataclass
class Ids:
    """What there is when the story begins, by its id."""

    accounts: dict[str, str] = field(default_factory=dict)
    proposal: str = ""
    task: str = ""


class Story:
    """The story in its parts. Every sentence that holds is told to `tell`; one that does not ends it."""

    def __init__(
        self, folder: Path, screens: Sequence[dict[str, str]], pictures: Path | None, tell: Callable[[str], Any]
    ) -> None:
        self._pictures, self._tell, self.ids = pictures, tell, Ids()
        self.server = Server(folder, screens[0])
        self.server.command("migrate")
        self._hire()
        self.server.start()
        self.wires = {name: Wire(self.server.port) for name in ("an", "lan")}
        self.an = Window(folder / "an", screens[0], "An").make()
        self.lan = Window(folder / "lan", screens[1], "Lan").make()
        self._administer(folder / "admin")
        self._fill()
        self._file = folder / "hoa-don.xml"
        bill = Bill(number="118", buyer=makers.BUYERS[0], issued_on="2026-11-02")
        self._file.write_bytes(makers.xml(bill))

    def _hire(self) -> None:
        command = self.server.command
        command("user", "add", "admin", "--role", "administrator")
        command("user", "add", "lan", "--role", "lead", "--full-name", LAN)
        command("team", "add", "north", "--user", "lan")
        for name, full in (("an", AN), ("binh", BINH)):
            command("user", "add", name, "--role", "kam", "--team", "north", "--full-name", full)

    def _administer(self, folder: Path) -> None:
        """The administrator, without a window, says who the firm is."""
        from kam_desktop.domain.clock import SystemClock
        from kam_desktop.domain.entities import FIRM_ID, Firm
        from kam_desktop.sync.agent import Agent

        Window(folder, {}, "admin").make()
        with opened(folder) as found:
            agent = Agent(found.store, None, SystemClock())
            agent.connect(f"http://127.0.0.1:{self.server.port}", "admin", PASSWORD, agree=lambda _matches: True)
            with found.store.edit("Firm") as uow:
                uow.put(Firm(id=FIRM_ID, legal_name=makers.OUR_NAME, tax_code=makers.OUR_CODE))
            agent.sync()

    def _fill(self) -> None:
        """What An's laptop holds before it is connected for the first time."""
        from kam_desktop.domain.entities import LOCAL_PERSON_ID, Account, Contact, Proposal, Task

        with opened(self.an.folder) as found, found.store.edit("Fill") as uow:
            new, me = found.store.ids.new, LOCAL_PERSON_ID
            ids = self.ids.accounts = {name: new() for name in (MILK, GRILL, STEEL)}
            self.ids.proposal, self.ids.task = new(), new()
            uow.add(Account(id=ids[MILK], name=makers.BUYERS[0][0], short_name=MILK, tax_code=makers.BUYERS[0][1],
                            phone="028 3822 1100", internal_note="Quý I mua nhiều.", owner=me))  # fmt: skip
            uow.add(Account(id=ids[GRILL], name="Công ty TNHH Bếp Lửa Ấm", short_name=GRILL, owner=me))
            uow.add(Account(id=ids[STEEL], name=makers.BUYERS[2][0], short_name=STEEL, owner=me))
            uow.add(Contact(id=new(), account=ids[GRILL], full_name="Đặng Thị Hương", main=True))
            uow.add(Proposal(id=self.ids.proposal, account=ids[MILK], title="Tết 2027 cùng Sữa Đồng Xanh"))
            uow.add(Task(id=self.ids.task, account=ids[MILK], subject="Gửi mẫu bao bì", owner=me))

    # Telling.

    def holds(self, what: str, found: object, wanted: object = True) -> None:
        """Goes on when it is so."""
        if found != wanted:
            raise AssertionError(f"{what}: {found!r} instead of {wanted!r}")
        self._tell(f"ok  {what}")

    def shoot(self, window: Window, name: str, entry: tuple[str, str] | None = None, *, side: str = "",
              looks: Sequence[tuple[str, str]] = LOOKS) -> None:  # fmt: skip
        """The window in every language and theme; `entry` is list and id of what is opened, `side` what is chosen."""
        if self._pictures is None:
            return
        for lang, mode in looks:
            window.do("look", lang=lang, mode=mode)
            if entry is not None and not entry[1]:
                window.do("page", key="sync", place=entry[0])
            elif entry is not None:
                window.do("again", which=entry[0], identity=entry[1])
            if side:
                window.do("choose", side=side)
            window.do("picture", file=str(self._pictures / f"{name}-{lang}-{mode}.png"))
        window.do("look", lang="en")

    # The story.

    def run(self) -> None:
        """From beginning to end."""
        began = monotonic()
        self._begin()
        self._offline()
        self._lan_comes_back()
        self._an_comes_back()
        self._decide()
        self._settle()
        self._tell(f"{monotonic() - began:.0f} s")

    def _begin(self) -> None:
        for window in (self.an, self.lan):
            window.start()
            window.ask("ready")
        for window in (self.an, self.lan):
            window.answer()
            window.do("look", lang="en")
        self.an.do("connect", server=self.wires["an"].address, user="an", password=PASSWORD)
        self.an.do("sync")
        self.lan.do("connect", server=self.wires["lan"].address, user="lan", password=PASSWORD)
        accounts = self.lan.do("rows", entity="account")
        self.holds("Lan, who leads the team, has An's three customers", len(accounts), 3)
        self.holds("they are An's", len({row["owner"] for row in accounts.values()}), 1)

    def _offline(self) -> None:
        ids = self.ids
        for wire in self.wires.values():
            wire.cut()
        an, lan = self.an, self.lan
        an.do("edit_account", account=ids.accounts[MILK],
              fields={"phone": "0901 111 222", "internal_note": "An: gọi trước 9 giờ."})  # fmt: skip
        an.do("move_proposal", proposal=ids.proposal, steps=1)
        an.do("bring_in", files=[str(self._file)])
        an.do("delete_task", task=ids.task)
        an.do("edit_account", account=ids.accounts[GRILL], fields={"address": "12 Lê Lợi, Huế"})
        fields = {"phone": "0902 333 444", "internal_note": "Lan: chờ báo giá mới.", "website": "dongxanh.vn"}
        lan.do("edit_account", account=ids.accounts[MILK], fields=fields)
        lan.do("move_proposal", proposal=ids.proposal, steps=2)
        lan.do("bring_in", files=[str(self._file)])
        lan.do("edit_task", task=ids.task, title="Gửi mẫu bao bì trước thứ Sáu")
        words = lan.do("hand_over", account=ids.accounts[GRILL], to=BINH)
        self.holds("offline a customer cannot be handed over, and the dialog says why", bool(words))
        for window in (an, lan):
            found = window.do("sync")
            self._tell(f"    {window.name}: {found} {window.do('lists')['waiting']}")
            self.holds(f"{window.name} is offline", found["failure"], "offline")
            self.holds("quietly, in words", found["pill"].startswith("Offline · "))
            self.holds("and its changes wait", found["waiting"] > 4)
        self.shoot(an, "1-offline", looks=_TWO)

    def _lan_comes_back(self) -> None:
        lan, ids = self.lan, self.ids
        self.wires["lan"].mend()
        found = lan.do("sync")
        self.holds("Lan is first: everything is taken, nothing needs her", (found["waiting"], found["needs"]), (0, 0))
        words = lan.do("hand_over", account=ids.accounts[GRILL], to=BINH)
        self.holds("online Lan hands a customer of An's over to Bình", words, "")
        words = lan.do("hand_over", account=ids.accounts[STEEL], to=LAN)
        self.holds("and takes one herself", words, "")
        lan.do("sync")

    def _an_comes_back(self) -> None:
        an, ids = self.an, self.ids
        an.do("page", key="account")
        self.wires["an"].mend()
        found = an.do("sync")
        self.holds("nothing of An's waits any more", found["waiting"], 0)
        self.holds("what needs An: stage, deletion, a change of a customer that is Bình's now", found["needs"], 3)
        self.holds("the pill says so", found["pill"].startswith("Needs you (3)"))
        accounts = an.do("rows", entity="account")
        self.holds("the two customers that were handed over left An's laptop", list(accounts), [ids.accounts[MILK]])
        self.holds("what hung on them too", an.do("rows", entity="contact"), {})
        self.holds("their names are gone from the list", an.do("titles", key="account"), [MILK])
        milk = accounts[ids.accounts[MILK]]
        self.holds("fields that one of them changed are merged by themselves", milk["website"], "dongxanh.vn")
        self.holds("of one that both changed the later commit stands", milk["phone"], "0901 111 222")
        invoices = an.do("rows", entity="invoice")
        self.holds("one invoice, not two", len(invoices), 1)
        self.holds("with one instalment", len(an.do("rows", entity="instalment")), 1)
        self.holds("an edit beats the deletion", [row["subject"] for row in an.do("rows", entity="task").values()],
                   ["Gửi mẫu bao bì trước thứ Sáu"])  # fmt: skip
        lists = an.do("lists")
        self.holds("three lines", len(lists["needs"]), 3)
        merges = [line for line in lists["log"] if line[2] == "Merged by itself"]
        self.holds("every automatic merge is listed", sorted(line[1].rpartition(" · ")[2] for line in merges),
                   ["Internal note", "Phone"])  # fmt: skip
        found = an.do("entry", which="needs", title="Tết 2027")
        stage = found["rows"][0]
        self.holds("the conflict shows before, mine and theirs", stage,
                   ["Stage", "Brief received", "In progress", "In approval"])  # fmt: skip
        self.holds("whose each is", [LAN in found["heads"][2][1], AN in found["heads"][1][1]], [True, True])
        self.shoot(an, "2-conflict", ("needs", found["id"]))
        self.shoot(an, "3-chosen", ("needs", found["id"]), side="mine")
        found = an.do("entry", which="needs", title="Gửi mẫu")
        self.shoot(an, "4-deletion-against-edit", ("needs", found["id"]))
        found = an.do("entry", which="needs", title="left this computer")
        self.holds("what An wrote in a customer that left stays readable, and is not offered to be sent",
                   (found["rows"][0][2], found["sends"]), ("12 Lê Lợi, Huế", False))  # fmt: skip
        self.shoot(an, "5-refused", ("needs", found["id"]))
        found = an.do("entry", which="log", title="Internal note")
        self.shoot(an, "6-merged", ("log", found["id"]))
        an.do("entry", which="log", title="Internal note")
        an.do("keep_both")
        note = an.do("rows", entity="account")[ids.accounts[MILK]]["internal_note"]
        self.holds("of two notes both can be kept", sorted(note.split("\n\n")),
                   ["An: gọi trước 9 giờ.", "Lan: chờ báo giá mới."])  # fmt: skip
        an.do("page", key="sync", place="offline")
        self.shoot(an, "7-offline-page", ("offline", ""), looks=_TWO)

    def _decide(self) -> None:
        an, ids = self.an, self.ids
        an.do("entry", which="needs", title="Tết 2027")
        an.do("choose", side="mine")
        an.do("apply")
        self.holds("decided by keyboard", len(an.do("lists")["needs"]), 2)
        an.do("undo")
        self.holds("taken back by undo", len(an.do("lists")["needs"]), 3)
        an.do("entry", which="needs", title="Tết 2027")
        an.do("choose", side="mine")
        an.do("apply")
        an.do("sync")
        self.holds("An closes the window", an.close(), 0)
        an.start()
        an.do("ready")
        log = an.do("lists")["log"]
        decided = [line[0] for line in log if line[2] == "Decided and sent"]
        self.holds("the decision stands in the log after a restart", decided, ["Tết 2027 cùng Sữa Đồng Xanh"])
        found = an.do("entry", which="log", title="Decided and sent")
        self.shoot(an, "8-decided", ("log", found["id"]), looks=_TWO)
        self.lan.do("sync")
        stage = self.lan.do("rows", entity="proposal")[ids.proposal]["stage"]
        self.holds("Lan has what An decided", stage, "working")

    def _settle(self) -> None:
        an, lan, ids = self.an, self.lan, self.ids
        lan.do("type_account", account=ids.accounts[MILK], field="address", text="Lan đang gõ")
        an.do("edit_account", account=ids.accounts[MILK], fields={"email": "mua@dongxanh.vn"})
        an.do("sync")
        lan.do("sync")
        self.holds("what comes from a colleague leaves typing, keyboard and caret alone",
                   lan.do("typed", field="address"), ["Lan đang gõ", True, len("Lan đang gõ")])  # fmt: skip
        lan.do("page", key="today")
        lan.do("sync")
        an.do("sync")
        lan.do("sync")
        for entity in _SHOWN:
            theirs, mine = (window.do("rows", entity=entity) for window in (lan, an))
            common = {key: theirs[key] for key in mine if key in theirs}
            self.holds(f"{entity}: what An has, Lan has byte for byte", mine, common)
        self.holds("Lan has one invoice", len(lan.do("rows", entity="invoice")), 1)
        owners = {row["id"]: row["owner"] for row in lan.do("rows", entity="account").values()}
        people = {row["full_name"]: key for key, row in lan.do("rows", entity="person").items()}
        self.holds("Lan, who leads the team, has all three, each with its owner",
                   [owners[ids.accounts[name]] for name in (MILK, GRILL, STEEL)],
                   [people[AN], people[BINH], people[LAN]])  # fmt: skip
        words = lan.do("hand_over", account=ids.accounts[GRILL], to=AN)
        self.holds("Lan gives the first customer back to An", words, "")
        an.do("sync")
        contacts = [row["full_name"] for row in an.do("rows", entity="contact").values()]
        self.holds("it comes to An again, whole", contacts, ["Đặng Thị Hương"])
        self.holds("and stands in the list", sorted(an.do("titles", key="account")), sorted([MILK, GRILL]))
        for window in (an, lan):
            found = window.do("standing")
            self.holds(f"{window.name} has nothing that waits", found["waiting"], 0)
            self.holds(f"{window.name} closes", window.close(), 0)
            with opened(window.folder, write=False) as kept, kept.store.reader() as reader:
                self.holds(f"{window.name}'s file is whole", reader.sql("pragma integrity_check")[0][0], "ok")

    def end(self) -> None:
        """Whatever happened, nothing goes on."""
        for window in (self.an, self.lan):
            window.kill()
        for wire in self.wires.values():
            wire.cut()
        self.server.stop()


def play(folder: Path, pictures: Path | None = None, tell: Callable[[str], Any] = lambda words: None) -> None:
    """The whole story in a folder. Raises AssertionError where it comes out otherwise."""
    with screen() as one, screen() as other:  # without a window manager a screen has one window with the keyboard
        story = Story(folder, (one, other), pictures, tell)
        try:
            story.run()
        finally:
            story.end()


def main() -> int:
    """Exit status 0 when everything came out as told."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("pictures", type=Path, metavar="DIR", help="where the pictures go")
    given = options.parse_args()
    given.pictures.mkdir(parents=True, exist_ok=True)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory(prefix="kam-story-", ignore_cleanup_errors=True) as folder:
        play(Path(folder), given.pictures, lambda words: print(words, flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
