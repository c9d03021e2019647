"""The publisher's repository of updates: keys, signed metadata (TUF), releases, roll-out, rotation of keys.

    <repository>/metadata/   1.root.json … root.json, N.targets.json, N.snapshot.json, timestamp.json
    <repository>/targets/    <platform>/<sha256>.everyone.tar.zst, <platform>/<sha256>.staged.tar.zst

Any web server that gives these files out is enough; nothing on it is secret, and nothing on it is trusted.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp

from kam_desktop.update.installation import is_version, order_of
from kam_desktop.update.trusted import CUSTOM, SLOTS, target_path

EVERYONE, STAGED = SLOTS
ROLES = ("root", "targets", "snapshot", "timestamp")
DAYS = {"root": 730, "targets": 180, "snapshot": 30, "timestamp": 14}
Secret = Callable[[Path], bytes | None]


class Fault(Exception):
    """What the publisher asked for cannot be done; the message says why."""


def nothing(_file: Path) -> None:
    """Keys without a passphrase."""


@dataclass
class Keys:
    """Folders with private keys, each in a file named <role>-<first letters of its id>.pem.

    `secret(file)` gives the passphrase of a file, None for none; it is asked only for keys that have to sign.
    """

    folders: Sequence[Path]
    secret: Secret = nothing
    _open: dict[str, CryptoSigner] = field(default_factory=dict)

    def signer(self, key_id: str) -> CryptoSigner | None:
        """The private key of that id, None when it is not at hand."""
        if key_id not in self._open:
            files = [file for folder in self.folders for file in sorted(folder.glob(f"*-{key_id[:16]}.pem"))]
            if not files:
                return None
            private = serialization.load_pem_private_key(files[0].read_bytes(), self.secret(files[0]))
            signer = CryptoSigner(private)
            if signer.public_key.keyid != key_id:
                raise Fault(f"{files[0].name} is not the key that its name says")
            self._open[key_id] = signer
        return self._open[key_id]


def new_key(folder: Path, role: str, secret: bytes | None = None) -> Any:
    """Makes a key, writes it into the folder for its owner only, and returns its public half."""
    private = Ed25519PrivateKey.generate()
    public = CryptoSigner(private).public_key
    kind = serialization.BestAvailableEncryption(secret) if secret else serialization.NoEncryption()
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, kind)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{role}-{public.keyid[:16]}.pem"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(pem)
    return public


class Repository:
    """One repository in a folder. Every public method leaves it published: files first, the timestamp last."""

    def __init__(self, folder: Path, keys: Keys, *, now: datetime | None = None, days: dict[str, int] | None = None):
        self.folder, self.keys = folder, keys
        self._now, self._days = now, {**DAYS, **(days or {})}

    # Making it.

    def create(self, public: dict[str, list[Any]], thresholds: dict[str, int] | None = None) -> None:
        """The first root, empty targets, a snapshot and a timestamp. `public` has the keys of each role."""
        if self._file("root").exists():
            raise Fault("there is a repository already")
        (self.folder / "metadata").mkdir(parents=True, exist_ok=True)
        (self.folder / "targets").mkdir(exist_ok=True)
        root = Root(consistent_snapshot=True)
        for role in ROLES:
            for key in public[role]:
                root.add_key(key, role)
            root.roles[role].threshold = (thresholds or {}).get(role, 1)
            if root.roles[role].threshold > len(public[role]):
                raise Fault(f"{role}: a threshold of more than its keys")
        self._sign_root(Metadata(root), [], 0)
        targets = Metadata(Targets())
        self._publish(targets, everything=True)

    # Releases.

    def release(
        self, archive: Path, platform: str, version: str, *, schema: int, notes: dict[str, str], percent: int = 100
    ) -> None:
        """Signs an archive as a release: for everybody with 100, else staged for so many computers in a hundred."""
        if not is_version(version):
            raise Fault(f"{version} is no version: 1.4.0, 1.4.0rc2")
        targets = self._loaded(Targets)
        for slot in SLOTS:
            there = targets.signed.targets.get(target_path(platform, slot))
            if there is not None and order_of(version) <= order_of(there.custom[CUSTOM]["version"]):
                raise Fault(f"{there.custom[CUSTOM]['version']} is there already for {platform}; a release is newer")
        about = {"version": version, "schema": schema, "percent": _percent(percent), "notes": notes}
        self._put(targets, archive, platform, EVERYONE if percent == 100 else STAGED, about)
        if percent == 100:
            targets.signed.targets.pop(target_path(platform, STAGED), None)
        self._publish(targets)

    def roll_out(self, platform: str, percent: int) -> None:
        """Sets for how many computers in a hundred the staged release is; with 100 it becomes everybody's."""
        targets = self._loaded(Targets)
        staged = targets.signed.targets.get(target_path(platform, STAGED))
        if staged is None:
            raise Fault(f"nothing is staged for {platform}")
        staged.unrecognized_fields["custom"][CUSTOM]["percent"] = _percent(percent)
        if percent == 100:
            file = self._target_file(staged)
            self._put(targets, file, platform, EVERYONE, staged.custom[CUSTOM])
            targets.signed.targets.pop(staged.path)
        self._publish(targets)

    def withdraw(self, platform: str) -> None:
        """Takes the staged release back: no other computer gets it. Those that have it keep it until a newer one."""
        targets = self._loaded(Targets)
        if targets.signed.targets.pop(target_path(platform, STAGED), None) is None:
            raise Fault(f"nothing is staged for {platform}")
        self._publish(targets)

    def refresh(self) -> list[str]:
        """Signs a new timestamp, and a new snapshot when that one ends within a week. Says what else ends soon."""
        snapshot = self._loaded(Snapshot)
        if self._left(snapshot) < timedelta(days=7):
            self._sign_snapshot(self._loaded(Targets))
        self._sign_timestamp()
        soon = []
        for kind in (Root, Targets):
            left = self._left(self._loaded(kind))
            if left < timedelta(days=30):
                soon.append(f"{kind.type} ends in {left.days} days")
        return soon

    def rotate(self, role: str, fresh: list[Any], threshold: int | None = None) -> None:
        """Puts other keys in the place of a role's keys, and signs anew what the old ones had signed.

        After keys of timestamp or snapshot were stolen rotate both: laptops then forget the versions that the thief
        may have counted up to.
        """
        document = self._loaded(Root)
        root, before = document.signed, list(document.signed.roles["root"].keyids)
        needed = root.roles["root"].threshold
        for key_id in list(root.roles[role].keyids):
            root.revoke_key(key_id, role)
        for key in fresh:
            root.add_key(key, role)
        root.roles[role].threshold = threshold or min(root.roles[role].threshold, len(fresh))
        root.version += 1
        self._sign_root(document, before, needed)
        if role == "targets":
            self._publish(self._loaded(Targets))
        elif role in ("snapshot", "timestamp"):
            if role == "snapshot":
                self._sign_snapshot(self._loaded(Targets))
            self._sign_timestamp()

    def renew_root(self) -> None:
        """The same root for longer."""
        document = self._loaded(Root)
        document.signed.version += 1
        role = document.signed.roles["root"]
        self._sign_root(document, list(role.keyids), role.threshold)

    # Looking.

    def summary(self) -> dict[str, Any]:
        """What is published, for people and scripts."""
        found: dict[str, Any] = {"roles": {}, "releases": []}
        for kind in (Root, Targets, Snapshot, Timestamp):
            document = self._loaded(kind)
            role = self._loaded(Root).signed.roles[kind.type]
            found["roles"][kind.type] = {
                "version": document.signed.version, "ends": document.signed.expires.isoformat(),
                "keys": len(role.keyids), "threshold": role.threshold,
            }  # fmt: skip
        for path, target in self._loaded(Targets).signed.targets.items():
            found["releases"].append({"target": path, "bytes": target.length, **target.custom[CUSTOM]})
        return found

    def preset(self, folder: Path, address: str) -> None:
        """Writes what an installation needs: `update.json` with the address, and the root."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "update.json").write_text(json.dumps({"address": address}) + "\n", "utf-8")
        shutil.copyfile(self._file("root"), folder / "root.json")

    # Inside.

    def _file(self, role: str, version: int | None = None) -> Path:
        return self.folder / "metadata" / (f"{role}.json" if version is None else f"{version}.{role}.json")

    def _loaded(self, kind: Any) -> Metadata[Any]:
        if kind in (Root, Timestamp):
            return Metadata.from_file(str(self._file(kind.type)))
        numbers = [int(file.name.split(".")[0]) for file in (self.folder / "metadata").glob(f"*.{kind.type}.json")]
        if not numbers:
            raise Fault("there is no repository in this folder")
        return Metadata.from_file(str(self._file(kind.type, max(numbers))))

    def _moment(self) -> datetime:
        return (self._now or datetime.now(UTC)).replace(microsecond=0, tzinfo=None)

    def _left(self, document: Metadata[Any]) -> timedelta:
        return document.signed.expires.replace(tzinfo=None) - self._moment()

    def _sign(self, document: Metadata[Any], key_ids: Iterable[str], threshold: int) -> None:
        document.signed.expires = self._moment() + timedelta(days=self._days[document.signed.type])
        document.signatures.clear()
        signers = [each for each in map(self.keys.signer, key_ids) if each is not None]
        if len(signers) < threshold:
            kind = document.signed.type
            raise Fault(f"{kind}: {threshold} keys have to sign, {len(signers)} of them are in the folders given")
        for signer in signers:
            document.sign(signer, append=True)

    def _sign_root(self, document: Metadata[Root], before: list[str], needed: int) -> None:
        """Signed by enough of the keys that hold now, and by enough of those that held before."""
        role = document.signed.roles["root"]
        ids = list(dict.fromkeys([*role.keyids, *before]))
        self._sign(document, ids, role.threshold)
        for holders, least in ((role.keyids, role.threshold), (before, needed)):
            if sum(key in document.signatures for key in holders) < least:
                raise Fault("root: enough of the keys that held before and of those that hold now have to sign")
        self._write(document, self._file("root", document.signed.version))
        self._write(document, self._file("root"))

    def _put(self, targets: Metadata[Targets], archive: Path, platform: str, slot: str, about: dict[str, Any]) -> None:
        path = target_path(platform, slot)
        target = TargetFile.from_file(path, str(archive), ["sha256"])
        target.unrecognized_fields["custom"] = {CUSTOM: dict(about)}
        targets.signed.targets[path] = target
        file = self._target_file(target)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        shutil.copyfile(archive, part)
        part.replace(file)

    def _target_file(self, target: TargetFile) -> Path:
        folder, _, name = target.path.rpartition("/")
        return self.folder / "targets" / folder / f"{target.hashes['sha256']}.{name}"

    def _publish(self, targets: Metadata[Targets], everything: bool = False) -> None:
        role = self._loaded(Root).signed.roles["targets"]
        targets.signed.version += 0 if everything else 1
        self._sign(targets, role.keyids, role.threshold)
        self._write(targets, self._file("targets", targets.signed.version))
        self._sign_snapshot(targets, everything)
        self._sign_timestamp(everything)

    def _sign_snapshot(self, targets: Metadata[Targets], first: bool = False) -> None:
        document = Metadata(Snapshot()) if first else self._loaded(Snapshot)
        role = self._loaded(Root).signed.roles["snapshot"]
        document.signed.version += 0 if first else 1
        file = self._file("targets", targets.signed.version)
        document.signed.meta = {"targets.json": _meta(file, targets.signed.version)}
        self._sign(document, role.keyids, role.threshold)
        self._write(document, self._file("snapshot", document.signed.version))

    def _sign_timestamp(self, first: bool = False) -> None:
        snapshot = self._loaded(Snapshot)
        document = Metadata(Timestamp()) if first else self._loaded(Timestamp)
        role = self._loaded(Root).signed.roles["timestamp"]
        document.signed.version += 0 if first else 1
        version = snapshot.signed.version
        document.signed.snapshot_meta = _meta(self._file("snapshot", version), version)
        self._sign(document, role.keyids, role.threshold)
        self._write(document, self._file("timestamp"))

    def _write(self, document: Metadata[Any], file: Path) -> None:
        part = file.with_suffix(".part")
        part.write_bytes(document.to_bytes())
        part.replace(file)


def _meta(file: Path, version: int) -> MetaFile:
    content = file.read_bytes()
    return MetaFile(version, len(content), {"sha256": hashlib.sha256(content).hexdigest()})


def _percent(value: int) -> int:
    if not 0 <= value <= 100:
        raise Fault("a roll-out is for 0 to 100 computers in a hundred")
    return value
