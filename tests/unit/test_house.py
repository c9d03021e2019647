"""The rules of the house hold, in the product and in its tests; each is seen to catch a violation."""

from __future__ import annotations

import itertools
import re
import stat
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from installer.house_map import MAP, house_map
from tests.house_rules import (
    PRODUCT_RULES,
    TEST_RULES,
    Module,
    faults,
    kinds_of_field,
    over_budget,
    read_tree,
)

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = read_tree(ROOT / "kam_desktop")
TESTS = read_tree(ROOT / "tests")


@pytest.mark.parametrize("rule", PRODUCT_RULES, ids=lambda rule: rule.__name__)
def test_the_product_keeps_the_rule(rule: object) -> None:
    found = faults(PRODUCT, (rule,))  # type: ignore[arg-type]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("rule", TEST_RULES, ids=lambda rule: rule.__name__)
def test_the_tests_keep_the_rule(rule: object) -> None:
    found = faults(TESTS, (rule,))  # type: ignore[arg-type]
    assert not found, "\n" + "\n".join(found)


def test_the_budgets_are_kept() -> None:
    assert not over_budget(PRODUCT)
    assert kinds_of_field(PRODUCT), "domain/fields.py has its kinds in `Kind`"


def test_the_top_level_is_what_it_should_be() -> None:
    allowed = {"kam_desktop", "resources", "tests", "pyproject.toml", "README.md", "installer"}
    made = {"build", "dist"}  # by the build, never in the repository
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - made
    assert found == allowed


def test_the_lock_is_hashed_and_names_no_address() -> None:
    lock = (ROOT / "installer" / "requirements.lock").read_text("utf-8")
    assert "://" not in lock and "index-url" not in lock and "find-links" not in lock
    packages = re.findall(r"^[a-z0-9][^ ]*==.*$", lock, re.MULTILINE)
    assert len(packages) > 40
    assert all(line.endswith("\\") for line in packages), "a package without a hash"


def test_the_lock_has_what_the_project_asks_for() -> None:
    lock = (ROOT / "installer" / "requirements.lock").read_text("utf-8")
    locked = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for line in itertools.chain(project["dependencies"], *project["optional-dependencies"].values()):
        asked = Requirement(line)
        assert asked.name in locked, f"{line}: not in the lock"
        assert locked[asked.name] in asked.specifier, f"{line}: the lock has {locked[asked.name]}"


def test_the_house_map_is_up_to_date() -> None:
    assert MAP.read_text("utf-8") == house_map(), "run python installer/house_map.py"


@pytest.mark.parametrize("script", ["installer/dev.sh", ".ci/run"])
def test_the_scripts_can_be_run(script: str) -> None:
    path = ROOT / script
    assert path.stat().st_mode & stat.S_IXUSR
    assert path.read_text("utf-8").startswith("#!/usr/bin/env bash\n")


# ---- every rule is seen to fail: (rule, path, source)

DOC = '"""What it is for."""\n'
PLANTED = [
    ("threads_and_processes", "services/account.py", DOC + "import subprocess\n"),
    ("threads_and_processes", "services/account.py", DOC + "from concurrent.futures import ThreadPoolExecutor\n"),
    ("threads_and_processes", "ui/window.py", DOC + "import threading as t\nt.Thread(target=print).start()\n"),
    ("threads_and_processes", "ui/window.py", DOC + "from PySide6.QtCore import QThread\n"),
    ("threads_and_processes", "ui/window.py", DOC + "from PySide6 import QtCore\nQtCore.QThreadPool()\n"),
    ("threads_and_processes", "store/backup.py", DOC + "import os\nos.fork()\n"),
    ("threads_and_processes", "store/backup.py", DOC + "from os import system\n"),
    ("wall_clock", "services/account.py", DOC + "import time\ntime.time()\n"),
    ("wall_clock", "services/account.py", DOC + "from time import time as now\n"),
    ("wall_clock", "services/account.py", DOC + "from datetime import datetime as dt\ndt.now()\n"),
    ("wall_clock", "services/account.py", DOC + "import datetime\ndatetime.datetime.utcnow()\n"),
    ("wall_clock", "services/account.py", DOC + "from datetime import date\ndate.today()\n"),
    ("wall_clock", "ui/window.py", DOC + "from PySide6.QtCore import QDate\nQDate.currentDate()\n"),
    ("wall_clock", "store/tables.py", DOC + "import sqlalchemy as sa\nsa.func.now()\n"),
    ("wall_clock", "store/tables.py", DOC + "SQL = \"select datetime('now')\"\n"),
    ("module_names", "services/utils.py", DOC),
    ("module_names", "services/date_helpers.py", DOC),
    ("module_names", "common/money.py", DOC),
    ("class_names", "services/account.py", DOC + 'class AccountManager:\n    """X."""\n'),
    ("class_names", "services/account.py", DOC + 'class AbstractAccount:\n    """X."""\n'),
    ("length", "services/account.py", DOC + "x = 1\n" * 400),
    ("first_line", "services/account.py", "x = 1\n"),
    ("first_line", "services/account.py", f'"""{"a" * 100}."""\n'),
    ("first_line", "services/account.py", '"""Accounts and also contacts."""\n'),
    ("first_line", "services/account.py", '"""Accounts"""\n'),
    ("public_docstrings", "services/account.py", DOC + "def archive():\n    pass\n"),
    ("public_docstrings", "services/account.py", DOC + "class Archive:\n    pass\n"),
    ("broad_except", "services/account.py", DOC + "try:\n    pass\nexcept Exception:\n    pass\n"),
    ("broad_except", "services/account.py", DOC + "try:\n    x()\nexcept (OSError, BaseException):\n    x()\n"),
    ("broad_except", "services/account.py", DOC + "try:\n    pass\nexcept:\n    pass\n"),
    ("broad_except", "cli/main.py", DOC + "from contextlib import suppress\nwith suppress(Exception):\n    pass\n"),
    ("entity_imports", "domain/entities/task.py", DOC + "from kam_desktop.domain.clock import Clock\n"),
    ("entity_imports", "domain/entities/task.py", DOC + "from kam_desktop.domain import money\n"),
    ("entity_imports", "domain/entities/task.py", DOC + "from .account import Account\n"),
    ("date_names", "domain/entities/task.py", DOC + "class Task:\n    due: date | None = day('Due')\n"),
    ("date_names", "domain/entities/task.py", DOC + "class Task:\n    done_on: datetime = moment('Done')\n"),
    ("plain_text_only", "ui/pages/account/page.py", DOC + "label = QLabel(account.name)\n"),
    ("plain_text_only", "ui/pages/account/page.py", DOC + "label = QLabel()\n"),
    ("plain_text_only", "ui/pages/account/page.py", DOC + "label = QtWidgets.QLabel(tr('Of {name}', name=name))\n"),
    ("plain_text_only", "ui/pages/account/page.py", DOC + "cell.setToolTip(f'{name}')\n"),
    ("plain_text_only", "ui/window.py", DOC + "from PySide6.QtWidgets import QMessageBox\n"),
    ("plain_text_only", "ui/window.py", DOC + "role = Qt.ItemDataRole.ToolTipRole\n"),
    ("plain_text_only", "ui/kit/labels.py", DOC + "label = QLabel(text)\n"),
    ("no_nested_loop", "ui/window.py", DOC + "app.processEvents()\n"),
    ("no_nested_loop", "ui/pages/account/page.py", DOC + "menu.exec(point)\n"),
    ("no_nested_loop", "ui/background.py", DOC + "loop = QEventLoop()\n"),
    ("no_sleep_on_screen", "ui/window.py", DOC + "from time import sleep\n"),
    ("tests_wait_for_conditions", "unit/test_x.py", DOC + "import time\ntime.sleep(1)\n"),
    ("tests_wait_for_conditions", "ui/test_x.py", DOC + "qtbot.wait(100)\n"),
    ("tests_are_not_skipped", "unit/test_x.py", DOC + "import pytest\npytest.skip('later')\n"),
    ("tests_are_not_skipped", "unit/test_x.py", DOC + "import pytest\npytestmark = pytest.mark.skipif(True)\n"),
]

ALLOWED = [
    ("ui/background.py", DOC + "from PySide6.QtCore import QThread\ntry:\n    pass\nexcept Exception:\n    pass\n"),
    ("confined.py", DOC + "import subprocess\n"),
    ("server/main.py", DOC + "import asyncio\n"),
    ("store/database.py", DOC + "import threading\nlock = threading.Lock()\n"),
    ("domain/clock.py", DOC + "from datetime import date\ndate.today()\n"),
    ("services/account.py", DOC + "import time\nbegan = time.monotonic()\n"),
    ("services/account.py", DOC + "from datetime import datetime\nmoment = clock.now()\ndatetime(2026, 1, 1)\n"),
    ("store/unit_of_work.py", DOC + "try:\n    pass\nexcept BaseException:\n    undo()\n    raise\n"),
    ("domain/entities/task.py", DOC + "from datetime import date\nfrom kam_desktop.domain.fields import day\n"),
    ("ui/pages/account/page.py", DOC + "label = QLabel(tr('Accounts'))\nlabel.setToolTip('Close')\n"),
    ("ui/pages/account/page.py", DOC + "label = QLabel(trn('{n} row', '{n} rows', count))\n"),
    ("ui/kit/dialogs.py", DOC + "dialog.exec()\n"),
    ("app.py", DOC + "app.exec()\n"),
]


@pytest.mark.parametrize(("rule", "path", "source"), PLANTED)
def test_a_planted_violation_is_caught(rule: str, path: str, source: str) -> None:
    found = faults([Module(path, source)], (*PRODUCT_RULES, *TEST_RULES))
    assert any(fault.endswith(f"({rule})") for fault in found), found


@pytest.mark.parametrize(("path", "source"), ALLOWED)
def test_what_is_allowed_is_let_through(path: str, source: str) -> None:
    assert faults([Module(path, source)], PRODUCT_RULES) == []


def test_every_rule_has_a_planted_violation() -> None:
    assert {rule.__name__ for rule in (*PRODUCT_RULES, *TEST_RULES)} == {name for name, _, _ in PLANTED}


@pytest.mark.parametrize(
    "modules",
    [
        [Module("domain/fields.py", "x\n" * 400), Module("domain/entity.py", "x\n" * 201)],
        [Module(f"ui/kit/{number}.py", "x\n" * 313) for number in range(8)],
        [Module("services/records.py", "x\n" * 401)],
        [Module("domain/fields.py", "class Kind:\n" + "".join(f"    K{n} = {n}\n" for n in range(15)))],
    ],
    ids=["fields and entity", "kit", "records", "kinds"],
)
def test_a_broken_budget_is_caught(modules: list[Module]) -> None:
    assert len(over_budget(modules)) == 1
