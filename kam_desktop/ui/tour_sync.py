"""The tour's part about the shared server: sync page, connecting, handing a customer over."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from kam_desktop.language import tr
from kam_desktop.ui.laptops import Laptops
from kam_desktop.ui.laptops import Row as LaptopRow
from kam_desktop.ui.pages.sync.answers import LOG, MINE, NEEDS, WAITING, Detail, Group, Head, Line, Lists, Row
from kam_desktop.ui.sync_agent import Now
from kam_desktop.ui.tour_walk import Steps, Walk

_NAME = "Mở bán phân khu Bến Ngọc"
_MATCHES = [("Công ty CP Sữa Mây Trắng", "0319482712"), ("Công ty TNHH Bếp Lửa Ấm", "0318774025")]


def sync(walk: Walk) -> Steps:
    """Nothing connected; then what would stand there, by invented entries; the dialogs."""
    yield from walk.page("sync")
    page: Any = walk.window.page("sync")
    for which in (NEEDS, LOG, WAITING):
        walk.window.show_page("sync", which)
        yield ""
        entry = Line("x", _NAME, f"Hoàng Vĩnh Land · {tr('Proposal')}", tr("Not chosen yet"), "14:18", "warning")
        merged = replace(entry, note=tr("Merged by itself"), tone="info")
        page.show_lists(Lists((entry,), (entry,), (merged,), 1), which)
        yield ""
        page.detail.show_detail(_detail(which), {}, which == NEEDS)
        page.show_detail()
        if which == NEEDS and page.detail.groups:
            page.detail.groups[0].choose(MINE)
            page.detail.take_focus()
        words = tr("Sign in to the shared server to go on syncing. Your changes wait here.")
        page.show_banner(words, "warning", "lock", tr("Sign in"))
        yield f"sync-{which}-filled"
        if which == NEEDS:
            page.show_banner("", "", "")
            yield from _deleted(page)
        elif which == LOG:
            page.show_banner("", "", "")
            yield from _decided(page, entry)
    page.show_banner(tr("The server has a problem ({status}). Your changes wait here.", status=503), "warning",
                     "triangle-alert", braked=True)  # fmt: skip
    yield "sync-braked"
    page.show_banner("", "", "")
    walk.window.show_page("sync", NEEDS)
    yield from _connecting(walk)
    yield from _laptops(walk)
    account = walk.first("account")
    if account:
        walk.window.show_page("account", account)
        yield ""
        detail = walk.window.page("account").detail
        yield from walk.over("sync-hand-over", detail.hand_over_wanted.emit)


def _deleted(page: Any) -> Steps:
    """What needs a person in another way: a deletion that met an edit."""
    conflict = _detail(NEEDS)
    rows = (Row(tr("Reason"), "–", tr("deleted"), "khách muốn giảm giá"),)
    words = tr("You deleted this; a colleague changed it meanwhile, so it was not deleted. Nothing is lost until you "
               "say so.")  # fmt: skip
    deleted = replace(conflict, id="y", kind="deleted", words=words, groups=(Group("c", tr("Proposal"), rows, True),))
    page.detail.show_detail(deleted, {}, False)
    page.show_detail()
    yield "sync-deleted"


def _decided(page: Any, entry: Line) -> Steps:
    """An entry that was decided, in the log with a merge that was left as it stands."""
    sent = replace(entry, id="z", note=tr("Decided and sent"), tone="muted")
    left = replace(entry, id="w", note=tr("Merged, dealt with"), when="14:02", tone="info")
    page.show_lists(Lists(log=(sent, left)), LOG)
    yield ""
    conflict = _detail(NEEDS)
    groups = tuple(replace(each, decided=True) for each in conflict.groups)
    said = (
        f"{tr('You decided this, and it was sent again.')} {tr('Both values are kept here: it can be decided again.')}"
    )
    settled = replace(conflict, id="z", kind="settled", words=said, groups=groups, behind=0, can_open_again=True)
    page.detail.show_detail(settled, {}, False)
    page.show_detail()
    yield "sync-decided"


def _connecting(walk: Walk) -> Steps:
    """The stages of the one dialog."""
    connecting = walk.desktop.sync_status.connecting
    connecting.open()
    yield "sync-connect"
    dialog = connecting.dialog
    if dialog is None:
        return
    dialog.show_form("", "")
    dialog.show_failure(tr("The connection broke off"))
    yield "sync-connect-form"
    dialog.show_form("https://kam.moclam.vn", "vy", "Công ty CP Mộc Lam")
    yield "sync-connect-invited"
    dialog.show_form("https://kam.moclam.vn", "", "Công ty CP Mộc Lam", "Mộc Lam")
    yield "sync-connect-provider"
    dialog.show_browser()
    yield "sync-connect-browser"
    dialog.show_progress(Now(phase="connecting", done=32_000, whole=100_000))
    yield "sync-connect-download"
    dialog.show_matches(_MATCHES)
    yield "sync-connect-both"
    dialog.show_done(SimpleNamespace(pulled=1200, linked=2, matches=0, waiting=35, left=3))
    yield "sync-connect-done"
    yield from walk.away()


def _laptops(walk: Walk) -> Steps:
    """The firm's laptops as an administrator sees them, and what they handed in as a lead does."""
    at = "2026-10-14T07:18:00+00:00"
    devices: list[LaptopRow] = [
        {"user": "vy", "letter": "B", "last_seen": at},
        {"user": "bao", "letter": "C", "last_seen": at, "revoked": True, "left_at": at, "handed_in": 3},
    ]
    changes = [{"entity": "proposal", "new": {"name": _NAME}}, {"entity": "account", "new": {"name": _MATCHES[0][0]}}]
    handed: list[LaptopRow] = [{"by": "Quốc Bảo", "at": at, "changes": changes}]
    for name, rows in (("laptops", devices), ("handed-in", handed)):
        dialog = walk.window.findChild(Laptops).bring_up(administrates=name == "laptops")
        dialog.show_rows({str(place): row for place, row in enumerate(rows)})
        yield f"sync-{name}"
        yield from walk.away()


def _detail(which: str) -> Detail:
    rows = (Row(tr("Stage"), tr("Brief received"), tr("In progress"), tr("Negotiating")),
            Row(tr("Reason"), "–", "chờ mẫu bao bì từ nhà máy", "khách muốn giảm giá", True))  # fmt: skip
    groups = (
        Group("a", tr("Stage and reason"), rows),
        Group("b", tr("Terms"), (Row(tr("Terms"), "–", "Giao trong 20 ngày", "Thanh toán trong 45 ngày"),), both=True),
    )
    kind = {NEEDS: "conflict", LOG: "merged"}.get(which, "waiting")
    words = tr("Two people changed this. What goes together is chosen together: one side for each part.")
    shown = groups if kind == "conflict" else groups[:1] if kind == "merged" else ()
    mine, theirs = (tr("changed {at}", at=at) for at in ("14:09", "14:12"))
    device = tr("computer {letter}", letter="B")
    heads = (
        Head(tr("Original"), tr("as both had it")), Head(tr("This computer"), "Khánh Vy", mine),
        Head(tr("The server"), "Quốc Bảo", f"{theirs} · {device}"),
    )  # fmt: skip
    if kind == "merged":
        heads = (Head(""), Head(tr("The other value"), "Khánh Vy"), Head(tr("Stands"), "Quốc Bảo"))
        words = tr("Two people changed this at the same time. The later value stands; the other one is kept and can be "
                   "put back.")  # fmt: skip
    return Detail(
        "x", kind, _NAME, f"Hoàng Vĩnh Land · {tr('Proposal')}", words, shown, ("proposal", ""), int(kind != "merged"),
        kind == "merged", heads, kind == "merged",
    )  # fmt: skip
