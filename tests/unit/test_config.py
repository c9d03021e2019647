"""Where resources and profiles lie."""

from __future__ import annotations

from pathlib import Path

import pytest

from kam_desktop import config


def test_resources_of_the_source_tree_or_the_wheel() -> None:
    assert (config.resources() / "icons").is_dir()


def test_resources_inside_the_package_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "kam_desktop"
    (package / "resources").mkdir(parents=True)
    monkeypatch.setattr(config, "__file__", str(package / "config.py"))
    assert config.resources.__wrapped__() == package / "resources"


def test_the_profile_is_this_users_and_is_not_made_by_asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    folder = config.profile_dir()
    assert tmp_path in folder.parents
    assert not folder.exists()
    assert config.log_dir(folder).parent == folder
