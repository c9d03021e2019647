"""Where a profile may lie, who may read it, and that one process writes to it."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from kam_desktop.domain.errors import Refused, Unavailable
from kam_desktop.store import profile_lock, profile_place
from kam_desktop.store.profile_place import Surroundings, network_kind, parsed_mounts, refuse_bad_place, synced_by

MOUNTS = [("/", "ext4"), ("/home", "btrfs"), ("/run/user/1000", "tmpfs")]


def around(home: Path, *mounts: tuple[str, str], **environ: str) -> Surroundings:
    return Surroundings([*MOUNTS, *mounts], environ, home)


def code(folder: Path, here: Surroundings) -> str:
    try:
        refuse_bad_place(folder, here)
    except Refused as refused:
        (problem,) = refused.problems
        assert "{" not in problem.english()
        return problem.code
    return ""


# The network.


@pytest.mark.parametrize(
    "kind",
    [
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "9p", "ceph", "davfs", "vboxsf", "fuse.sshfs", "fuse.rclone"),
        *("fuse.gvfsd-fuse", "fuse.glusterfs", "fuse.davfs2", "fuse.s3fs", "fuse.google-drive-ocamlfuse"),
        *("fuse.onedriver", "fuse.pCloud"),
    ],
)
def test_a_network_file_system_is_refused_untouched(tmp_path: Path, kind: str) -> None:
    share = tmp_path / "share"
    share.mkdir()
    here = around(tmp_path, (str(share), kind))
    assert code(share, here) == "network_folder"
    assert code(share / "deep" / "profile", here) == "network_folder"
    assert list(share.iterdir()) == []
    assert code(tmp_path / "share too", here) == ""


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "zfs", "f2fs", "fuseblk", "exfat", "overlay", "tmpfs", "fuse.gocryptfs"]
)
def test_a_disk_of_this_computer_is_fine(tmp_path: Path, kind: str) -> None:
    assert code(tmp_path / "profile", around(tmp_path, (str(tmp_path), kind))) == ""


def test_the_innermost_and_latest_mount_counts(tmp_path: Path) -> None:
    inner = str(tmp_path / "a")
    assert code(tmp_path / "a" / "p", around(tmp_path, (str(tmp_path), "nfs"), (inner, "ext4"))) == ""
    assert code(tmp_path / "a" / "p", around(tmp_path, (inner, "ext4"), (str(tmp_path), "nfs"))) == ""
    assert code(tmp_path / "a" / "p", around(tmp_path, (inner, "ext4"), (inner, "cifs"))) == "network_folder"


def test_a_link_to_the_network_is_followed(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (tmp_path / "mine").symlink_to(share)
    assert code(tmp_path / "mine" / "profile", around(tmp_path, (str(share), "nfs4"))) == "network_folder"


def test_a_path_on_a_server_is_not_followed_before_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hangs(*args: object, **named: object) -> str:
        raise AssertionError("a server that is gone was asked")

    here = around(tmp_path, (str(tmp_path), "nfs"))
    monkeypatch.setattr(os.path, "realpath", hangs)
    assert code(tmp_path / "profile", here) == "network_folder"


def test_mounts_are_read_with_spaces_and_vietnamese() -> None:
    text = (
        "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
        "31 22 0:40 / /mnt/ch\u1ec9a\\040s\u1ebb rw,nosuid shared:5 master:2 - cifs //server/share rw\n"
        "32 22 0:41 / /mnt/plain rw - fuse.sshfs host: rw\n"
        "broken line\n"
    )
    assert parsed_mounts(text) == [("/", "ext4"), ("/mnt/chỉa sẻ", "cifs"), ("/mnt/plain", "fuse.sshfs")]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (r"\\server\share\KAM", "UNC"),
        (r"\\?\UNC\server\share\KAM", "UNC"),
        (r"\\wsl$\Debian\home", "UNC"),
        (r"Z:\KAM", "Z:"),
        (r"\\?\Z:\KAM", "Z:"),
        (r"C:\Users\Lan\AppData\Local\KAM Desktop", ""),
        (r"\\?\C:\Users\Lan", ""),
        (r"D:\KAM", ""),
    ],
)
def test_windows_shares_and_mapped_drives_are_refused(path: str, kind: str) -> None:
    here = Surroundings([], {}, Path(), drive_type=lambda root: 4 if root == "Z:\\" else 3)
    assert network_kind(path, here) == kind


def test_macos_says_itself_what_is_local(tmp_path: Path) -> None:
    asked: list[Path] = []

    def is_local(path: Path) -> bool:
        asked.append(path)
        return False

    here = Surroundings([], {}, tmp_path, is_local=is_local)
    assert code(tmp_path / "not yet" / "profile", here) == "network_folder"
    assert asked == [tmp_path]


# Synced folders.


@pytest.mark.parametrize(
    ("parts", "program"),
    [
        ("OneDrive/KAM", "OneDrive"),
        ("OneDrive - Công ty Mây Lành/Documents/KAM", "OneDrive"),
        ("Library/CloudStorage/OneDrive-MayLanh/KAM", "OneDrive"),
        ("Library/CloudStorage/Egnyte-x/KAM", "Egnyte"),
        ("Dropbox/KAM", "Dropbox"),
        ("Dropbox (Mây Lành)/KAM", "Dropbox"),
        ("Google Drive/KAM", "Google Drive"),
        ("My Drive/KAM", "Google Drive"),
        ("Drive của tôi/KAM", "Google Drive"),
        ("Drive cu\u0309a to\u0302i/KAM", "Google Drive"),
        ("iCloudDrive/KAM", "iCloud"),
        ("Library/Mobile Documents/com~apple~CloudDocs/KAM", "iCloud"),
        ("Nextcloud/KAM", "Nextcloud"),
        ("ownCloud/KAM", "Nextcloud"),
        ("Box/KAM", "Box"),
        ("Box Sync/KAM", "Box"),
        ("pCloudDrive/KAM", "pCloud"),
        ("dropbox/KAM", "Dropbox"),
        ("Documents/Archive", ""),
        ("Documents/Box/KAM", ""),
        ("Dropbox backups 2019/KAM", ""),
        ("Công ty OneDrive Việt/KAM", ""),
    ],
)
def test_the_folder_of_a_sync_program_is_refused_untouched(tmp_path: Path, parts: str, program: str) -> None:
    folder = tmp_path / parts
    here = around(tmp_path)
    assert synced_by(folder, here) == program
    assert code(folder, here) == ("synced_folder" if program else "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("marker", "program"),
    [
        (".dropbox", "Dropbox"),
        (".dropbox.cache/", "Dropbox"),
        (".tmp.drivedownload/", "Google Drive"),
        (".sync_1f2e3d.db", "Nextcloud"),
        ("._sync_1f2e3d.db", "Nextcloud"),
        (".stfolder/", "Syncthing"),
        (".SynologyWorkingDirectory/", "Synology Drive"),
        (".849C9593-D756-4E56-8D6E-42412F2A707B", "OneDrive"),
        ("dropbox.txt", ""),
        (".profile", ""),
    ],
)
def test_what_a_sync_program_leaves_gives_it_away_under_any_name(tmp_path: Path, marker: str, program: str) -> None:
    root = tmp_path / "Tài liệu chung"
    root.mkdir()
    if marker.endswith("/"):
        (root / marker).mkdir()
    else:
        (root / marker).write_text("")
    assert synced_by(root / "KAM" / "profile", around(tmp_path)) == program


def test_dropboxs_own_settings_in_a_home_mean_nothing(tmp_path: Path) -> None:
    (tmp_path / ".dropbox").mkdir()
    assert synced_by(tmp_path / "profile", around(tmp_path)) == ""


def test_a_link_into_a_synced_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "Dropbox").mkdir()
    (tmp_path / "mine").symlink_to(tmp_path / "Dropbox")
    assert code(tmp_path / "mine" / "profile", around(tmp_path)) == "synced_folder"


def test_onedrives_own_word_counts(tmp_path: Path) -> None:
    root = tmp_path / "Tệp của Lan"
    assert synced_by(root / "KAM", around(tmp_path, OneDriveCommercial=str(root))) == "OneDrive"
    assert synced_by(tmp_path / "Tệp của Lan 2", around(tmp_path, OneDriveCommercial=str(root))) == ""
    assert synced_by(root, around(tmp_path, OneDrive="")) == ""


def test_a_folder_of_a_windows_cloud_provider_is_known_by_its_tag(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.lstat
    cloud = tmp_path / "Zalo Cloud"
    cloud.mkdir()

    def lstat(path: str | Path, **named: int) -> object:
        if str(path) == str(cloud):
            return SimpleNamespace(st_reparse_tag=0x9000701A, st_mode=real(path).st_mode)
        return real(path)

    monkeypatch.setattr(profile_place.os, "lstat", lstat)
    assert synced_by(cloud / "KAM", around(tmp_path)) == "Cloud Files"
    assert synced_by(tmp_path / "KAM", around(tmp_path)) == ""


def test_this_computers_own_temp_folder_is_fine(tmp_path: Path) -> None:
    refuse_bad_place(tmp_path / "profile")


# Rights.


def test_rights_are_made_tight(tmp_path: Path) -> None:
    folder = tmp_path / "profile"
    (folder / "backups" / "old").mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.write_text("")
    outside.chmod(0o644)
    (folder / "link").symlink_to(outside)
    for name in ("keys.json", "data.kam", "backups/a.kam", "backups/old/b.kam"):
        (folder / name).write_text("")
        (folder / name).chmod(0o664)
    folder.chmod(0o755)
    profile_place.tighten(folder)
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


# The lock.

HOLDER = """
import sys
from pathlib import Path
from kam_desktop.store import profile_lock
lock = profile_lock.acquire(Path(sys.argv[1]), program="kam-desktop import")
print("held", flush=True)
sys.stdin.read()
"""


def holding(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_one_process_writes_and_the_second_hears_who(tmp_path: Path) -> None:
    process = holding(tmp_path)
    try:
        with pytest.raises(Unavailable) as caught:
            profile_lock.acquire(tmp_path)
        assert caught.value.code == "locked"
        assert caught.value.args_named == {"program": "kam-desktop import", "pid": str(process.pid)}
        assert str(process.pid) in str(caught.value)
        assert profile_lock.holder(tmp_path) == ("kam-desktop import", str(process.pid))
        with profile_lock.acquire(tmp_path, write=False) as reading:
            assert not reading.writes
    finally:
        process.communicate("")
    with profile_lock.acquire(tmp_path) as lock:
        assert lock.writes
    assert profile_lock.holder(tmp_path) is None


def test_a_killed_holder_leaves_nothing_behind_that_blocks(tmp_path: Path) -> None:
    process = holding(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert str(process.pid) in (tmp_path / "lock").read_text(), "its name still stands there, and blocks nobody"
    assert profile_lock.holder(tmp_path) is None
    with profile_lock.acquire(tmp_path):
        assert json.loads((tmp_path / "lock").read_text()) == {"pid": os.getpid(), "program": "kam-desktop"}


def test_a_process_number_in_the_file_means_nothing(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(json.dumps({"pid": os.getpid(), "program": "kam-desktop"}) + "\n")
    with profile_lock.acquire(tmp_path):
        pass
    (tmp_path / "lock").write_bytes(b"\xff" * 100_000)
    with profile_lock.acquire(tmp_path):
        pass


def test_one_process_cannot_take_it_twice(tmp_path: Path) -> None:
    with profile_lock.acquire(tmp_path), pytest.raises(Unavailable):
        profile_lock.acquire(tmp_path)
    with profile_lock.acquire(tmp_path) as lock:
        lock.release()
        lock.release()
        assert not lock.writes


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"\xff\xfe", b'{"pid": "x", "program": 3}', b"[" * 5000])
def test_a_holder_without_a_readable_name_is_another_program(tmp_path: Path, text: bytes) -> None:
    with profile_lock.acquire(tmp_path):
        (tmp_path / "lock").write_bytes(text)
        with pytest.raises(Unavailable) as caught:
            profile_lock.acquire(tmp_path)
        assert caught.value.code == "locked"
        assert str(caught.value).startswith("Another program is working")


def test_the_lock_file_is_for_its_owner_and_a_reader_leaves_no_trace(tmp_path: Path) -> None:
    with profile_lock.acquire(tmp_path, write=False):
        assert list(tmp_path.iterdir()) == []
    assert profile_lock.holder(tmp_path) is None
    with profile_lock.acquire(tmp_path):
        assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600


def test_no_folder_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        profile_lock.acquire(tmp_path / "nowhere")


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("dear")
    (tmp_path / "lock").symlink_to(tmp_path / "target")
    with pytest.raises(Unavailable):
        profile_lock.acquire(tmp_path)
    assert (tmp_path / "target").read_text() == "dear"
