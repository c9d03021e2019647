"""The laptop's session: tokens kept, renewed after lost answers, and a keyring that stays silent."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from kam_desktop.domain.errors import SignedOut, Unavailable
from kam_desktop.protocol import proofs
from kam_desktop.sync.keeping import DEVICE_KEY, KEYRING, PROFILE, TokenKeeping
from kam_desktop.sync.proving import Prover
from kam_desktop.sync.session import EARLY_S, Session

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
OTHER = "01900000-0000-7000-8000-000000000001"


@dataclass
class Ring:
    """A keyring that works, or does not answer."""

    kept: dict[str, str] = field(default_factory=dict)
    silent: bool = False

    def _ask(self) -> None:
        if self.silent:
            raise Unavailable("keyring_timeout", "The keyring does not answer.")

    def read(self, name: str) -> str | None:
        self._ask()
        return self.kept.get(name)

    def write(self, name: str, secret: str) -> None:
        self._ask()
        self.kept[name] = secret

    def delete(self, name: str) -> None:
        self._ask()
        self.kept.pop(name, None)


@dataclass
class Notes:
    kept: dict[str, str] = field(default_factory=dict)

    def note(self, key: str) -> str:
        return self.kept.get(key, "")

    def set_note(self, key: str, value: str) -> None:
        self.kept[key] = value


@dataclass
class Road:
    """Answers that a test has laid ready; an exception among them is raised."""

    answers: list[Any] = field(default_factory=list)
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def call(self, name: str, message: Mapping[str, Any], *, timeout_s: float = 0) -> Mapping[str, Any]:
        self.asked.append((name, dict(message)))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]


def renewed(number: int) -> dict[str, Any]:
    return {"access": f"access-{number}", "refresh": f"family.{number}", "expires_s": 600}


def signed_in() -> dict[str, Any]:
    return {
        **renewed(1), "user": OTHER, "person": OTHER, "role": "kam", "letter": "A", "workspace": OTHER, "epoch": 1,
        "rights": 1,
    }  # fmt: skip


class Desk:
    def __init__(self, ring: Ring | None, notes: Notes | None = None, now: Callable[[], float] | None = None) -> None:
        self.ring, self.notes, self.road, self.time = ring, notes or Notes(), Road(), 0.0
        self.keeping = TokenKeeping(ring, self.notes, "sync x", bytes(32), os.urandom(12))
        self.keys = TokenKeeping(ring, self.notes, "sync x key", bytes(32), os.urandom(12), DEVICE_KEY)
        self.prover = Prover(self.keys, "https://kam.test", lambda: AT, "d" * 32)
        self.session = Session(self.road, self.keeping, now or (lambda: self.time), "d" * 32, self.prover)

    def sign_in(self) -> None:
        self.road.answers.append(signed_in())
        self.session.sign_in("an", "password")


@pytest.mark.parametrize("ring", [Ring(), None, Ring(silent=True)], ids=["keyring", "no keyring", "silent keyring"])
def test_a_token_is_kept_in_the_keyring_else_sealed_in_the_profile(ring: Ring | None) -> None:
    desk = Desk(ring)
    desk.sign_in()
    in_ring = ring is not None and not ring.silent
    assert desk.keeping.place == (KEYRING if in_ring else PROFILE)
    assert "family.1" not in repr(desk.notes.kept)
    again = Desk(ring, desk.notes)  # the program begins anew
    again.road.answers.append(renewed(2))
    again.session.ensure()
    (name, message), first = again.road.asked[0], desk.road.asked[0]
    assert (name, message["refresh"], message["device"]) == ("refresh", "family.1", "d" * 32)
    assert proofs.read(message["proof"]).thumbprint == proofs.read(first[1]["proof"]).thumbprint
    assert again.session.token() == "access-2"


def test_a_sealed_token_is_of_use_in_its_own_profile_alone() -> None:
    desk = Desk(None)
    desk.sign_in()
    other = TokenKeeping(None, desk.notes, "sync y", bytes(32), os.urandom(12))
    assert other.read() == ""
    assert TokenKeeping(None, desk.notes, "sync x", b"k" * 32, os.urandom(12)).read() == ""


def test_a_keyring_that_does_not_answer_signs_nobody_out() -> None:
    desk = Desk(Ring())
    desk.sign_in()
    assert desk.ring is not None
    desk.ring.silent = True
    desk.time = 600.0
    with pytest.raises(Unavailable) as found:
        desk.session.ensure()
    assert not isinstance(found.value, SignedOut)
    assert not desk.road.answers and len(desk.road.asked) == 1
    desk.ring.silent = False
    desk.road.answers.append(renewed(2))
    desk.session.ensure()
    assert desk.session.token() == "access-2"


def test_a_keyring_that_vanished_signs_nobody_out() -> None:
    desk = Desk(Ring())
    desk.sign_in()
    gone = Desk(None, desk.notes)
    with pytest.raises(Unavailable) as found:
        gone.session.ensure()
    assert not isinstance(found.value, SignedOut)
    assert gone.keeping.place == KEYRING


def test_a_keyring_that_falls_silent_between_asking_and_keeping_loses_no_token() -> None:
    desk = Desk(Ring())
    desk.sign_in()
    desk.time = 600.0

    class Silencing(Road):
        def call(self, name: str, message: Mapping[str, Any], *, timeout_s: float = 0) -> Mapping[str, Any]:
            assert desk.ring is not None
            desk.ring.silent = True
            return renewed(2)

    desk.session._transport = Silencing()
    desk.session.ensure()
    assert desk.keeping.place == PROFILE and "family.2" in desk.keeping.read()


def test_it_is_renewed_early_and_only_then() -> None:
    desk = Desk(Ring())
    desk.sign_in()
    desk.time = 600 - EARLY_S - 1
    desk.session.ensure()
    assert len(desk.road.asked) == 1
    desk.time = 600 - EARLY_S
    desk.road.answers.append(renewed(2))
    desk.session.ensure()
    assert len(desk.road.asked) == 2


@pytest.mark.parametrize(
    "answer",
    [Unavailable("cut", "x"), Unavailable("portal", "x"), {}, {"access": 1}, {**renewed(2), "refresh": ""},
     {**renewed(2), "expires_s": "600"}, {**renewed(2), "expires_s": 0}],
)  # fmt: skip
def test_a_lost_or_broken_answer_leaves_the_token_that_was_sent(answer: Any) -> None:
    desk = Desk(Ring())
    desk.sign_in()
    desk.time = 600.0
    desk.road.answers += [answer, renewed(2)]
    with pytest.raises(Unavailable):
        desk.session.ensure()
    desk.session.ensure()
    assert [message["refresh"] for _, message in desk.road.asked[1:]] == ["family.1", "family.1"]


def test_only_our_servers_word_signs_out() -> None:
    desk = Desk(Ring())
    desk.sign_in()
    desk.time = 600.0
    desk.road.answers.append(SignedOut("sign_in", "Sign in again."))
    with pytest.raises(SignedOut):
        desk.session.ensure()
    assert desk.keeping.read() == "" and desk.keeping.place == ""
    with pytest.raises(SignedOut):
        desk.session.ensure()
    assert len(desk.road.asked) == 2  # nobody is asked without a token


@pytest.mark.parametrize("answer", [{}, Unavailable("offline", "x"), SignedOut("sign_in", "x")])
def test_signing_out_forgets_here_in_any_case(answer: Any) -> None:
    desk = Desk(Ring())
    desk.sign_in()
    desk.road.answers.append(answer)
    desk.session.sign_out()
    assert desk.keeping.read() == "" and desk.session.token() == ""
    assert desk.ring is not None and list(desk.ring.kept) == ["sync x key"]  # the key stays, for the next sign-in


def test_a_wrong_password_leaves_the_session_that_was(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(Ring())
    desk.sign_in()
    desk.road.answers.append(SignedOut("wrong_password", "The name or the password is wrong."))
    with pytest.raises(SignedOut):
        desk.session.sign_in("an", "geheim und falsch")
    assert "family.1" in desk.keeping.read()
    assert "geheim" not in caplog.text and "family" not in caplog.text
