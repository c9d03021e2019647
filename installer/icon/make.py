"""Draws the icons of the program and of its invitation files: SVG, PNG in all sizes, .ico and .icns.

    python installer/icon/make.py FOLDER

writes NAME.svg, NAME-SIZE.png, NAME.ico and NAME.icns for kam-desktop (the program) and kam-invitation (a .kamx file).
Needs PySide6 alone and no screen. The same drawing gives the same bytes every time.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SIZES = (16, 20, 24, 32, 40, 48, 64, 96, 128, 256, 512, 1024)
ICO = (16, 20, 24, 32, 40, 48, 64, 256)
ICNS = (
    (b"icp4", 16), (b"ic11", 32), (b"icp5", 32), (b"ic12", 64), (b"ic07", 128),
    (b"ic13", 256), (b"ic08", 256), (b"ic14", 512), (b"ic09", 512), (b"ic10", 1024),
)  # fmt: skip
_PNG_IN_ICO = 256  # smaller ones as bitmaps, which every reader of .ico files knows
_SMALL = 24
_EDGE = "#1F5FBF"  # `accent` of kam_desktop/ui/theme.py, light
_TOP = "#2A6FD6"
_PAPER, _PAPER_EDGE, _FOLD = "#FFFFFF", "#B9C6D8", "#DCE6F3"
# Lucide's "layers", 24 × 24, the mark that the window shows at its head (licence: resources/licences/Lucide-ISC.txt).
_LAYERS = (
    "M12.83 2.18a2 2 0 0 0-1.66 0L2.6 6.08a1 1 0 0 0 0 1.83l8.58 3.91a2 2 0 0 0 1.66 0l8.58-3.9a1 1 0 0 0 0-1.83z",
    "M2 12a1 1 0 0 0 .58.91l8.6 3.91a2 2 0 0 0 1.65 0l8.58-3.9A1 1 0 0 0 22 12",
    "M2 17a1 1 0 0 0 .58.91l8.6 3.91a2 2 0 0 0 1.65 0l8.58-3.9A1 1 0 0 0 22 17",
)


def _mark(x: float, y: float, width: float, stroke: float) -> str:
    top = f'<path fill="#FFFFFF" d="{_LAYERS[0]}"/>' + "".join(f'<path d="{each}"/>' for each in _LAYERS[1:])
    return (
        f'<g transform="translate({x:g} {y:g}) scale({width / 24:g})" fill="none" stroke="#FFFFFF" '
        f'stroke-width="{stroke:g}" stroke-linecap="round" stroke-linejoin="round">{top}</g>'
    )


def _tile(x: float, y: float, width: float, small: bool) -> str:
    """The blue tile with the mark on it; drawn heavier where it will be shown small."""
    inside = width * (0.70 if small else 0.60)
    gap = (width - inside) / 2
    return (
        '<defs><linearGradient id="tile" x1="0" y1="0" x2="0" y2="1">'
        f'<stop offset="0" stop-color="{_TOP}"/><stop offset="1" stop-color="{_EDGE}"/></linearGradient></defs>'
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{width:g}" rx="{width * 0.2:g}" fill="url(#tile)"/>'
        + _mark(x + gap, y + gap, inside, 2.4 if small else 1.7)
    )


def drawing(name: str, size: int = 256) -> str:
    """The SVG of kam-desktop or kam-invitation, 256 × 256, as it is drawn for `size` pixels."""
    small = size <= _SMALL
    if name == "kam-desktop":
        body = _tile(0, 0, 256, True) if small else _tile(10, 10, 236, False)
    else:
        edge = 12 if small else 6
        body = (
            f'<path d="M48 8h112l56 56v176a8 8 0 0 1-8 8H48a8 8 0 0 1-8-8V16a8 8 0 0 1 8-8z" fill="{_PAPER}" '
            f'stroke="{_PAPER_EDGE}" stroke-width="{edge}"/><path d="M160 8v48a8 8 0 0 0 8 8h48z" fill="{_FOLD}" '
            f'stroke="{_PAPER_EDGE}" stroke-width="{edge}" stroke-linejoin="round"/>'
            + (_tile(64, 92, 128, True) if small else _tile(72, 100, 112, False))
        )
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256" viewBox="0 0 256 256">{body}</svg>\n'


def picture(name: str, size: int) -> QImage:
    """The drawing in `size` × `size` pixels on nothing."""
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(drawing(name, size).encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return image.convertToFormat(QImage.Format.Format_ARGB32)


def png(image: QImage) -> bytes:
    """The picture as a PNG file."""
    kept = QBuffer()
    kept.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(kept, "PNG")  # type: ignore[call-overload]
    return bytes(kept.data().data())


def _bitmap(image: QImage) -> bytes:
    """A picture as it stands in an .ico: 32 bits a pixel from the bottom up, then an empty mask."""
    size, line = image.width(), image.bytesPerLine()
    raw = bytes(image.constBits())
    rows = b"".join(raw[each * line : each * line + size * 4] for each in reversed(range(size)))
    head = struct.pack("<IiiHHIIiiII", 40, size, size * 2, 1, 32, 0, len(rows), 0, 0, 0, 0)
    return head + rows + bytes((size + 31) // 32 * 4 * size)


def ico(pictures: dict[int, QImage]) -> bytes:
    """A Windows icon of the sizes of ICO."""
    bodies = [png(pictures[each]) if each >= _PNG_IN_ICO else _bitmap(pictures[each]) for each in ICO]
    place = 6 + 16 * len(ICO)
    head = struct.pack("<HHH", 0, 1, len(ICO))
    for size, body in zip(ICO, bodies, strict=True):
        head += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(body), place)
        place += len(body)
    return head + b"".join(bodies)


def icns(pictures: dict[int, QImage]) -> bytes:
    """A macOS icon of the sizes of ICNS."""
    parts = b"".join(
        kind + struct.pack(">I", len(body) + 8) + body for kind, size in ICNS for body in (png(pictures[size]),)
    )
    return b"icns" + struct.pack(">I", len(parts) + 8) + parts


def main(folder: Path) -> None:
    """Writes everything into `folder`, which is made."""
    application = QGuiApplication.instance() or QGuiApplication(["make.py"])
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("kam-desktop", "kam-invitation"):
        pictures = {size: picture(name, size) for size in SIZES}
        (folder / f"{name}.svg").write_text(drawing(name), "utf-8")
        for size, image in pictures.items():
            (folder / f"{name}-{size}.png").write_bytes(png(image))
        (folder / f"{name}.ico").write_bytes(ico(pictures))
        (folder / f"{name}.icns").write_bytes(icns(pictures))
    del application


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
