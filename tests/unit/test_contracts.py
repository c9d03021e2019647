"""The import contracts hold, and each is seen to catch a violation planted in a copy of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]

# (contract, file that is added, what it imports)
PLANTED = [
    ("floors", "store/planted.py", "import kam_desktop.services.records"),
    ("floors", "domain/planted.py", "import kam_desktop.config"),
    ("floors", "services/planted.py", "import kam_desktop.app"),
    ("floors", "cli/planted.py", "import kam_desktop.ui"),
    ("floors", "transfer/planted.py", "import kam_desktop.sync"),
    ("floors", "protocol/planted.py", "import kam_desktop.formats"),
    ("floors", "planted.py", ""),  # a room that stands on no floor
    ("circles", "store/planted/one.py", "import kam_desktop.store.planted.two"),
    ("screen", "ui/pages/planted/controller.py", "import kam_desktop.store.database"),
    ("screen", "ui/kit/planted.py", "import kam_desktop.vault"),
    ("no-verbs", "sync/planted.py", "import kam_desktop.services.records"),
    ("no-verbs", "server/planted.py", "import kam_desktop.transfer"),
    ("passive-view", "ui/pages/planted/page.py", "import kam_desktop.services.records"),
    ("passive-view", "ui/kit/planted.py", "import kam_desktop.ui.background"),
    ("pages", "ui/pages/planted/page.py", "import kam_desktop.ui.pages.planted_too"),
    ("entities", "domain/entities/planted.py", "import kam_desktop.domain.entities.account"),
    ("verbs", "services/planted.py", "import kam_desktop.services.planted_too"),
    ("server-tables", "server/planted.py", "import kam_desktop.store.database"),
    ("domain", "domain/planted.py", "import babel"),
    ("qt", "services/planted.py", "from PySide6.QtCore import QObject"),
    ("qt", "language.py", "import PySide6"),
    ("sqlalchemy", "services/planted.py", "import sqlalchemy"),
    ("network-secrets", "services/planted.py", "import keyring"),
    ("network-secrets", "sync/planted.py", "import requests"),
    ("fastapi", "services/planted.py", "import fastapi"),
]

# What the contracts let through, so that they are not kept by forbidding everything.
ALLOWED = [
    ("passive-view", "ui/pages/planted/controller.py", "import kam_desktop.services.records"),
    ("passive-view", "ui/pages/planted/questions.py", "import kam_desktop.services.records"),
    ("verbs", "services/planted.py", "import kam_desktop.services.records"),
    ("verbs", "services/flows.py", "import kam_desktop.services.planted_too"),
    ("server-tables", "server/planted.py", "import kam_desktop.store.tables"),
    ("network-secrets", "vault.py", "import keyring"),
    ("sqlalchemy", "store/planted.py", "import sqlalchemy"),
]

COMPANIONS = {
    "store/planted/two.py": "import kam_desktop.store.planted.one",
    "ui/pages/planted_too/__init__.py": "",
    "services/planted_too.py": "",
}


def lint(tree: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter over the copy in `tree` and hand back what it said."""
    chosen = [word for name in contracts for word in ("--contract", name)]
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo", *chosen],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=240,
    )


def plant(tree: Path, file: str, line: str) -> None:
    """Add `line` to `file` of the copied package, with the packages around it and what it imports."""
    for name, text in {**COMPANIONS, file: line}.items():
        path = tree / "kam_desktop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not (path.parent / "__init__.py").exists():
            (path.parent / "__init__.py").touch()
        with path.open("a", encoding="utf-8") as stream:
            stream.write(f"\n{text}\n")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the package and its contracts that a test may spoil."""
    shutil.copytree(ROOT / "kam_desktop", tmp_path / "kam_desktop", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_tree_keeps_every_contract(tree: Path) -> None:
    done = lint(tree)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in done.stdout


@pytest.mark.parametrize(("contract", "file", "line"), PLANTED)
def test_a_planted_violation_is_caught(tree: Path, contract: str, file: str, line: str) -> None:
    plant(tree, file, line)
    done = lint(tree, contract)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "0 kept, 1 broken." in done.stdout, done.stdout + done.stderr
    assert "planted" in done.stdout or Path(file).stem in done.stdout


@pytest.mark.parametrize(("contract", "file", "line"), ALLOWED)
def test_what_is_allowed_is_let_through(tree: Path, contract: str, file: str, line: str) -> None:
    plant(tree, file, line)
    done = lint(tree, contract)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_contract_has_a_planted_violation() -> None:
    assert {contract["id"] for contract in CONTRACTS} == {contract for contract, _, _ in PLANTED}
    assert all("(" not in layer for layer in CONTRACTS[0]["layers"]), "no floor is optional"
    assert CONTRACTS[0]["exhaustive"] is True
