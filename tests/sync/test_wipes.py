"""A revoked laptop killed on its way out, and wrong answers that erase nothing; short."""

from __future__ import annotations

from pathlib import Path

import pytest

from kam_desktop.store import wiping
from tests.sync import wipes


def test_killed_at_some_points_nothing_is_left_and_nothing_lost(tmp_path: Path) -> None:
    with wipes.points():
        template = tmp_path / "template"
        template.mkdir()
        wipes.built(template)
        assert wipes.sweep(4, tmp_path, template)["wrong"] == {}
        assert wipes.refused(tmp_path, template, ("401", "403 revoked", "wrong code"))["erased"] == []


def test_an_order_that_does_not_fit_itself_erases_nothing(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("x")
    for text in ("", "{}", "[]", '{"code": "a", "lock": "b", "entries": []}', '{"code": 1, "lock": 2, "entries": []}'):
        (tmp_path / wiping.ORDER).write_text(text)
        assert not wiping.is_ordered(tmp_path) and not wiping.carry_out(tmp_path, None)
        assert (tmp_path / "keys.json").read_text() == "x"
    with pytest.raises(ValueError):
        wiping.order(tmp_path, "code", wiping.ORDER)
    assert not wiping.fits("", "")
