"""Invitations (.kamx), links (kam://), arguments, presets: only what they are for gets in."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from kam_desktop import config
from kam_desktop.domain import invitation
from kam_desktop.domain.entities import BY_NAME
from kam_desktop.domain.errors import Refused, TooOld
from kam_desktop.domain.invitation import Invitation, Link
from kam_desktop.services import beginning

WORKSPACE = "018f0000-0000-7000-8000-000000000001"
GOOD = {"format": "kam-invitation", "version": 1, "server": "https://kam.moclam.vn", "workspace": WORKSPACE}
RECORD = "018f0000-0000-7000-8000-00000000000a"


def file(**values: object) -> bytes:
    return json.dumps(GOOD | values, ensure_ascii=False).encode()


def test_what_is_written_is_read_again() -> None:
    told = Invitation("https://kam.moclam.vn:8443/kam", WORKSPACE, "Công ty CP Mộc Lam & <b>Con</b>", "vy", "Bắc")
    assert invitation.read(invitation.written(told)) == told
    assert b"password" not in invitation.written(told)
    assert invitation.read(b"\xef\xbb\xbf" + file(more={"later": [1]}, name="Mộc Lam")).name == "Mộc Lam"
    assert invitation.read(file(server="HTTPS://KAM.Moclam.VN/")).server == "https://kam.moclam.vn"


def test_plain_http_is_for_this_very_machine_alone() -> None:
    assert invitation.is_plain(invitation.read(file(server="http://127.0.0.1:8787")).server)
    assert not invitation.is_plain(invitation.read(file()).server)
    with pytest.raises(Refused, match="not encrypted"):
        invitation.read(file(server="http://kam.moclam.vn"))


def test_a_newer_invitation_says_that_it_is_newer() -> None:
    with pytest.raises(TooOld, match="newer version"):
        invitation.read(file(version=2, server="whatever a later version writes"))


HOSTILE_FILES = {
    "nothing": b"",
    "huge": b" " * 16_385 + file(),
    "binary": bytes(range(256)) * 8,
    "program": b"MZ\x90\x00\x03" + file(),
    "zip": b"PK\x03\x04" + file(),
    "html": b"<html><script>location='https://evil.example'</script></html>",
    "xml": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
    "utf-16": file().decode().encode("utf-16"),
    "not utf-8": file(name="x").replace(b'"x"', b'"\xff\xfe"'),
    "deep": b"[" * 16_000,
    "list": b"[1]",
    "text": b'"kam-invitation"',
    "number": b"1e999",
    "not a number": file(name=1).replace(b'"name": 1', b'"name": NaN'),
    "other format": file(format="ssh"),
    "no format": json.dumps({key: value for key, value in GOOD.items() if key != "format"}).encode(),
    "version as text": file(version="1"),
    "version true": file(version=True),
    "version 0": file(version=0),
    "twice": file()[:-1] + b', "server": "https://evil.example"}',
    "two documents": file() + file(),
    "server as list": file(server=["https://kam.moclam.vn"]),
    "no server": file(server=""),
    "no workspace": file(workspace=""),
    "other workspace": file(workspace="../../etc"),
    "workspace in capitals": file(workspace=WORKSPACE.upper().replace("0", "A")),
    "javascript": file(server="javascript:alert(1)"),
    "file": file(server="file:///etc/passwd"),
    "unc": file(server="\\\\evil\\share"),
    "slashes": file(server="//evil.example/x"),
    "no scheme": file(server="kam.moclam.vn"),
    "data": file(server="data:text/html,x"),
    "name in it": file(server="https://kam.moclam.vn@evil.example"),
    "password in it": file(server="https://a:b@kam.moclam.vn"),
    "query": file(server="https://kam.moclam.vn/?x=1"),
    "empty query": file(server="https://kam.moclam.vn/?"),
    "fragment": file(server="https://kam.moclam.vn/#x"),
    "percent": file(server="https://kam.moclam.vn/%2e%2e/x"),
    "backslash": file(server="https://kam.moclam.vn\\@evil.example"),
    "newline": file(server="https://kam.moclam.vn\r\nHost: evil.example"),
    "blank": file(server="https://kam.moclam.vn /x"),
    "tab in front": file(server="\thttps://kam.moclam.vn"),
    "letters that look alike": file(server="https://kаm.moclam.vn"),
    "port 0": file(server="https://kam.moclam.vn:0"),
    "port too large": file(server="https://kam.moclam.vn:99999"),
    "long": file(server="https://" + "a" * 300 + ".vn"),
    "name turned around": file(name="Mộc Lam \u202emal.cod"),
    "name with a line": file(name="Mộc Lam\nServer: ok"),
    "name with a zero": file(name="a\0b"),
    "user as a number": file(user=7),
    "name too long": file(name="x" * 201),
}


@pytest.mark.parametrize("kind", HOSTILE_FILES)
def test_a_hostile_file_is_no_invitation(kind: str) -> None:
    with pytest.raises(Refused) as refused:
        invitation.read(HOSTILE_FILES[kind])
    words = str(refused.value.problems[0].args)
    assert "\u202e" not in words and "\n" not in words and "\0" not in words


HOSTILE_LINKS = (
    "", "kam:", "kam://", "kam://open", "kam://open/account", "kam://open/account/", f"kam://open/account/{RECORD}/",
    f"kam://open//{RECORD}", f"kam://open/nothing/{RECORD}", f"kam://delete/account/{RECORD}",
    f"kam://open/account/{RECORD}?run=1", f"kam://open/account/{RECORD}#x", f"kam://open/account/{RECORD} --profile x",
    f'kam://open/account/{RECORD}" --profile "\\\\evil\\share', f"kam://open/account/{RECORD}\n", f" kam://open/account/{RECORD}",
    f"kam://open/account/{RECORD}\0", f"kam://open/account/%2e%2e{RECORD}", f"kam://open/%61ccount/{RECORD}",
    "kam://open/account/../../etc/passwd", f"kam://user:pass@open/account/{RECORD}", f"kam://open:80/account/{RECORD}",
    f"kam:open/account/{RECORD}", f"kam:///open/account/{RECORD}", f"kam://open\\account\\{RECORD}",
    f"http://open/account/{RECORD}", f"file:///open/account/{RECORD}", "javascript:alert(1)", "--profile=/x", "-h",
    f"kam://open/account/{RECORD}{'0' * 300}", f"kam://open/account;drop table/{RECORD}",
    "kam://open/account/" + "-" * 36,
    f"kam://open/__class__/{RECORD}", "kam://open/account/' or 1=1 --", "kam://open/account/{0.__class__}",
    "kam://open/account/０１８ｆ0000-0000-7000-8000-00000000000a",
    f"kam://open/acc\u202eount/{RECORD}", f"KAMX://open/account/{RECORD}", f"kam://open/account/{RECORD},{RECORD}",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE_LINKS)
def test_a_hostile_link_leads_nowhere(text: str) -> None:
    with pytest.raises(Refused, match="leads nowhere"):
        invitation.read_link(text)


def test_a_link_leads_to_a_record_of_every_entity_and_to_nothing_else() -> None:
    for name in BY_NAME:
        assert invitation.read_link(invitation.link_to(name, RECORD)) == Link(name, RECORD)
    assert invitation.read_link(f"KAM://OPEN/Account/{RECORD.upper()}") == Link("account", RECORD)


VALUED = ("--profile", "--lang")


@pytest.mark.parametrize(
    ("given", "options", "targets"),
    [
        ([], [], []),
        (["x.kamx"], [], ["x.kamx"]),
        (["--profile", "p", "--lang=en", "C:\\a b\\X.KAMX"], ["--profile", "p", "--lang=en"], ["C:\\a b\\X.KAMX"]),
        (["kam://open/a/b", "--profile", "\\\\evil\\x"], [], ["kam://open/a/b", "--profile", "\\\\evil\\x"]),
        (["kam:--profile=x", "-h"], [], ["kam:--profile=x", "-h"]),
        (["KAM://open", "init", "--demo", "large"], [], ["KAM://open", "init", "--demo", "large"]),
        (["find", "x.kamx"], ["find", "x.kamx"], []),
        (["backup", "old.kamx"], ["backup", "old.kamx"], []),
        (["--profile=evil.kamx"], ["--profile=evil.kamx"], []),
        (["--demo", "x.kamx"], ["--demo", "x.kamx"], []),
    ],
)
def test_what_follows_a_target_is_never_an_option(given: list[str], options: list[str], targets: list[str]) -> None:
    assert invitation.split_arguments(given, VALUED) == (options, targets)


def test_a_preset_is_read_from_the_file_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preset = tmp_path / "preset.json"
    monkeypatch.setenv("KAM_PRESET", str(preset))
    assert config.preset() == {}
    preset.write_text('{"server": " https://kam.moclam.vn ", "workspace": 7, "identity_provider": "entra", "x": "y"}')
    assert config.preset() == {"server": "https://kam.moclam.vn", "identity_provider": "entra"}
    preset.write_text('["server"]')
    assert config.preset() == {}


def test_a_preset_lies_beside_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAM_PRESET", raising=False)
    monkeypatch.setattr(config.sys, "executable", str(tmp_path / "KAM Desktop.exe"))
    (tmp_path / "preset.json").write_text('{"server": "https://kam.moclam.vn"}')
    assert config.preset() == {"server": "https://kam.moclam.vn"}


@pytest.mark.expects_log
def test_a_preset_that_cannot_be_read_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    preset = tmp_path / "preset.json"
    monkeypatch.setenv("KAM_PRESET", str(preset))
    for data in (b"{", b"\xff", b"[" * 10_000):
        preset.write_bytes(data)
        assert config.preset() == {}


def test_what_the_first_run_was_told_is_kept_until_there_is_a_profile(tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    assert beginning.kept(folder) == {}
    beginning.keep(folder, {"way": "files", "company": "Mộc Lam"})
    assert beginning.kept(folder) == {"way": "files", "company": "Mộc Lam"}
    assert os.name != "posix" or (folder / beginning.FILE).stat().st_mode & 0o077 == 0
    beginning.forget(folder)
    (folder / "keys.json").touch()
    beginning.keep(folder, {"way": "files"})
    assert beginning.kept(folder) == {}
    (folder / beginning.FILE).write_text('{"way": 1, "kit": ["x"]}')
    assert beginning.kept(folder) == {}
