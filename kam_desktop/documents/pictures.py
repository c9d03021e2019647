"""Pictures for papers (PNG, JPEG) as the text that the type-setter takes: an SVG around their bytes."""

from __future__ import annotations

import base64
import struct
from typing import Final

from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.language import N_

MOST_PIXELS: Final = 4_000_000
"""Of both sides multiplied: a logo of 2,000 by 2,000. Unpacked a pixel takes four bytes, and more while it is set."""
_SIZES_IN: Final = frozenset((*range(0xC0, 0xD0),)) - {0xC4, 0xC8, 0xCC}


def as_svg(content: bytes, file: str) -> bytes:
    """The picture as an SVG of its size. Raises Refused `picture` for what is none, and for one that is too large."""
    if content[:8] == b"\x89PNG\r\n\x1a\n" and content[12:16] == b"IHDR" and len(content) > 24:
        kind, (width, height) = "png", struct.unpack(">II", content[16:24])
    elif content[:2] == b"\xff\xd8":
        kind, (width, height) = "jpeg", _jpeg_size(content)
    else:
        width = height = 0
        kind = ""
    if not 0 < width * height <= MOST_PIXELS:
        message = N_("{file} is no picture (PNG, JPEG) of at most 2000 × 2000 dots.")
        raise Refused(Problem("template", "picture", message, {"file": file}))
    data = base64.b64encode(content).decode("ascii")
    shown = f'<image width="{width}" height="{height}" xlink:href="data:image/{kind};base64,{data}"/>'
    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {names} width="{width}" height="{height}">{shown}</svg>'.encode()


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Width and height from the first frame's head; zeros where there is none."""
    place = 2
    while place + 9 < len(content) and content[place] == 0xFF:
        marker = content[place + 1]
        if marker in _SIZES_IN:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return int(width), int(height)
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return 0, 0
