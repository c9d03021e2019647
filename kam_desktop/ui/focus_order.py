"""The order in which Tab walks: as the eye does, layout by layout, whatever was made when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLayout,
    QScrollArea,
    QWidget,
)

_WHOLE = (QAbstractItemView, QAbstractSpinBox, QComboBox)  # their parts are no stops of their own


def step(window: QWidget, forward: bool) -> bool:
    """Moves the keyboard to the next stop, or the one before; for `focusNextPrevChild` of a window.

    Qt walks in the order in which widgets were made: a table that was built again came last, and a frame that hands
    the keyboard on to one of its children was a stop that skipped the others.
    """
    stops = list(_stops(window, window.focusWidget()))
    if not stops:
        return False
    at = _place(stops, window.focusWidget())
    if at is None:
        target = stops[0 if forward else -1]
    else:
        target = stops[(at + (1 if forward else -1)) % len(stops)]
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    target.setFocus(reason)
    _show(target)
    return True


def enter(widget: QWidget) -> bool:
    """The keyboard goes to the first stop within a widget; False when there is none."""
    first = next(_stops(widget), None)
    if first is not None:
        first.setFocus(Qt.FocusReason.OtherFocusReason)
    return first is not None


def _place(stops: list[QWidget], focused: QWidget | None) -> int | None:
    """Where the keyboard is: at a stop, or inside one (the editor of a cell)."""
    while focused is not None:
        if focused in stops:
            return stops.index(focused)
        focused = focused.parentWidget()
    return None


def _stops(widget: QWidget, focused: QWidget | None = None) -> Iterator[QWidget]:
    """Where Tab stops, and the one that has the keyboard although it is none: a locked field, a pane that F6 chose."""
    for child in _children(widget):
        if child.isHidden() or child.isWindow():
            continue
        takes_tab = child.focusPolicy() & Qt.FocusPolicy.TabFocus == Qt.FocusPolicy.TabFocus and child.isEnabled()
        stops = takes_tab and child.focusProxy() is None and child.isVisible() and not _is_other_of_group(child)
        if stops or child is focused:
            yield child
        if not isinstance(child, _WHOLE) and child.isEnabled():
            yield from _stops(child, focused)


def _children(widget: QWidget) -> list[QWidget]:
    """First what the layout holds, in its order, then what was put over it by hand."""
    laid = list(_laid_out(widget.layout()))
    return laid + [each for each in widget.children() if isinstance(each, QWidget) and each not in laid]


def _laid_out(layout: QLayout | None) -> Iterator[QWidget]:
    for place in range(layout.count() if layout is not None else 0):
        item: Any = layout.itemAt(place)  # type: ignore[union-attr]
        if item.widget() is not None:
            yield item.widget()
        else:
            yield from _laid_out(item.layout())


def _is_other_of_group(widget: QWidget) -> bool:
    """Of radio buttons the chosen one is the stop; the arrows lead to the others."""
    if not isinstance(widget, QAbstractButton) or not widget.autoExclusive() or widget.isChecked():
        return False
    group, parent = widget.group(), widget.parentWidget()
    others = group.buttons() if group is not None else parent.findChildren(type(widget)) if parent is not None else []
    return any(each.isChecked() and each.autoExclusive() for each in others)


def _show(widget: QWidget) -> None:
    """Scrolls it into sight."""
    area = widget.parentWidget()
    while area is not None:
        if isinstance(area, QScrollArea):
            area.ensureWidgetVisible(widget)
        area = area.parentWidget()
