"""Packs a commit for Linux: the frozen folder, .deb, tarball, bill of materials, and the ten biggest parts.

    python installer/linux/package.py kam-desktop|kam-server OUT [COMMIT]

Takes the tree of the commit (HEAD) alone, never what lies uncommitted beside it. Times in the packages are the
commit's, names are sorted, hashing is fixed: the same commit gives the same bytes (installer/linux/twice.sh).
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ICON_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
# Python, OpenSSL and the libraries of its modules lie in the folder; what a desktop has is asked of the system.
DEPENDS = {
    "kam-desktop": (
        "libc6 (>= 2.34), libstdc++6, libgcc-s1, libglib2.0-0 | libglib2.0-0t64, libgl1, libegl1, libdbus-1-3, "
        "libfontconfig1, libfreetype6, libx11-6, libx11-xcb1, libxkbcommon0, libxkbcommon-x11-0, libxcb1, "
        "libxcb-cursor0, libxcb-icccm4, libxcb-image0, libxcb-keysyms1, libxcb-randr0, libxcb-render0, "
        "libxcb-render-util0, libxcb-shape0, libxcb-shm0, libxcb-sync1, "
        "libxcb-xfixes0, libxcb-xkb1, libxcb-glx0, libsm6, libice6, "
        "libexpat1, libgssapi-krb5-2"
    ),
    "kam-server": "libc6 (>= 2.34), libstdc++6, libgcc-s1, adduser",
}
SUMMARY = {
    "kam-desktop": ("Key accounts, proposals and money due",
                    "A desktop application for key account managers in Vietnam. Everything works without\n"
                    " a network; the data lie encrypted on the computer. Vietnamese and English."),
    "kam-server": ("Shared server of KAM Desktop",
                   "Keeps the records of a team in one database and brings them to every laptop.\n"
                   " Comes with a systemd unit; SQLite needs nothing else."),
}  # fmt: skip
SERVER_UNITS = ("kam-server.service", "kam-server-backup.service", "kam-server-backup.timer")
SERVER_PROGRAMS = ("kam-server-admin", "kam-pg-point-in-time")
QT_NOTICE = """KAM Desktop uses Qt and Qt for Python under the GNU Lesser General Public License, version 3.
Each of their libraries is a file of its own and may be replaced by another build of the same version:
the files libQt6*.so.6 in /usr/lib/kam-desktop/_internal/PySide6/Qt/lib, the plug-ins in
/usr/lib/kam-desktop/_internal/PySide6/Qt/plugins, and Qt for Python in /usr/lib/kam-desktop/_internal/PySide6.
Nothing checks them against a signature when the program starts.
"""


def run(*command: str | Path, **options: object) -> None:
    """Runs a command; ends the build when it fails."""
    subprocess.run([str(each) for each in command], check=True, **options)  # type: ignore[call-overload]


def said(*command: str) -> str:
    """What a command prints."""
    return subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()


def exported(commit: str, work: Path) -> Path:
    """The tree of the commit, in a folder of its own."""
    tree = work / "tree"
    tree.mkdir()
    archive = subprocess.run(["git", "archive", commit], check=True, capture_output=True, cwd=ROOT).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
        packed.extractall(tree, filter="data")
    # read by kam_desktop/services/support/facts.py, for About and the bundle for support
    (tree / "resources" / "commit.txt").write_text(said("git", "rev-parse", commit) + "\n", "ascii")
    return tree


def frozen(product: str, tree: Path, work: Path) -> Path:
    """The folder that PyInstaller makes."""
    spec = tree / "installer" / ("server" if product == "kam-server" else "linux") / f"{product}.spec"
    environment = {
        **os.environ, "KAM_TREE": str(tree), "KAM_CONTENTS": str(work / "contents.json"), "PYTHONHASHSEED": "0",
        "PYINSTALLER_CONFIG_DIR": str(work / "cache"),
    }  # fmt: skip
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", "--distpath", work / "dist",
               "--workpath", work / "work", spec]  # fmt: skip
    run(*command, env=environment, cwd=work)
    return work / "dist" / product


def notices(tree: Path, folder: Path, product: str) -> None:
    """Licences and how to replace Qt, into a folder of documents."""
    folder.mkdir(parents=True, exist_ok=True)
    third = tree / "resources" / "licences" / "THIRD_PARTY.txt"
    if third.is_file():
        shutil.copyfile(third, folder / "THIRD_PARTY.txt")
    words = (QT_NOTICE + "\n" if product == "kam-desktop" else "") + (
        "What else is packed, with its terms, stands in THIRD_PARTY.txt.\n"
        "A list that programs can read, CycloneDX, stands in sbom.cdx.json.\n"
    )
    (folder / "copyright").write_text(words, "utf-8")


def desktop_files(tree: Path, root: Path, version: str) -> None:
    """Desktop entry, icons, file type and AppStream data of the program."""
    share, source = root / "usr" / "share", tree / "installer" / "linux"
    icons = root.parent / "icons"
    run(sys.executable, tree / "installer" / "icon" / "make.py", icons)
    for name, kind in (("kam-desktop", "apps"), ("kam-invitation", "mimetypes")):
        shown = name if kind == "apps" else "application-x-kam-invitation"
        for size in ICON_SIZES:
            place = share / "icons" / "hicolor" / f"{size}x{size}" / kind / f"{shown}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(icons / f"{name}-{size}.png", place)
        place = share / "icons" / "hicolor" / "scalable" / kind / f"{shown}.svg"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(icons / f"{name}.svg", place)
    for file, folder in (
        ("kam-desktop.desktop", "applications"), ("kam-desktop.xml", "mime/packages"),
        ("kam-desktop.metainfo.xml", "metainfo"),
    ):  # fmt: skip
        (share / folder).mkdir(parents=True, exist_ok=True)
        text = (source / file).read_text("utf-8").replace("@VERSION@", version)
        (share / folder / file).write_text(text, "utf-8")


def server_files(tree: Path, root: Path) -> None:
    """The unit, its settings and the guide of the server."""
    source = tree / "installer" / "server"
    (root / "usr/lib/systemd/system").mkdir(parents=True)
    for unit in SERVER_UNITS:
        shutil.copyfile(source / unit, root / "usr/lib/systemd/system" / unit)
    (root / "etc/kam-server").mkdir(parents=True)
    shutil.copyfile(source / "kam-server.env", root / "etc/kam-server/kam-server.env")
    (root / "usr/sbin").mkdir(parents=True)
    for program in SERVER_PROGRAMS:
        shutil.copyfile(source / program, root / "usr/sbin" / program)
        (root / "usr/sbin" / program).chmod(0o755)
    shutil.copyfile(source / "README.md", root / "usr/share/doc/kam-server/README.md")


def settled(folder: Path, epoch: int) -> int:
    """Gives everything the same rights and the commit's time; returns the bytes."""
    size = 0
    for each in sorted(folder.rglob("*"), reverse=True):
        if not each.is_symlink():
            run_bit = each.is_dir() or (each.stat().st_mode & 0o111 and each.suffix in ("", ".sh"))
            each.chmod(0o755 if run_bit else 0o644)
            size += 0 if each.is_dir() else each.stat().st_size
        os.utime(each, (epoch, epoch), follow_symlinks=False)
    os.utime(folder, (epoch, epoch))
    return size


def debian(product: str, tree: Path, root: Path, version: str, epoch: int, out: Path) -> Path:
    """The .deb of a folder laid out as the system's root."""
    size = settled(root, epoch) // 1024
    control = root / "DEBIAN"
    control.mkdir(mode=0o755)
    summary, words = SUMMARY[product]
    (control / "control").write_text(
        f"Package: {product}\nVersion: {version}\nArchitecture: {said('dpkg', '--print-architecture')}\n"
        f"Maintainer: KAM Desktop maintainers <maintainers@kam.example.vn>\nInstalled-Size: {size}\n"
        f"Depends: {DEPENDS[product]}\n"
        + ("Recommends: fonts-dejavu-core, shared-mime-info, desktop-file-utils\n" if product == "kam-desktop" else "")
        + f"Section: office\nPriority: optional\nDescription: {summary}\n {words}\n",
        "utf-8",
    )
    if product == "kam-server":
        (control / "conffiles").write_text("/etc/kam-server/kam-server.env\n")
        for name in ("postinst", "prerm", "postrm"):
            shutil.copyfile(tree / "installer" / "server" / name, control / name)
    settled(control, epoch)
    for name in ("postinst", "prerm", "postrm"):
        if (control / name).exists():
            (control / name).chmod(0o755)
    file = out / f"{product}_{version}_{said('dpkg', '--print-architecture')}.deb"
    run("dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--threads-max=2", "-b", root, file, stdout=subprocess.DEVNULL)
    return file


def tarball(folder: Path, file: Path, epoch: int) -> None:
    """The folder as .tar.gz, in the order of its names, owned by nobody in particular."""
    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        member.mtime = epoch
        return member

    with (
        file.open("wb") as raw,
        gzip.GzipFile("", "wb", 6, raw, epoch) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as whole,
    ):
        for each in [folder, *sorted(folder.rglob("*"))]:
            whole.add(each, str(each.relative_to(folder.parent)), recursive=False, filter=plain)


def biggest(folder: Path, count: int = 10) -> list[tuple[float, str]]:
    """The biggest parts of the frozen folder: a library's own file, or a package's folder without those."""
    inside, sizes = folder / "_internal", {}
    for each in folder.rglob("*"):
        if each.is_file() and not each.is_symlink():
            place = each.relative_to(inside if inside in each.parents else folder)
            deep = "Qt" in place.parts and each.stat().st_size > 1_500_000
            part = str(place) if deep else place.parts[0]
            sizes[part] = sizes.get(part, 0) + each.stat().st_size
    return sorted(((size / 1e6, part) for part, size in sizes.items()), reverse=True)[:count]


def main() -> None:
    """The command line."""
    product, out, commit = sys.argv[1], Path(sys.argv[2]).resolve(), (sys.argv[3:] or ["HEAD"])[0]
    epoch = int(said("git", "log", "-1", "--format=%ct", commit))
    os.environ.update(SOURCE_DATE_EPOCH=str(epoch), TZ="UTC", LC_ALL="C.UTF-8")
    os.umask(0o022)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="kam-package-") as folder:
        work = Path(folder)
        tree = exported(commit, work)
        about = (tree / "kam_desktop" / "__init__.py").read_text("utf-8")
        version = about.split('__version__ = "')[1].split('"')[0]
        made, root = frozen(product, tree, work), work / "root"
        bill = out / f"{product}-{version}.cdx.json"
        run(sys.executable, tree / "installer" / "sbom.py", "--name", product, "--version", version, "--out", bill,
            "--contents", work / "contents.json", "--folder", made, "--own", tree)  # fmt: skip
        documents = root / "usr/share/doc" / product
        notices(tree, documents, product)
        shutil.copyfile(bill, documents / "sbom.cdx.json")
        if product == "kam-desktop":
            desktop_files(tree, root, version)
        else:
            server_files(tree, root)
        shutil.copytree(documents, made / "doc")
        settled(made, epoch)
        tarred = work / f"{product}-{version}"
        made.rename(tarred)
        tarball(tarred, out / f"{product}-{version}-linux-x86_64.tar.gz", epoch)
        parts = biggest(tarred)
        shutil.rmtree(tarred / "doc")
        place = root / "usr/lib" / product
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(tarred, place)
        (root / "usr/bin").mkdir(parents=True)
        (root / "usr/bin" / product).symlink_to(f"../lib/{product}/{product}")
        debian(product, tree, root, version, epoch, out)
    for file in sorted(out.glob(f"{product}*")):
        print(f"{file.stat().st_size / 1e6:8.1f} MB  {file.name}")
    print("the ten biggest parts, unpacked:")
    for size, part in parts:
        print(f"{size:8.1f} MB  {part}")


if __name__ == "__main__":
    main()
