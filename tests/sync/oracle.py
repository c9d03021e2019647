"""The judges of a simulated history: invariants I1–I12 of the sync protocol, told from data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from kam_desktop.domain.entities import BY_NAME, ENTITIES
from kam_desktop.protocol.messages import checksum
from kam_desktop.server import change_log
from kam_desktop.store import landing
from kam_desktop.store.landing import column_of_wire
from tests.sync.nodes import Failed

NAMES = tuple(record.entity.name for record in ENTITIES)
COLUMNS = {name: ("id", *BY_NAME[name].names, "_seq", "_sort", "_extra") for name in NAMES}
ABOVE = {
    "contact": ("account", "account"), "activity": ("account", "account"), "occasion": ("account", "account"),
    "proposal": ("account", "account"), "proposal_version": ("proposal", "proposal"),
    "proposal_line": ("version", "proposal_version"), "invoice": ("account", "account"),
    "invoice_line": ("invoice", "invoice"), "instalment": ("invoice", "invoice"), "receipt": ("account", "account"),
    "credit_note": ("account", "account"), "allocation": ("instalment", "instalment"),
    "opening_settlement": ("invoice", "invoice"), "documents_confirmed": ("invoice", "invoice"),
    "receipt_decision": ("receipt", "receipt"), "promise_to_pay": ("account", "account"),
    "dunning_event": ("account", "account"), "task": ("account", "account"),
}  # fmt: skip
"""What a record hangs on, said here once more: a mistake in the product's own table must show."""
OF_THE_FIRM = {
    "firm", "rule", "payment_term", "payment_term_line", "dunning_step", "person", "product", "price_list",
    "price_list_item",
}  # fmt: skip
CARE = {"activity", "occasion", "task"}
SECRETS = {
    ("proposal_line", "cost"): {"lead", "manager", "finance"},
    ("product", "cost"): {"lead", "manager", "finance"},
    ("account", "internal_note"): {"kam", "lead", "manager", "auditor"},
    ("account", "risk"): {"kam", "lead", "manager", "auditor"},
    ("contact", "internal_note"): {"kam", "lead", "manager", "auditor"},
}


# While it runs.


def live(node: Any) -> None:
    """I8: what is shown of a record with waiting changes holds the newest value of each.

    Not of those that are sent again as the server lost them (numbers below 1): they were taken once, and what others
    wrote since, or a hand-over, may be what this laptop knows as the newest.
    """
    last: dict[tuple[str, str], dict[str, Any] | None] = {}
    for payload, entity, record in node.sql("select payload, entity, record from outbox where n > 0 order by n"):
        change = orjson.loads(payload)
        key = (entity, record)
        if change["action"] == "delete":
            last[key] = None
        elif change["action"] == "create" or last.get(key, ()) is not None:
            last[key] = {**(last.get(key) or {}), **change["new"]}
    for (entity, record), values in last.items():
        row = _row(node, entity, record)
        if values is None:
            if row is not None:
                raise Failed(f"I8 {node.label} shows {entity} {record}, whose deletion waits")
        elif row is not None:
            for name, value in values.items():
                each = next(found for found in BY_NAME[entity].fields if found.name == name)
                if row[name] != column_of_wire(each, value):
                    raise Failed(f"I8 {node.label} shows {entity}.{name} {row[name]!r} over its own waiting {value!r}")
        elif node.sql("select 1 from base where record = ?", record):
            raise Failed(f"I8 {node.label} does not show {entity} {record}, which waits")


def _row(node: Any, entity: str, record: str) -> Mapping[str, Any] | None:
    names = ", ".join(f'"{name}"' for name in COLUMNS[entity])
    rows = node.sql(f'select {names} from "{entity}" where id = ?', record)
    return dict(zip(COLUMNS[entity], rows[0], strict=True)) if rows else None


def before_answer(node: Any) -> None:
    """Remembers what an answer may or may not move."""
    node.seen_cursors = dict(node.sql("select scope, cursor from scope_cursor"))


def after_answer(run: Any, node: Any, flight: Any, stale: bool) -> None:
    """I9: only a pull moves cursors, never back; a late answer moves nothing."""
    now = dict(node.sql("select scope, cursor from scope_cursor"))
    if (stale or flight.call.name == "push") and now != node.seen_cursors:
        raise Failed(f"I9 {node.label}: a {'late' if stale else 'push'} answer moved a cursor")
    for scope, cursor in now.items():
        if cursor and not cursor.startswith("-"):
            stamp, seq = cursor.split(":")
            if int(seq) < node.high.get((stamp, scope), 0):
                raise Failed(f"I9 {node.label}: the cursor of {scope} went back")
            node.high[stamp, scope] = int(seq)


# When all is quiet.


def check(run: Any) -> None:
    """Everything that must hold when every laptop has synced and nothing waits."""
    server = Server(run.house)
    for node in run.nodes:
        _converged(server, node)
        _confidential(server, node)
        _waits_nothing(node)
        _settled(server, node)
        _digest(run, node)
        _quiet_cost(node)
        _caches(node)
    _log(run, server)
    _nothing_lost(run, server)
    _joined(run, server)


class Server:
    """What the server holds, and who may see it by rules of our own."""

    def __init__(self, house: Any) -> None:
        self.house = house
        with house.sql() as connection:
            self.rows: dict[str, dict[str, dict[str, Any]]] = {}
            for name in NAMES:
                columns = (*COLUMNS[name], "_deleted_seq")
                texts = ", ".join(f'"{each}"' for each in columns)
                found = connection.rows(f'select {texts} from "{name}"')
                self.rows[name] = {row[0]: dict(zip(columns, row, strict=True)) for row in found}
            self.users = {row[0]: row[1:] for row in connection.rows("select id, role, team from user_account")}
            self.leads = dict(connection.rows("select id, lead from team"))
            self.helpers = set(connection.rows("select account, person from account_helper"))
            self.log = connection.rows(
                "select seq, group_id, place, entity, record, action, old, new, author, device, written_at "
                "from change_log order by seq"
            )
            self.conflicts = connection.rows(
                "select id, entity, record, kind, theirs, mine, kept, group_id, resolved from conflict"
            )
            self.groups = {
                row[0]: orjson.loads(row[1])[0] if row[1] else "accepted"
                for row in connection.rows("select group_id, verdict from group_applied")
            }
            self.held = {row[0] for row in connection.rows("select group_id from recovered")}
            self.broken = change_log.broken_link(connection)

    def account_of(self, entity: str, row: Mapping[str, Any]) -> str | None:
        """The account that a row hangs on, "" for none, None when that is not known."""
        while entity != "account":
            field, parent = ABOVE[entity]
            if not row[field]:
                return ""
            above = self.rows[parent].get(row[field])
            if above is None:
                return None
            entity, row = parent, above
        return str(row["id"])

    def sees(self, user: str, entity: str, row: Mapping[str, Any]) -> bool:
        """Whether a user may see a row, by the table of the protocol (rule 6) and the policy's roles."""
        role, _ = self.users[user]
        if entity in OF_THE_FIRM:
            return True
        if entity == "saved_view":
            return bool(row["shared"]) or row["person"] == user
        account = self.account_of(entity, row)
        if account is None:
            return False
        if not account:
            if entity == "task":
                return bool(row["owner"] == user)
            return role in ("finance", "auditor")
        owner = self.rows["account"][account]["owner"] or ""
        if role == "finance":
            return entity not in CARE
        if role in ("manager", "auditor"):
            return True
        if role not in ("kam", "lead"):
            return False
        led = role == "lead" and owner in self.users and self.leads.get(self.users[owner][1]) == user
        return bool(owner == user or led or (account, user) in self.helpers)

    def visible(self, user: str) -> dict[str, dict[str, dict[str, Any]]]:
        """Living rows by entity and id, without the fields that are closed to the user."""
        role = self.users[user][0]
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for entity in NAMES:
            found[entity] = {}
            for identity, row in self.rows[entity].items():
                if row["_deleted_seq"] is None and self.sees(user, entity, row):
                    shown = {name: row[name] for name in COLUMNS[entity]}
                    for (kind, name), roles in SECRETS.items():
                        if kind == entity and role not in roles:
                            shown[name] = landing.EMPTIES[entity][name]
                    found[entity][identity] = shown
        return found


def _converged(server: Server, node: Any) -> None:
    """I1, I2, I3: the tables of the laptop are what its user may see, byte for byte."""
    want = server.visible(node.user)
    held_back = _held_back(node)
    for entity in NAMES:
        names = ", ".join(f'"{name}"' for name in COLUMNS[entity])
        got = {
            row[0]: dict(zip(COLUMNS[entity], row, strict=True)) for row in node.sql(f'select {names} from "{entity}"')
        }
        strange = [each for each in got.keys() - want[entity].keys() if each not in held_back]
        if strange:
            raise Failed(f"I3 {node.label} holds {entity} {min(strange)} that it must not")
        if missing := want[entity].keys() - got.keys():
            raise Failed(f"I2 {node.label} lacks {entity} {min(missing)}")
        for identity, row in want[entity].items():
            if row != got[identity]:
                wrong = {name: (got[identity][name], row[name]) for name in row if row[name] != got[identity][name]}
                raise Failed(f"I1 {node.label} {entity} {identity}: (laptop, server) {wrong}")


def _settled(server: Server, node: Any) -> None:
    """I7: what one dealt with is dealt with everywhere, and nothing else is."""
    if waiting := node.sql("select key from meta where key like 'settle:%'"):
        raise Failed(f"I10 {node.label} has still to tell what was dealt with: {waiting}")
    resolved = {row[0]: row[-1] is not None for row in server.conflicts}
    for identity, state in node.sql("select id, state from conflict where fields <> '{}'"):
        if identity in resolved and (state == "open") == resolved[identity]:
            word = "settled" if resolved[identity] else "open"
            raise Failed(f"I7 a conflict is {word} at the server and {state} at {node.label}")


def _held_back(node: Any) -> set[str]:
    """Records that stay here because the role may not write them (first connect): they are listed, not dropped."""
    found: set[str] = set()
    for changes, problem in node.sql("select changes, problem from needs_you"):
        if orjson.loads(problem).get("code") == "role_may_not":
            found |= {each["id"] for each in orjson.loads(changes)}
    return found


def _confidential(server: Server, node: Any) -> None:
    """I3 beside the tables: nothing of a record that the user may not see lies in what the store keeps of records."""
    role = server.users[node.user][0]
    held_back = _held_back(node)
    tables = ("base", "row_scope", "acknowledged", "history", "search_queue", "conflict", "search_doc")
    told = {table: {row[0] for row in node.sql(f"select distinct record from {table}")} for table in tables}
    for entity in NAMES:
        for identity, row in server.rows[entity].items():
            if identity in held_back or server.sees(node.user, entity, row):
                continue
            for table in (each for each in tables if identity in told[each]):
                if table != "acknowledged" or not own_deletion(node, identity):
                    raise Failed(f"I3 {node.label} keeps something of {entity} {identity} in {table}")
    for (entity, name), roles in SECRETS.items():
        if role not in roles:
            for (text,) in node.sql("select fields from conflict where entity = ?", entity):
                if name in orjson.loads(text):
                    raise Failed(f"I3 {node.label} keeps {entity}.{name} in a conflict")


def own_deletion(node: Any, record: str) -> bool:
    """Whether this laptop deleted the record: that is kept for a server that is set back."""
    rows = node.sql("select payload from acknowledged where record = ?", record)
    return any(orjson.loads(row[0])["action"] == "delete" for row in rows)


def _waits_nothing(node: Any) -> None:
    """I10: the outbox is empty, and so is what was kept for it."""
    if node.sql("select 1 from outbox limit 1"):
        raise Failed(f"I10 {node.label} has an outbox that does not empty")
    if node.sql("select 1 from base limit 1"):
        raise Failed(f"I10 {node.label} keeps a base of a record that nothing waits for")
    if node.sql("select 1 from scope_cursor where whole = 0"):
        raise Failed(f"I10 {node.label} has a scope that is not whole")


def _digest(run: Any, node: Any) -> None:
    """I12: sums by scope and kind are those of the server."""
    scopes = [row[0] for row in node.sql("select scope from scope_cursor order by scope")]
    standing = node.state.standing()
    message = {
        "workspace": standing.workspace, "epoch": standing.epoch, "device": standing.device, "protocol": 1,
        "schema": 2, "mark": standing.mark, "scopes": scopes, "below": [], "rows": [],
    }  # fmt: skip
    answer = run.house.answer("digest", node.subject, message)
    held: dict[str, dict[str, list[tuple[str, int]]]] = {scope: {} for scope in scopes}
    for entity in NAMES:
        joined = f'select s.scope, r.id, r._seq from row_scope s join "{entity}" r on r.id = s.record order by r.id'
        for scope, identity, seq in node.sql(joined):
            held.setdefault(scope, {}).setdefault(entity, []).append((identity, seq))
    for scope, kinds in held.items():
        mine = {
            entity: [len(rows), checksum([row[0] for row in rows], [row[1] for row in rows])]
            for entity, rows in kinds.items()
        }
        if mine != answer["sums"].get(scope):
            raise Failed(f"I12 {node.label}: the digest of {scope} differs: {mine} {answer['sums'].get(scope)}")


def _quiet_cost(node: Any) -> None:
    """I11: a cycle with nothing to do is one small request with a small answer."""
    call, answer = node.quiet  # the only ones of the last round, in which nothing was to be done
    if call.name != "pull":
        raise Failed(f"I11 {node.label} asks {call.name} with nothing to do")
    scopes = len(call.message["cursors"])
    if len(orjson.dumps(call.message)) > 500 + 130 * scopes or len(orjson.dumps(answer)) > 700 + 130 * scopes:
        raise Failed(f"I11 {node.label}: a cycle with nothing to do is not small")


def _caches(node: Any) -> None:
    """What is computed from records is what it would be if it were computed anew; every record can be found."""
    with node.store.database.read() as connection:
        kept = list(connection.exec_driver_sql("select * from cache_instalment order by 1, 2"))
    with node.store.database.write() as connection:
        landing.rebuild_caches(connection)
        anew = list(connection.exec_driver_sql("select * from cache_instalment order by 1, 2"))
    if kept != anew:
        raise Failed(f"caches of {node.label} are not those of its records")


def _log(run: Any, server: Server) -> None:
    """I5, I6, I7, I9 by the server's change log."""
    if server.broken is not None:
        raise Failed(f"the change log is broken at {server.broken}")
    asked = {
        (group, place): (made, change)
        for group, made in run.written.items()
        for place, change in enumerate(made.changes)
    }
    once: set[tuple[str, int]] = set()
    gone: dict[str, int] = {}
    last: dict[tuple[str, str], tuple[Any, ...]] = {}
    conflicts: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for row in server.conflicts:
        conflicts.setdefault((row[7], row[2]), []).append(row)
    # A server that was set back has forgotten the numbers by which it knows a copy from the original (see README.md).
    inherited = {node.label: node.inherited for node in run.nodes} if not run.epochs else None
    _no_quarrel_with_oneself(server)
    for seq, group, place, _entity, record, action, _old, new, author, device, _ in server.log:
        if "payment_days" in json.loads(new or "{}") and "rights" not in run.faults:
            if server.users[author][0] not in ("manager", "finance"):
                raise Failed(f"payment_days was written by {server.users[author][0]}")
        if action == "delete":
            gone[record] = seq  # what takes its place overwrites nothing
            _unseen_edit(seq, record, device, asked.get((group, place), (None,))[0], place, last, inherited)
        if action != "reassign":
            if (group, place) in once:
                raise Failed(f"I5 a change was applied twice: {group} {place}")
            once.add((group, place))
        values = json.loads(new or "{}")
        made, change = asked.get((group, place), (None, None))
        for name, value in values.items():
            if name == "helpers":
                continue
            if change is not None and action != "delete" and name not in ("owner", "author"):
                if name not in change.new or change.new[name] != value:
                    raise Failed(f"I6 {_entity}.{name} of {record} was written {value!r}, which nobody asked for")
            before = last.get((record, name))
            if (
                made is not None and change is not None and before is not None and action == "update"
                and before[0] > max(made.base[place], gone.get(record, 0)) and before[2] != value
                and (before[1] != device or _others(before[3], made, inherited))
            ):  # fmt: skip
                kept = [json.loads(each[4]) for each in conflicts.get((group, record), ())]
                if not any(name in each for each in kept):
                    raise Failed(
                        f"I7 {_entity}.{name} of {record}: {before[2]!r} was overwritten silently by {value!r}"
                    )
            last[record, name] = (seq, device, value, made and (made.node, group))
    for (record, name), (_, _, value, _) in last.items():
        for entity in NAMES:
            row = server.rows[entity].get(record)
            if row is not None and name == "mood" and json.loads(row["_extra"] or "{}").get(name) != value:
                raise Failed(f"I6 {entity}.{name} of {record}, of a newer program, is gone: {row['_extra']!r}")
            if row is not None and name in row and row["_deleted_seq"] is None:
                each = next(found for found in BY_NAME[entity].fields if found.name == name)
                if row[name] != column_of_wire(each, value):
                    raise Failed(f"I6 {entity}.{name} of {record} is {row[name]!r}, written last was {value!r}")
    if not run.epochs:
        _in_order(run, server)


def _unseen_edit(
    seq: int, record: str, device: str, made: Any, place: int, last: Mapping[tuple[str, str], Any],
    inherited: Mapping[str, set[str]] | None,
) -> None:  # fmt: skip
    """An edit beats a deletion that had not seen it."""
    for (edited, name), (at, by, value, before) in last.items():
        if made is None or edited != record or name == "owner" or at <= made.base[place]:
            continue  # an owner is told with every reassignment, also one that names the same
        if by != device or _others(before, made, inherited):
            raise Failed(f"I7 {record} was deleted at {seq} over {name} = {value!r}, which nobody had seen there")


def _others(before: Any, made: Any, inherited: Mapping[str, set[str]] | None) -> bool:
    """Whether another copy of the same laptop wrote it, which this one knows nothing of."""
    if inherited is None:
        return False
    return bool(before) and before[0] != made.node and before[1] not in inherited.get(made.node, set())


def _with_their_groups(entity: str, names: Iterable[str]) -> set[str]:
    """The fields, and those that only make sense together with one of them."""
    fields = BY_NAME[entity].fields
    groups = {each.group for each in fields if each.name in names and each.group}
    return {*names, *(each.name for each in fields if each.group in groups)}


def _no_quarrel_with_oneself(server: Server) -> None:
    """I7 the other way: what the same laptop wrote last is no conflict."""
    device_of = {row[1]: row[9] for row in server.log}
    for _identity, entity, record, kind, theirs, _mine, _kept, group, _ in server.conflicts:
        names = _with_their_groups(entity, json.loads(theirs))
        if kind not in ("displaced", "asked") or group not in device_of or not names:
            continue
        first = min(row[0] for row in server.log if row[1] == group)
        writers = {}
        for row in server.log:
            if row[0] < first and row[4] == record:
                writers.update(dict.fromkeys(json.loads(row[7] or "{}"), row[9]))
        if all(writers.get(name) == device_of[group] for name in names):
            raise Failed(f"I7 a laptop's change of {record} meets a conflict with its own one")


def _in_order(run: Any, server: Server) -> None:
    """I9: what one laptop wrote was taken in the order in which it wrote it."""
    newest: dict[tuple[str, int], int] = {}
    for _seq, group, _place, _entity, _record, _action, _old, _new, _author, device, _ in server.log:
        made = run.written.get(group)
        if made is not None:
            key = (made.node, device)
            if made.order < newest.get(key, 0):
                raise Failed(f"I9 {made.node}: changes were taken in another order than they were made")
            newest[key] = made.order


def _nothing_lost(run: Any, server: Server) -> None:
    """I4: every group is known to the server with its values, or lies before its author."""
    listed: dict[str, set[str]] = {}
    beside: dict[tuple[str, str], dict[str, Any]] = {}  # (laptop, record): own values in a conflict of a first connect
    made_here: dict[tuple[str, str], dict[str, Any]] = {}  # (user, record): values of a creation that lies before them
    for node in run.nodes:
        for identity, listed_changes in node.sql("select id, changes from needs_you"):
            listed.setdefault(identity, set()).add(node.user)
            for change in json.loads(listed_changes):
                if change.get("action") == "create":
                    made_here[node.user, change["id"]] = change["new"]
        for record, fields in node.sql("select record, fields from conflict where state = 'open'"):
            found = {name: each["other"] for name, each in json.loads(fields).items()}
            beside.setdefault((node.label, record), {}).update(found)
    sent_anew: dict[tuple[str, str], dict[str, Any]] = {}  # the same of one that stands at the server
    logged: dict[tuple[str, str], list[Any]] = {}
    deleted = set()
    known = {record for rows in server.rows.values() for record in rows}
    for row in server.log:
        if row[5] == "create":
            sent_anew[row[8], row[4]] = json.loads(row[7] or "{}")
        for name, value in json.loads(row[7] or "{}").items():
            logged.setdefault((row[4], name), []).append(value)
        if row[5] == "delete":
            deleted.add(row[4])
    for group, made in run.written.items():
        if group in run.excused or group in server.held:
            continue
        if made.user in listed.get(group, ()):
            continue
        kind = server.groups.get(group)
        if kind is None and all(
            # a laptop set back to before its first connect joins anew, with each record as it has become
            (change.action.value == "update" and change.new.items() <= made_here.get(key, {}).items())
            or (
                made.node in run.made_before_joining
                and key in sent_anew
                and change.action.value != "delete"
                and all(
                    name in own and own[name] == value
                    for own in ({**sent_anew[key], **beside.get((made.node, change.record), {})},)
                    for name, value in change.new.items()
                )
            )
            or (made.node in run.made_before_joining and change.action.value == "delete" and key[1] not in known)
            for change in made.changes
            for key in ((made.user, change.record),)
        ):
            continue
        if kind is None:
            raise Failed(f"I4 the work of {made.node} is lost: {[(c.entity, c.action.value) for c in made.changes]}")
        if kind in ("conflict", "refused"):
            raise Failed(f"I4 {made.node} was not told what became of {made.changes[0].entity} ({kind})")
        for change in (each for each in made.changes if (group, each.record, "") not in run.let_go):
            if change.action.value == "update":
                for name, value in change.new.items():
                    gone = (group, change.record, name) in run.let_go
                    if not gone and not _stood(logged, server, change, name, value, group):
                        raise Failed(f"I4 {change.entity}.{name} = {value!r} of {made.node} was taken and never stood")
            elif change.action.value == "create" and (change.record, change.entity) not in _made(server):
                raise Failed(f"I4 {change.entity} {change.record} of {made.node} was taken and never made")


def _stood(logged: Any, server: Server, change: Any, name: str, value: Any, group: str) -> bool:
    found = logged.get((change.record, name), [])
    if value in found or not value or value == change.old.get(name):
        return True
    default = next(each.default for each in BY_NAME[change.entity].fields if each.name == name)
    if value == default:
        return True
    return any(name in json.loads(row[5]) for row in server.conflicts if row[2] == change.record and row[7] == group)


def _made(server: Server) -> set[tuple[str, str]]:
    if not hasattr(server, "made"):
        server.made = {(row[4], row[3]) for row in server.log}  # type: ignore[attr-defined]
    return server.made  # type: ignore[attr-defined,no-any-return]


def _joined(run: Any, server: Server) -> None:
    """I4 of a first connect: what was here before is at the server, one with a record of the server, or listed."""
    known = {record for rows in server.rows.values() for record in rows} | {row[4] for row in server.log}
    for node in run.nodes:
        before = run.made_before_joining.get(node.label, {})
        listed = {
            each["id"] for (changes,) in node.sql("select changes from needs_you") for each in orjson.loads(changes)
        }
        deleted = {row[0] for row in node.sql("select record from history where action = 'delete'")}
        lost = {each for each in before if each not in known and each not in listed and each not in deleted}
        # What was matched became the server's: one account by its tax code, and contacts under it by their phone.
        matched = [each for each in lost if before[each] == "contact"]
        matched += [each for each in lost if before[each] == "account"][:1]
        if len(lost) > len(matched) and not run.epochs:
            raise Failed(f"I4 {node.label} lost {len(lost)} records when it connected")
