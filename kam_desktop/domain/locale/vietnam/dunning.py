"""The reminder steps that a firm starts from, in both languages; it changes them as it likes."""

from __future__ import annotations

from kam_desktop.domain.entities.firm import DunningStep
from kam_desktop.domain.ids import derived

_SEEDS = (
    (-3, "message", "Nhắn trước hạn", "Message before the due date"),
    (1, "message", "Nhắn quá hạn", "Message after the due date"),
    (10, "call", "Gọi điện", "Call"),
    (30, "letter", "Công văn lần 1", "First letter"),
    (60, "letter", "Công văn lần 2, gặp trực tiếp", "Second letter, meeting"),
)


def steps() -> tuple[DunningStep, ...]:
    """The steps in their places, under ids of their places: the same on every laptop."""
    return tuple(
        DunningStep(
            id=derived("dunning_step", str(place)),
            place=place,
            name=name,
            name_en=english,
            days_after_due=days,
            channel=channel,
        )
        for place, (days, channel, name, english) in enumerate(_SEEDS, 1)
    )
