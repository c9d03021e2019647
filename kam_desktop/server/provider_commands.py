"""The command kam-server provider: set, show, check, clear, link, unlink, list."""

from __future__ import annotations

import argparse
import time
from typing import Any

from kam_desktop.domain.clock import SystemClock
from kam_desktop.domain.errors import Problem, Refused
from kam_desktop.domain.policy import Policy
from kam_desktop.domain.text import clean
from kam_desktop.language import N_
from kam_desktop.server import provider
from kam_desktop.server.database import Database
from kam_desktop.server.provider import DAYS, Provider, Rule
from kam_desktop.server.provider_door import Door


def options(made: argparse.ArgumentParser) -> None:
    """What the command takes."""
    made.add_argument("deed", choices=("set", "show", "check", "clear", "link", "unlink", "list"))
    made.add_argument("user", nargs="?", default="", metavar="NAME", help="of link, unlink: the user")
    made.add_argument("--issuer", default="", metavar="URL", help="exactly as the provider names itself")
    made.add_argument("--client-id", default="", help="of this program at the provider: public, code with PKCE, "
                      "redirect http://127.0.0.1/kam with any port")  # fmt: skip
    made.add_argument("--name", default="", help="as it stands on the button, such as “Mộc Lam”")
    made.add_argument("--groups-claim", default="groups", metavar="CLAIM", help="else “groups”")
    made.add_argument("--group", action="append", default=[], metavar="GROUP=ROLE[:TEAM]",
                      help="who is in it has this role; the first that fits counts; * is everybody")  # fmt: skip
    made.add_argument("--create", action="store_true", help="makes users for those whom a group gives a role")
    made.add_argument("--days", type=int, default=DAYS, help=f"after so many it is asked again; else {DAYS}")
    made.add_argument("--trial", action="store_true", help="allows plain http to this very machine")
    made.add_argument("--subject", default="", help="of link: the provider's own id of the user (sub)")
    made.add_argument("--email", default="", help="of link: whoever signs in first with this verified address")


def done(args: argparse.Namespace, database: Database, policy: Policy) -> dict[str, Any]:
    """Carries it out; what is to be told. Raises Refused, Unavailable."""
    clock = SystemClock()
    if args.deed == "check":
        with database.read() as connection:
            found = provider.read(connection)
        if found is None:
            raise Refused(Problem("provider", "no_provider", N_("No identity provider is set.")))
        door = Door(time.monotonic)
        where = door.addresses(found)
        return {"issuer": found.issuer, "authorize": where.authorize, "token": where.token,
                "keys": len(door.keys(found))}  # fmt: skip
    with database.write() as connection:
        if args.deed == "set":
            rules = tuple(_rule(each) for each in args.group)
            wanted = Provider(args.issuer, args.client_id, clean(args.name), args.groups_claim, rules, args.create,
                              args.days, args.trial)  # fmt: skip
            provider.put(connection, wanted, policy, clock)
        elif args.deed == "clear":
            provider.clear(connection, clock)
        elif args.deed == "link":
            provider.link(connection, args.user, clock, subject=args.subject, email=args.email)
        elif args.deed == "unlink":
            provider.unlink(connection, args.user, clock)
        elif args.deed == "list":
            rows = provider.linked(connection)
            return {"links": [{"user": each.user, "subject": each.subject, "email": each.email} for each in rows]}
        return _shown(provider.read(connection))


def _shown(found: Provider | None) -> dict[str, Any]:
    if found is None:
        return {"issuer": None, "rules": []}
    return {
        "issuer": found.issuer, "client_id": found.client_id, "name": found.name, "groups_claim": found.groups_claim,
        "create": found.creates, "days": found.days, "trial": found.trial,
        "rules": [{"group": each.group, "role": each.role, "team": each.team} for each in found.rules],
    }  # fmt: skip


def _rule(text: str) -> Rule:
    group, equals, rest = text.rpartition("=")
    role, _, team = rest.partition(":")
    if not equals or not group:
        message = N_("“{text}” is not GROUP=ROLE or GROUP=ROLE:TEAM.")
        raise Refused(Problem("group", "bad_group", message, {"text": text[:100]}))
    return Rule(group, role, clean(team))
