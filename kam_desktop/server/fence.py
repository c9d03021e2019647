"""PostgreSQL row-level security, the second fence: what a caller may not read is not given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from kam_desktop.domain import scopes
from kam_desktop.domain.policy import Policy
from kam_desktop.language import N_
from kam_desktop.protocol.messages import Problem
from kam_desktop.server import tables
from kam_desktop.server.database import Connection

ROLE = "kam_fence"
"""Owns nothing and signs in nowhere; a transaction that answers a caller takes it on (SET LOCAL ROLE)."""
SCOPES = "kam.scopes"
"""The setting of a transaction that holds the numbers of the caller's scopes, found by the database."""
_HELD = "coalesce(nullif(current_setting('kam.scopes', true), ''), '{}')::bigint[]"
_FUNCTION = "kam_fence_scopes"


def missing(connection: Connection, policy: Policy) -> list[str]:
    """What puts up the fence, or brings it to these tables and this policy; nothing where it stands, or on SQLite.

    The function that finds the scopes is made from the policy's reach; what a scope holds is the feed, which the
    server writes from `domain.scopes`.
    """
    if not connection.postgresql:
        return []
    wanted = _comment(policy)
    found = connection.one("select obj_description(to_regprocedure(?))", (f"{_FUNCTION}(text)",))
    if found is not None and found[0] == wanted:
        return []
    made = [
        # roles are those of all databases of a server: another one may make it in this moment
        f"do $$ begin create role {ROLE} nologin; "
        "exception when duplicate_object or unique_violation then null; end $$",
        f"do $$ begin if not pg_has_role(current_user, '{ROLE}', 'member') then "
        f"execute 'grant {ROLE} to ' || quote_ident(current_user); end if; end $$",
        f"do $$ begin execute 'grant usage on schema ' || quote_ident(current_schema()) || ' to {ROLE}'; end $$",
        _function(policy),
        f"revoke all on function {_FUNCTION}(text) from public",
    ]
    made += [f'grant select on "{name}" to {ROLE}' for name in sorted(tables.metadata.tables) if name not in _SECRET]
    made += [f'grant select ({columns}) on "{name}" to {ROLE}' for name, columns in _SOME.items()]
    for name, condition in _conditions().items():
        made += [
            f'alter table "{name}" enable row level security',
            f'alter table "{name}" force row level security',  # whoever owns the tables is no exception
            f'drop policy if exists kam_server on "{name}"',
            f'drop policy if exists kam_fence on "{name}"',
            f'create policy kam_server on "{name}" to current_user using (true) with check (true)',
            f'create policy kam_fence on "{name}" for select to {ROLE} using ({condition})',
        ]
    return [*made, f"comment on function {_FUNCTION}(text) is '{wanted}'"]


_MAY = (
    "select r.rolsuper or (bool_and(c.relowner = r.oid) and (r.rolcreaterole or exists "  # noqa: S608 — our own names
    f"(select 1 from pg_roles f where f.rolname = '{ROLE}' and pg_has_role(r.oid, f.oid, 'member')))) "
    "from pg_roles r, pg_class c where r.rolname = current_user and c.relname in ('feed', 'account') "
    "and c.relnamespace = current_schema()::regnamespace group by r.oid, r.rolsuper, r.rolcreaterole"
)
"""Whether this role may put it up: the tables are its own, and it may make the fence's role or has it."""
_SECRET = frozenset((
    "session", "access_token", "sign_in_failure", "user_account", "workspace", "identity_provider", "identity",
    "identity_link",
))  # fmt: skip
"""Tables that the fence's role reads nothing of, or some columns alone."""
_SOME = {"user_account": "id, name, role, team, disabled, rights", "workspace": "id, epoch, seq, hash, schema, state"}


def _conditions() -> dict[str, str]:
    """By table, when a row of it is the caller's to read."""
    inside = "exists (select 1 from feed f where f.id = {id} and f.entity = {entity} and f.kind <> 'leave')"
    found = {"feed": f"scope = any((select {_HELD})::bigint[])"}
    found |= {name: inside.format(id=f'"{name}".id', entity=f"'{name}'") for name in tables.RECORDS}
    for name in (tables.CONFLICT, "change_log"):
        found[name] = inside.format(id=f'"{name}".record', entity=f'"{name}".entity')
    return found


def _function(policy: Policy) -> str:
    """The numbers of the scopes that a user reads, from their role, their teams and whom they help."""
    reach = " ".join(
        f"when '{role}' then '{{{','.join(sorted(reaches))}}}'::text[]"
        for role, reaches in sorted(policy.reach.items())
    )
    owner, shared, person = (scope("") for scope in (scopes.owner_scope, scopes.shared_scope, scopes.person_scope))
    names = " union all ".join((
        f"select '{person}' || who.id",
        f"select '{scopes.ORG}' where 'org' = any(reached)",
        f"select '{scopes.FINANCE}' where 'finance' = any(reached)",
        f"select '{owner}' || who.id where 'own' = any(reached)",
        f"select '{owner}' || m.id from user_account m join team t on t.id = m.team "  # noqa: S608 — our own names
        "where 'led' = any(reached) and t.lead = who.id and m.id <> who.id",
        f"select '{shared}' || h.account from account_helper h where 'shared' = any(reached) and h.person = who.id",  # noqa: S608
    ))  # fmt: skip
    # of all owners only where the role reaches them: the others' scopes are found by their names
    every = f"select array_agg(n) from scope where name like '{owner}%'"  # noqa: S608
    return (
        f"create or replace function {_FUNCTION}(asked text) returns bigint[] "  # noqa: S608
        "language plpgsql stable security definer "
        "set search_path from current as $fence$ declare who user_account; reached text[]; found bigint[]; begin "
        "select * into who from user_account where id = asked and disabled = 0; "
        "if who.id is null then return '{}'; end if; "
        f"reached := case who.role {reach} else '{{}}'::text[] end; "
        f"found := coalesce((select array_agg(s.n) from scope s where s.name = any(array({names}))), '{{}}'); "
        f"if 'all' = any(reached) then found := found || coalesce(({every}), '{{}}'); end if; "
        "return found; end $fence$"
    )


def _comment(policy: Policy) -> str:
    return f"kam {policy.fingerprint[:16]} {tables.SCHEMA} {VERSION}"


VERSION = 2
"""Goes up when what is made here changes."""


def put_up(connection: Connection, policy: Policy) -> bool:
    """Puts the fence up where it is missing or older; False where this role may not, and none is there.

    A role that owns the tables and may make roles is enough, once: `kam-server migrate` by that one.
    """
    wanted = missing(connection, policy)
    if wanted and not (connection.one(_MAY) or (False,))[0]:
        return stands(connection)
    for statement in wanted:
        connection.driver.execute(statement)
    return connection.postgresql


def take_down(connection: Connection) -> None:
    """Takes the fence away, so that the tables can be replaced by those of a dump; `put_up` makes it again."""
    found = connection.rows(
        "select tablename, policyname from pg_policies where schemaname = current_schema() "
        "and policyname in ('kam_fence', 'kam_server')"
    )
    for table, name in found:
        connection.driver.execute(f'drop policy "{name}" on "{table}"')
    connection.driver.execute(f"drop function if exists {_FUNCTION}(text)")


def stands(connection: Connection) -> bool:
    """Whether this database has a fence that this server's role can stand behind; asked once a connection."""
    if not connection.postgresql:
        return False
    found: bool | None = getattr(connection.driver, "kam_fence", None)
    if found is None:
        row = connection.one(
            "select to_regprocedure(?) is not null and exists (select 1 from pg_roles where rolname = ? "
            "and pg_has_role(current_user, oid, 'member'))",
            (f"{_FUNCTION}(text)", ROLE),
        )
        found = connection.driver.kam_fence = bool(row and row[0])
    return found


@contextmanager
def around(connection: Connection, user: str, *, last: bool = False) -> Iterator[None]:
    """What is read in here the database filters for this user; where no fence stands, nothing else happens.

    `last`: the transaction ends with it, and so does the role.
    """
    if not stands(connection):
        yield
        return
    locks = connection.for_update, connection.for_share
    connection.for_update = connection.for_share = ""  # the role reads and no more
    connection.one(
        f"select set_config('{SCOPES}', {_FUNCTION}(?)::text, true), set_config('role', '{ROLE}', true)", (user,)
    )
    yield  # what fails in here ends the transaction, and the role with it
    if last:
        return
    connection.one("select set_config('role', 'none', true)")
    connection.for_update, connection.for_share = locks


def require(connection: Connection, user: str, keys: Iterable[tuple[str, str]]) -> None:
    """Rows (kind, id) that are about to be answered about or changed must be the caller's to read. Raises Problem 403.

    The server's own check comes before and says why not; who gets as far as this met a fault of ours.
    """
    wanted: dict[str, set[str]] = {}
    for entity, identity in keys:
        wanted.setdefault(entity, set()).add(identity)
    if not wanted or not stands(connection):
        return
    with around(connection, user):
        for entity, ids in wanted.items():
            condition, value = connection.among("id", sorted(ids))
            row = connection.one(f'select count(*) from "{entity}" where {condition}', (value,))  # noqa: S608
            if row is None or row[0] < len(ids):
                raise Problem(403, "fenced", FENCED)


FENCED = N_("The database does not give this record to you. Nothing was done; tell your administrator.")
