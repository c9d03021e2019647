"""A laptop's key for tests that make their own calls: proofs with the nonce that was asked for last."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from kam_desktop.protocol.addresses import PATHS
from kam_desktop.protocol.messages import Problem
from kam_desktop.protocol.proofs import USE_NONCE, DeviceKey

PROVEN = ("sign-in", "refresh", "hand-in", "browser-begin", "browser-sign-in")
_numbers = itertools.count(1)


class LaptopKey:
    """One device key and the newest nonce."""

    def __init__(self) -> None:
        self.key, self.nonce = DeviceKey.new(), ""

    def proof(self, name: str, address: str = "http://kam.test", attempt: str = "") -> str:
        """A proof for one call."""
        identity = f"{self.key.thumbprint}-{next(_numbers)}"
        return self.key.proof(address + PATHS[name], identity=identity, at_s=0, nonce=self.nonce, attempt=attempt)

    def asked(
        self, work: Callable[..., Mapping[str, Any]], name: str, token: str, message: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Asks a service in this process, once more with the nonce that it wants."""
        attempt = str(message.get("attempt", ""))
        sent = {key: value for key, value in message.items() if key != "attempt"}
        try:
            return dict(work(name, token, {**sent, "proof": self.proof(name, attempt=attempt)}))
        except Problem as problem:
            if problem.code != USE_NONCE:
                raise
            self.nonce = str(problem.args_named["nonce"])
        return dict(work(name, token, {**sent, "proof": self.proof(name, attempt=attempt)}))

    def headed(self, post: Callable[[dict[str, str]], Any], name: str, address: str, attempt: str = "") -> Any:
        """Asks over the wire: `post` gets the header to send; once more with the nonce that the server wants."""
        reply = post({"DPoP": self.proof(name, address, attempt)})
        if "DPoP-Nonce" in reply.headers:
            self.nonce = reply.headers["DPoP-Nonce"]
            reply = post({"DPoP": self.proof(name, address, attempt)})
        return reply


@cache
def key_of(device: str) -> LaptopKey:
    """The key of a laptop, the same for all of a run."""
    return LaptopKey()
