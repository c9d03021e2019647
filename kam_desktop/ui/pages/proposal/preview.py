"""The client's page beside the editor: the quotation as pictures of its pages, by language and size."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from kam_desktop import formats
from kam_desktop.language import tr
from kam_desktop.ui import theme
from kam_desktop.ui.kit.buttons import IconButton, Segmented
from kam_desktop.ui.kit.frames import Panel
from kam_desktop.ui.kit.labels import PlainLabel, caption

SIZES = (0, 75, 100, 150)
"""Per cent of the paper's own size; 0 fits it to the width of the pane."""
_PPI, _SCREEN = 110, 96  # pixels an inch of the pictures, and of a page at 100 %
_UNPACKED = 4  # pictures kept unpacked: 5 MB each, and an offer of 500 lines has two dozen pages


class _Pages(QWidget):
    """White pages one under the other, in both themes."""

    def __init__(self) -> None:
        super().__init__()
        self.images: list[QImage] = []
        self._packed: Sequence[bytes] = ()
        self._size = 0
        self._scaled: dict[tuple[int, int], QImage] = {}  # by page and width on the device: drawn once, not each time
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def show_images(self, images: Sequence[QImage], packed: Sequence[bytes], size: int) -> None:
        """Other pages, or another size; a picture that is null is unpacked from its PNG when it is seen."""
        self.images, self._packed, self._size = list(images), packed, size
        self._scaled.clear()
        self.refit()

    def resize_pages(self, size: int) -> None:
        """The same pages at another size."""
        self.show_images(self.images, self._packed, size)

    def refit(self) -> None:
        """Takes the room that the pages need in the pane."""
        places = self.places()
        bottom = places[-1].bottom() + theme.px(16) if places else 0
        self.setMinimumSize(QSize(places[0].width() + 2 * theme.px(16) if places and self._size else 0, bottom))
        self.update()

    def places(self) -> list[QRect]:
        """Where each page stands; one whose picture is still to come is as large as the others."""
        edge, found, top = theme.px(16), [], theme.px(16)
        known = next((image for image in self.images if not image.isNull()), None)
        for each in self.images if known is not None else ():
            image = known if known is not None and each.isNull() else each
            wide = self._room() if not self._size else image.width() * _SCREEN * self._size // (_PPI * 100)
            place = QRect(max(edge, (self.width() - wide) // 2), top, wide, wide * image.height() // image.width())
            found.append(place)
            top = place.bottom() + theme.px(16)
        return found

    def _room(self) -> int:
        port = self.parentWidget()
        return max(80, (port.width() if port else self.width()) - 2 * theme.px(16))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(event.rect(), theme.color("subtle"))
        for at, place in enumerate(self.places()):
            if place.intersects(event.rect()):
                painter.fillRect(place.adjusted(-1, -1, 1, 1), theme.color("border"))
                painter.drawImage(place, self._drawn(at, place.width()))

    def _drawn(self, at: int, wide: int) -> QImage:
        """A page at the width that it has on the screen; letters scaled down while painting would be ragged."""
        width = round(wide * self.devicePixelRatioF())
        found = self._scaled.get((at, width))
        if found is None:
            found = self._unpacked(at).scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
            self._scaled[at, width] = found
        return found

    def _unpacked(self, at: int) -> QImage:
        """The picture of a page; those furthest from it are packed again."""
        if self.images[at].isNull() and at < len(self._packed):
            self.images[at] = QImage.fromData(self._packed[at])
            whole = [n for n, image in enumerate(self.images) if not image.isNull()]
            for far in sorted(whole, key=lambda n: -abs(n - at))[: max(0, len(whole) - _UNPACKED)]:
                if far < len(self._packed):
                    self.images[far] = QImage()
        return self.images[at]


class Preview(QWidget):
    """The pane at the right of the editor.

    Signals:
        language_chosen(str): "vi", "en" or "vi+en".
        shown: it came on the screen, and what it shows may be old.
    """

    language_chosen = Signal(str)
    shown = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._pages, self._at = _Pages(), 0
        words = [("vi", tr("Vietnamese")), ("en", tr("English")), ("vi+en", tr("Both"))]
        self.languages = Segmented(words, "vi", name=tr("Language"))
        self.languages.changed.connect(self.language_chosen)
        smaller, larger = IconButton("minus", tr("Smaller")), IconButton("plus", tr("Larger"))
        smaller.clicked.connect(lambda: self._resize(-1))
        larger.clicked.connect(lambda: self._resize(1))
        self._area = QScrollArea()
        self._area.setWidget(self._pages)
        self._area.setWidgetResizable(True)
        self._area.setFocusProxy(self._pages)
        self._area.verticalScrollBar().valueChanged.connect(lambda _at: self._tell())
        self._said = PlainLabel(tone="text2", wrap=True)
        self._said.hide()
        self._none = caption(tr("No internal columns"), "text2")
        self._where = caption("", "text2")
        self._refit = QTimer(self, singleShot=True, interval=0)
        self._refit.timeout.connect(self._on_refit)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(Panel(row=True, margins=(12, 4, 12, 8)).add(self.languages, None, smaller, larger))
        box.addWidget(Panel(margins=(16, 0, 16, 0)).add(self._said))
        box.addWidget(self._area, 1)
        foot = Panel(row=True, lines="top", margins=(16, 1, 16, 0), height=36, gap=8)
        box.addWidget(foot.add(self._none, None, self._where))
        self._pages.setAccessibleName(tr("Client's page"))

    def show_images(self, images: Sequence[QImage], packed: Sequence[bytes] = ()) -> None:
        """The pages as they are now; they stay where they were scrolled to."""
        self._say("")
        self._pages.show_images(images, packed, SIZES[self._at])
        self._tell()

    def show_failure(self, words: str) -> None:
        """Why there is no page."""
        self._pages.show_images((), (), 0)
        self._say(words)
        self._tell()

    def _say(self, words: str) -> None:
        self._said.setText(words)
        self._said.setVisible(bool(words))

    def _resize(self, step: int) -> None:
        self._at = max(0, min(len(SIZES) - 1, self._at + step))
        self._pages.resize_pages(SIZES[self._at])
        self._tell()

    def page(self) -> int:
        """The number of the page that is looked at, 1 while there is none."""
        places = self._pages.places()
        top = self._area.verticalScrollBar().value() + self._area.viewport().height() // 3
        return next((n for n, place in enumerate(places, 1) if place.bottom() >= top), max(1, len(places)))

    def _tell(self) -> None:
        """Which page is looked at, and how large."""
        places, page = self._pages.places(), self.page()
        size = tr("fits") if not SIZES[self._at] else formats.percent(SIZES[self._at], 0)
        words = tr("Page {page}/{pages} · {size}", page=page, pages=len(places), size=size) if places else ""
        self._where.setText(words)
        self._pages.setAccessibleDescription(words)

    def _on_refit(self) -> None:
        self._pages.refit()
        self._tell()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._refit.start()

    def setVisible(self, visible: bool) -> None:
        super().setVisible(visible)
        if visible:
            self.shown.emit()
