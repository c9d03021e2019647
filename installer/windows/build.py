"""Builds the Windows installer, on Linux and on Windows.

    python -m installer.windows.build OUT --runtime PATH [--test] [--twice] [--tree-only] [--as-version 0.0.9]

PATH: the embeddable package of python.org for 64-bit Windows, as zip or folder. KAM_SIGN, if it is set, is the command
that signs a program in place; it gets the file's path as its last argument.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import time
from datetime import UTC, datetime
from pathlib import Path

from installer.windows import runtime, trim

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LOCK = ROOT / "installer" / "requirements.lock"
PLATFORM = "x86_64-pc-windows-msvc"
GCC = os.environ.get("KAM_GCC", "gcc" if sys.platform == "win32" else "x86_64-w64-mingw32-gcc")
WINDRES = os.environ.get("KAM_WINDRES", "windres" if sys.platform == "win32" else "x86_64-w64-mingw32-windres")
PROGRAM, COMMANDS = "KAM Desktop.exe", "kam-desktop.exe"
START = "import sys\n\nfrom kam_desktop.__main__ import main\n\nsys.exit(main())\n"
COMPILE = """
import pathlib, py_compile, sys
root = pathlib.Path(sys.argv[1])
for file in sorted(root.rglob("*.py"), key=lambda each: each.as_posix()):
    name = file.relative_to(root).as_posix()
    try:
        py_compile.compile(str(file), dfile=name, doraise=True, quiet=2,
                           invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    except py_compile.PyCompileError as error:
        if name.startswith("app/"):
            raise
        print("left as it is:", name)
"""


def main(argv: list[str] | None = None) -> int:
    """The command."""
    reader = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    reader.add_argument("out", type=Path)
    reader.add_argument("--runtime", type=Path, required=True, help="embeddable Python: zip, wheel or folder")
    reader.add_argument("--test", action="store_true", help="never handed out: an old runtime will do")
    reader.add_argument("--twice", action="store_true", help="build the tree a second time and compare the hashes")
    reader.add_argument("--tree-only", action="store_true", help="no installer")
    reader.add_argument("--as-version", default="", help="with --test: call it this version")
    args = reader.parse_args(argv)
    if args.as_version and not args.test:
        reader.error("--as-version is for tests")
    try:
        build(args)
    except runtime.Unfit as unfit:
        print(f"refused: {unfit}", file=sys.stderr)
        return 1
    return 0


def build(args: argparse.Namespace) -> None:
    """Everything, into args.out."""
    begun = time.monotonic()
    out = args.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    trim.remove(out / "runtime")
    found = runtime.runtime_in(runtime.unpacked(args.runtime.resolve(), out / "runtime"))
    runtime.refuse_old(found, datetime.now(UTC), args.test)
    checked = runtime.check_signatures(found.folder)
    print(f"runtime Python {found.version}, built {found.built_at:%Y-%m-%d}: {checked} signatures checked")
    version = args.as_version or version_here()
    tree = out / "tree"
    assemble(tree, out, found, version)
    seal = tree_hash(tree)
    parts(tree, version)
    print(f"tree: {seal} ({time.monotonic() - begun:.0f} s)")
    (out / "tree.sha256").write_text(f"{seal}\n")
    if args.twice:
        assemble(out / "tree-again", out, found, version)
        again = tree_hash(out / "tree-again")
        print(f"again: {again}")
        if again != seal:
            raise runtime.Unfit(f"two builds differ: {differences(tree, out / 'tree-again')[:10]}")
        shutil.rmtree(out / "tree-again")
    if not args.tree_only:
        made = pack(tree, out, version)
        size = made.stat().st_size
        print(f"installer: {made.name}, {size / 1e6:.1f} MB ({time.monotonic() - begun:.0f} s)")
        print(f"sha256: {hashlib.sha256(made.read_bytes()).hexdigest()}")


def version_here() -> str:
    """The version of the commit that is built."""
    said = git("show", "HEAD:kam_desktop/__init__.py").decode()
    found = re.search(r'__version__ = "([^"]+)"', said)
    if found is None:
        raise runtime.Unfit("the commit names no version")
    return found[1]


def git(*words: str) -> bytes:
    """What git says."""
    return subprocess.run(["git", "-C", str(ROOT), *words], check=True, capture_output=True).stdout


def epoch() -> int:
    """The time that everything gets: SOURCE_DATE_EPOCH, else that of the commit."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    return int(given) if given else int(git("show", "-s", "--format=%ct", "HEAD"))


def assemble(tree: Path, work: Path, found: runtime.Runtime, version: str, more: tuple[str, ...] = ()) -> None:
    """Lays the whole tree anew: base folder with its two programs, one version under `versions`."""
    trim.remove(tree)
    inner = tree / "versions" / version
    inner.mkdir(parents=True)
    runtime.lay(found, inner / "python")
    wheels(inner / "site", work, found.version)
    trim.trim(inner / "site", more)
    with tarfile.open(fileobj=io.BytesIO(git("archive", "HEAD", "kam_desktop", "resources"))) as archive:
        archive.extractall(inner / "app", filter="data")
    (inner / "app" / "resources" / "commit.txt").write_bytes(git("rev-parse", "HEAD"))
    for each in sorted((inner / "app").rglob("*.md")):
        each.unlink()
    trim.remove(inner / "app" / "resources" / "translations" / "parts")
    (inner / "app" / "start.py").write_bytes(START.encode())
    if version != version_here():
        about = inner / "app" / "kam_desktop" / "__init__.py"
        about.write_text(about.read_text("utf-8").replace(f'"{version_here()}"', f'"{version}"'), "utf-8")
    compiled(inner, found.version)
    for target in (inner, tree):
        launchers(target, work, found, version)
    (tree / "current").write_bytes(f"{version}\n-\ngood\n".encode())
    moment = epoch()
    for each in [tree, *tree.rglob("*")]:
        os.utime(each, (moment, moment))


def wheels(site: Path, work: Path, python: str) -> None:
    """Installs for Windows what the lock names, by its hashes, and nothing that the program does not need."""
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    platform = ["--python-platform", PLATFORM, "--python-version", python]
    names = subprocess.run(
        [uv, "pip", "compile", "-q", *platform, "--no-header", "--no-annotate", "-c", str(LOCK),
         str(ROOT / "pyproject.toml")],
        check=True, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    wanted = work / "windows.lock"
    wanted.write_text(locked(LOCK.read_text("utf-8"), names), "utf-8")
    subprocess.run(
        [uv, "pip", "install", "-q", *platform, "--only-binary", ":all:", "--no-deps", "--require-hashes", "--target",
         str(site), "-r", str(wanted)],
        check=True,
    )  # fmt: skip


def locked(lock: str, names: list[str]) -> str:
    """The entries of the lock, hashes and all, for `name==version`; each has to be there."""
    entries: dict[str, str] = {}
    for entry in re.split(r"\n(?=[a-z0-9])", lock):
        if found := re.match(r"([a-z0-9._-]+)(?:\[[^]]*\])?==([^ \\;]+)", entry):
            entries[f"{found[1]}=={found[2]}"] = entry.rstrip() + "\n"
    missing = [each for each in names if each not in entries]
    if missing:
        raise runtime.Unfit(f"not in the lock: {', '.join(missing)}")
    return "".join(entries[each] for each in sorted(names))


def compiled(inner: Path, python: str) -> None:
    """Byte code that is never compared with its source, one file after the other in order, so it is alike each time."""
    program = interpreter(python)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    environment |= {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1"}
    subprocess.run([program, "-I", "-c", COMPILE, str(inner)], check=True, env=environment)


def interpreter(python: str) -> str:
    """A Python of this computer that writes byte code for the runtime."""
    for name in (sys.executable, os.environ.get("KAM_COMPILER", ""), f"python{python}"):
        program = shutil.which(name) if name else None
        ask = "import sys; print('%d.%d' % sys.version_info[:2])"
        if program and subprocess.run([program, "-c", ask], capture_output=True, text=True).stdout.strip() == python:
            return program
    raise runtime.Unfit(f"byte code for the runtime needs Python {python} on this computer (KAM_COMPILER names it)")


def launchers(target: Path, work: Path, found: runtime.Runtime, version: str) -> None:
    """The program and the one for commands, with icon, version and manifest, signed."""
    icons = work / "icons"
    if not (icons / "kam-invitation.ico").is_file():
        subprocess.run([sys.executable, str(ROOT / "installer" / "icon" / "make.py"), str(icons)], check=True)
    numbers = ",".join([*re.findall(r"\d+", version)[:3], "0"])
    resource = work / "launcher.res"
    subprocess.run(
        [WINDRES, "-I", str(icons), "-I", str(HERE), f"-DVERSION_NUMBERS={numbers}",
         f'-DVERSION_TEXT=\\"{version}\\"', str(HERE / "launcher.rc"), "-O", "coff", "-o", str(resource)],
        check=True,
    )  # fmt: skip
    for name, kind in ((PROGRAM, ["-mwindows"]), (COMMANDS, ["-mconsole", "-DCONSOLE"])):
        subprocess.run(
            [GCC, "-O2", "-s", "-municode", "-finput-charset=UTF-8", "-Wl,--no-insert-timestamp", "-Wl,--dynamicbase",
             "-Wl,--nxcompat", "-Wl,--high-entropy-va", f'-DPYTHON_DLL=L"python{found.tag}.dll"', *kind,
             str(HERE / "launcher.c"), str(resource), "-o", str(target / name)],
            check=True,
        )  # fmt: skip
        sign(target / name)


def sign(file: Path) -> None:
    """Signs a program in place, where KAM_SIGN says how."""
    if command := os.environ.get("KAM_SIGN"):
        subprocess.run([*shlex.split(command), str(file)], check=True)


def tree_hash(tree: Path) -> str:
    """One hash over names and contents of all files."""
    sum_ = hashlib.sha256()
    for file in sorted((each for each in tree.rglob("*") if each.is_file()), key=lambda each: each.as_posix()):
        name = file.relative_to(tree).as_posix()
        sum_.update(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {name}\n".encode())
    return sum_.hexdigest()


def differences(one: Path, other: Path) -> list[str]:
    """Names of files that are not alike."""
    names = {file.relative_to(root).as_posix() for root in (one, other) for file in root.rglob("*") if file.is_file()}

    def content(root: Path, name: str) -> bytes:
        return (root / name).read_bytes() if (root / name).is_file() else b""

    return sorted(name for name in names if content(one, name) != content(other, name))


def parts(tree: Path, version: str) -> None:
    """Prints the ten biggest parts and the sum."""
    sizes: dict[str, int] = {}
    inner = tree / "versions" / version
    for file in inner.rglob("*"):
        if file.is_file():
            words = file.relative_to(inner).parts
            name = "/".join(words[:2]) if words[0] == "site" else words[0]
            sizes[name] = sizes.get(name, 0) + file.stat().st_size
    for name, size in sorted(sizes.items(), key=lambda each: -each[1])[:10]:
        print(f"  {size / 1e6:7.1f} MB  {name}")
    print(f"  {sum(sizes.values()) / 1e6:7.1f} MB  in all")


def pack(tree: Path, out: Path, version: str) -> Path:
    """Runs makensis over the tree."""
    made = out / f"KAM-Desktop-{version}-Setup.exe"
    size_kib = sum(each.stat().st_size for each in tree.rglob("*") if each.is_file()) // 1024
    words = {
        "VERSION": version, "NUMBERS": ".".join([*re.findall(r"\d+", version)[:3], "0"]), "TREE": str(tree),
        "OUT": str(made), "ICON": str(out / "icons" / "kam-desktop.ico"), "SIZE_KIB": str(size_kib),
    }  # fmt: skip
    if os.environ.get("KAM_SIGN"):
        words["SIGN"] = os.environ["KAM_SIGN"]
    subprocess.run(
        ["makensis", "-V2", "-INPUTCHARSET", "UTF8", *[f"-D{key}={value}" for key, value in words.items()],
         str(HERE / "installer.nsi")],
        check=True, env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch())},
    )  # fmt: skip
    return made


if __name__ == "__main__":
    sys.exit(main())
