"""Commands of the publisher of updates: keys, releases, staged roll-out, rotation, the daily timestamp.

    python -m installer.updates.publish keys FOLDER                       three root keys, one of each other role
    python -m installer.updates.publish init REPO --keys FOLDER           the first root (2 of 3 sign), empty targets
    python -m installer.updates.publish pack FOLDER ARCHIVE               a version's folder as an archive
    python -m installer.updates.publish release REPO ARCHIVE --keys … --platform windows-x86_64 --version 1.4.0 …
    python -m installer.updates.publish rollout REPO PERCENT --keys … --platform windows-x86_64
    python -m installer.updates.publish withdraw REPO --keys … --platform windows-x86_64
    python -m installer.updates.publish refresh REPO --keys …             a new timestamp: daily, by a timer
    python -m installer.updates.publish rotate REPO ROLE --keys …         other keys for a role
    python -m installer.updates.publish renew-root REPO --keys …          the root for two more years
    python -m installer.updates.publish show REPO                         what is published, as JSON
    python -m installer.updates.publish preset REPO FOLDER ADDRESS        what an installation needs to find it

`--keys` may be given several times: a root key on each of two USB sticks. Passphrases are asked for; with
`--passphrase-file` the first line of that file is taken for every key.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path

from installer.updates.repository import ROLES, Fault, Keys, Repository, new_key
from kam_desktop.update import archive

OFFLINE = ("root", "targets")


def _secret(args: argparse.Namespace, file: Path) -> bytes | None:
    if b"ENCRYPTED" not in file.read_bytes()[:64]:
        return None
    return _passphrase(args, f"Passphrase of {file.name}: ")


def _passphrase(args: argparse.Namespace, question: str) -> bytes:
    if args.passphrase_file:
        return Path(args.passphrase_file).read_text("utf-8").splitlines()[0].encode()
    return getpass.getpass(question).encode()


def _new(args: argparse.Namespace, folder: Path, role: str) -> object:
    """Keys of root and targets get a passphrase; those of snapshot and timestamp sign by themselves, every day."""
    if role not in OFFLINE or args.no_passphrase:
        return new_key(folder, role)
    first = _passphrase(args, f"New passphrase for a key of {role}: ")
    if not first or (not args.passphrase_file and first != getpass.getpass("Once more: ").encode()):
        raise Fault("the passphrases are not the same, or empty")
    return new_key(folder, role, first)


def _keys(args: argparse.Namespace) -> None:
    folder = Path(args.folder)
    if folder.exists() and any(folder.iterdir()):
        raise Fault("the folder is not empty")
    public = {role: [] for role in ROLES}
    for role in ROLES:
        for _ in range(args.root_keys if role == "root" else 1):
            public[role].append(_new(args, folder, role))
    said = {role: [{"keyid": key.keyid, **key.to_dict()} for key in keys] for role, keys in public.items()}
    (folder / "public.json").write_text(json.dumps(said, indent=1) + "\n", "utf-8")
    count = sum(map(len, public.values()))
    print(f"{count} keys in {folder}. Put each root key on a medium of its own, in two places.")


def _init(args: argparse.Namespace) -> None:
    from securesystemslib.signer import Key

    said = json.loads((Path(args.keys[0]) / "public.json").read_text("utf-8"))
    public = {
        role: [Key.from_dict(key["keyid"], {k: v for k, v in key.items() if k != "keyid"}) for key in said[role]]
        for role in ROLES
    }
    _repository(args).create(public, {"root": args.threshold})


def _rotate(args: argparse.Namespace) -> None:
    folder = Path(args.new_keys or args.keys[0])
    count = args.root_keys if args.role == "root" else 1
    fresh = [_new(args, folder, args.role) for _ in range(count)]
    args.keys = [*args.keys, str(folder)]
    _repository(args).rotate(args.role, fresh, args.threshold if args.role == "root" else None)


def _release(args: argparse.Namespace) -> None:
    given = {"vi": args.notes_vi, "en": args.notes_en}
    notes = {lang: Path(file).read_text("utf-8") for lang, file in given.items() if file}
    _repository(args).release(
        Path(args.archive), args.platform, args.version, schema=args.schema, notes=notes, percent=args.percent
    )


def _pack(args: argparse.Namespace) -> None:
    archive.pack(Path(args.folder), Path(args.archive))


def _show(args: argparse.Namespace) -> None:
    print(json.dumps(_repository(args).summary(), indent=1, ensure_ascii=False))


def _refresh(args: argparse.Namespace) -> None:
    for line in _repository(args).refresh():
        print(f"attention: {line}", file=sys.stderr)


def _repository(args: argparse.Namespace) -> Repository:
    keys = Keys([Path(each) for each in getattr(args, "keys", None) or []], lambda file: _secret(args, file))
    return Repository(Path(args.repository), keys)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="publish", description="Publishes updates of KAM Desktop.")
    parser.add_argument("--passphrase-file", help="its first line is the passphrase of every key")
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, deed: object, *, repository: bool = True, keys: bool = True) -> argparse.ArgumentParser:
        made = commands.add_parser(name)
        made.set_defaults(deed=deed)
        if repository:
            made.add_argument("repository")
        if keys:
            made.add_argument("--keys", action="append", required=True, help="a folder with private keys")
        return made

    keys = command("keys", _keys, repository=False, keys=False)
    keys.add_argument("folder")
    command("init", _init).add_argument("--threshold", type=int, default=2, help="so many root keys have to sign")
    pack = command("pack", _pack, repository=False, keys=False)
    pack.add_argument("folder")
    pack.add_argument("archive")
    release = command("release", _release)
    release.add_argument("archive")
    release.add_argument("--version", required=True)
    release.add_argument("--schema", type=int, required=True, help="the database schema that this version works with")
    release.add_argument("--notes-vi", help="a text file: what is new, in Vietnamese")
    release.add_argument("--notes-en", help="the same in English")
    release.add_argument("--percent", type=int, default=100)
    rollout = command("rollout", lambda args: _repository(args).roll_out(args.platform, args.percent))
    rollout.add_argument("percent", type=int)
    withdraw = command("withdraw", lambda args: _repository(args).withdraw(args.platform))
    for each in (release, rollout, withdraw):
        each.add_argument("--platform", required=True, help="windows-x86_64, linux-x86_64, macos-arm64 …")
    command("refresh", _refresh)
    rotate = command("rotate", _rotate)
    rotate.add_argument("role", choices=ROLES)
    rotate.add_argument("--new-keys", help="the folder for the new keys; else the first of --keys")
    rotate.add_argument("--threshold", type=int, default=2)
    for each in (keys, rotate):
        each.add_argument("--root-keys", type=int, default=3)
        each.add_argument("--no-passphrase", action="store_true", help="for trials only")
    command("renew-root", lambda args: _repository(args).renew_root())
    command("show", _show, keys=False)
    preset = command("preset", lambda args: _repository(args).preset(Path(args.folder), args.address), keys=False)
    preset.add_argument("folder")
    preset.add_argument("address")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Runs one command; the exit status is 1 for what cannot be done."""
    args = _parser().parse_args(argv)
    try:
        args.deed(args)
    except (Fault, OSError, ValueError) as fault:
        print(f"publish: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
