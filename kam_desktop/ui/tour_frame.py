"""The tour's part around the pages: settings, first run, and what lies over every page."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from kam_desktop.domain.invitation import Invitation
from kam_desktop.language import tr
from kam_desktop.ui import pages
from kam_desktop.ui.job_tray import Job
from kam_desktop.ui.kit import dialogs
from kam_desktop.ui.lease_dialog import LeaseDialog
from kam_desktop.ui.pages.settings.rows import SlotRow
from kam_desktop.ui.recovery_sheet import RecoverySheet
from kam_desktop.ui.tour_walk import Steps, Walk, press
from kam_desktop.ui.unlock_dialog import UnlockDialog

_INVITED = Invitation(
    "https://kam.moclam.vn", "018f0000-0000-7000-8000-000000000001", "Công ty CP Mộc Lam", "vy", "Bắc"
)


def settings(walk: Walk) -> Steps:
    """The sections with something in each, the dialogs of safety, rules of each kind, reminders, a payment term."""
    walk.window.show_page("settings")
    yield ""
    page: Any = walk.window.page("settings")
    yield from walk.page("settings")
    walk.window.show_page("settings", "security")
    yield ""
    now = walk.desktop.desk.clock.now()
    page.keys.show_slots([SlotRow("keyring", now), SlotRow("passphrase"), SlotRow("recovery", now)])
    yield "settings-ways"
    yield from walk.over("settings-passphrase", page.passphrase_wanted.emit)
    page.recovery_wanted.emit()
    yield ""
    yield "settings-recovery"
    sheet = walk.window.findChild(RecoverySheet)
    if sheet is not None:
        sheet.ask(True)
        yield "settings-recovery-asked"
    yield from walk.away()
    page.keys.show_slots(())
    walk.window.show_page("settings", "rules")
    yield ""
    for kind in ("vat", "provision", "late_interest", "holiday", "working_day"):
        page.rules.kinds.choose(kind)
        page.rules.kinds.changed.emit(kind)
        yield f"settings-rules-{kind}"
        yield from walk.over(f"settings-rule-{kind}", partial(page.rules.want, "add"))
    page.rules.kinds.choose("vat")
    page.rules.kinds.changed.emit("vat")
    yield from walk.over("settings-rule-next", partial(page.rules.want, "next"))
    walk.window.show_page("settings", "reminders")
    yield ""
    yield from walk.over("settings-reminder", partial(page.reminders.wanted.emit, ""))
    page.reminders.show_steps(())
    yield "settings-no-reminders"
    walk.window.show_page("settings", "terms")
    yield ""
    page.terms.new_wanted.emit()
    page.terms.editor.add_part()
    yield "settings-new-term"
    page.terms.editor.discard_wanted.emit()
    yield from walk.over("settings-menu-terms", page.terms.chip.click)


def over_window(walk: Walk) -> Steps:
    """Palette, menus, keys, messages, questions of the program itself, the page list as a rail."""
    window = walk.window
    window.show_page(pages.PAGES[0].key)
    yield ""
    for name, text in (("", "thu tien"), ("-all", ""), ("-none", "xyzxyz")):
        window.open_palette(text)  # Vietnamese typed without accents finds it in either language
        yield ""
        yield f"palette{name}"
        window.close_palette()
    yield from walk.over("window-create", window.top.create_button.click)
    yield from walk.over("window-zoom", window.bottom.zoom.click)
    window.toggle_list()
    yield "window-rail"
    window.toggle_list()
    for name, undo, tone in (("", lambda: None, ""), ("-done", lambda: None, "success"), ("-danger", None, "danger")):
        window.toast(tr("That was not saved"), undo, tone)
        window.set_status(tr("Saved on this computer"), "danger" if tone == "danger" else "", "check")
        window.set_job("tour", Job(tr("Making a backup"), 0.4, lambda: None))
        yield f"window-message{name}"
        walk.hush()
        window.set_job("tour", None)
    window.show_keys()
    yield "window-keys"
    press(window, tr("Change the keys of “{deed}”", deed="").rstrip("”"))
    yield "window-key"
    yield from walk.away()
    opening = walk.desktop.opening
    yield from walk.over("window-invitation", partial(opening.ask, _INVITED))
    yield from walk.asked("window-bad-link", partial(opening.take, ["kam://open/account/1"]))
    yield from walk.over("window-unlock", UnlockDialog(window, lambda *_: None).open)
    who = tr("{user} on {server}", user="vy", server="kam.moclam.vn")
    yield from walk.over("window-lease", LeaseDialog(window, who, lambda _: None).open)
    question, details = tr("Begin with your own data?"), "Traceback\n  disk 2 of 3\n" * 8
    yield from walk.asked("window-ask", lambda: dialogs.ask(window, question, question, tr("Save")))
    yield from walk.asked("window-tell", lambda: dialogs.tell(window, question, question))
    yield from walk.asked("window-failed", lambda: dialogs.failed(window, details, "E-1"))


def support(walk: Walk) -> Steps:
    """What the program is made with, the notice after a crash, and the support bundle before it is written."""
    walk.window.show_page("settings", "about")
    yield "settings-about-licences"
    walk.desktop.help.offer()
    yield "window-after-crash"
    walk.desktop.help.open_bundle()
    yield ""
    yield "support-bundle"
    yield from walk.away()
    yield from walk.over("window-updates", walk.desktop.updates.open)


def first_run(walk: Walk) -> Steps:
    """The ways to begin, and how the data is locked."""
    walk.window.show_page("first_run")
    yield ""
    page: Any = walk.window.page("first_run")
    for way in ("server", "files", "sample"):
        page.choose(way)
        yield "first_run" if way == "sample" else f"first_run-{way}"
    page.show_invitation(_INVITED, preset=True)
    yield "first_run-invited"
    page.server.show_invitation(None)
    page.firm.show_firm("Công ty CP Mộc Lam", "9900000014")
    page.firm.show_files((Path("khách hàng.xlsx"), Path("hoá đơn 2026.zip")))
    page.choose("files")
    yield "first_run-filled"
    page.go()
    yield "first_run-lock"
    page.lock.sheet.ask(True)
    yield "first_run-asked"
    page.lock.switch.choose("passphrase")
    page.lock.switch.changed.emit("passphrase")
    yield "first_run-passphrase"
    page.show_ways()
    page.firm.show_firm("", "")
    page.firm.show_files(())
    page.choose("sample")
    walk.window.show_page(pages.PAGES[0].key)
    yield ""
