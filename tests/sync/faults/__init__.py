"""Faults that are planted into a copy of the product, to see the tests catch each of them."""

# ruff: noqa: E501 — replacements stand as they are
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One planted fault.

    Attributes:
        name: that of `peers/sim/sim.py` where it is one of those.
        edits: (file, text that is there, text in its place).
        by: "seeds", or the directed test that catches what seeds meet too rarely.
    """

    name: str
    edits: tuple[tuple[str, str, str], ...]
    by: str = "seeds"


S, D, P = "kam_desktop/server/", "kam_desktop/store/", "kam_desktop/sync/"
CORE = "tests/sync/test_core.py"

MODEL = (
    Fault("no_dedup", ((S + "push.py", "        if name not in known:\n", "        if True:\n"),)),
    Fault(
        "cursor_before_rows",
        (
            (
                D + "sync_state.py",
                "        with self._store.database.write() as connection:\n            pulled = pulling.apply_pull(",
                "        with self._store.database.write() as connection:\n"
                "            for scope, cursor in answer['cursors'].items():\n"
                "                connection.exec_driver_sql('update scope_cursor set cursor = ? where scope = ?', (cursor, scope))\n"
                "        with self._store.database.write() as connection:\n            pulled = pulling.apply_pull(",
            ),
        ),
    ),
    Fault(
        "ack_before_response",
        (
            (
                P + "engine.py",
                "        content = wire.push_content(groups)\n",
                "        content = wire.push_content(groups)\n"
                "        from kam_desktop.store import verdicts as _early\n"
                "        with self._state._store.database.write() as connection:\n"
                "            _early._acknowledge(connection, [group[0].group for group in groups], '')\n",
            ),
        ),
    ),
    Fault("no_leave", ((S + "reassign.py", "for name in sorted(old | new)\n", "for name in sorted(new)\n"),)),
    Fault(
        "pull_overwrites_dirty", ((D + "pulling.py", '            if row["id"] in waiting:', "            if False:"),)
    ),
    Fault(
        "purge_no_floor",
        (
            (
                S + "purge.py",
                "update scope set floor = ? where floor < ? and",
                "update scope set floor = ? where floor < ? and 1 = 0 and",
            ),
        ),
    ),
    Fault(
        "cursor_from_ack",
        (
            (
                D + "sync_state.py",
                "            touched = verdicts.apply_verdicts(connection, sent, found, ",
                "            for scope, cursor in pulling.cursors(connection).items():\n"
                "                if ':' in cursor and not cursor.startswith('-'):\n"
                "                    moved = cursor.split(':')[0] + ':' + str(answer['mark']['seq'])\n"
                "                    connection.exec_driver_sql('update scope_cursor set cursor = ? where scope = ?', (moved, scope))\n"
                "            touched = verdicts.apply_verdicts(connection, sent, found, ",
            ),
        ),
    ),
    Fault(
        "whole_row_push",
        (
            (
                D + "outbox.py",
                '            "payload": to_json(encode_change(each)).encode(),',
                '            "payload": to_json(encode_change(_whole(connection, each))).encode(),',
            ),
            (
                D + "outbox.py",
                "def _keep_base(",
                "def _whole(connection: Any, each: Any) -> Any:\n"
                "    import dataclasses\n"
                "    from kam_desktop.domain.entities import BY_NAME\n"
                "    from kam_desktop.store.landing import wire_of_column\n"
                "    row = connection.execute(sa.select(RECORDS[each.entity]).where(RECORDS[each.entity].c.id == each.record)).mappings().first()\n"
                "    if row is None or each.action is not Action.UPDATE or each.entity not in ('contact', 'task'):\n"
                "        return each\n"
                "    whole = {f.name: wire_of_column(f, row[f.name]) for f in BY_NAME[each.entity].fields}\n"
                "    return dataclasses.replace(each, new={**whole, **each.new})\n\n\n"
                "def _keep_base(",
            ),
        ),
    ),
    Fault(
        "opid_counter",
        (
            (
                D + "unit_of_work.py",
                "        self._next_group = numbered(ids.random())\n",
                "        import hashlib\n"
                "        step_ = connection.exec_driver_sql('select count(*) from history').scalar()\n"
                "        device_ = connection.exec_driver_sql('select value from meta where key = \\'user\\'').scalar()\n"
                "        self._next_group = numbered(hashlib.md5(str(device_).encode()).hexdigest()[:16] + f'{step_:08x}')\n",
            ),
        ),
    ),
    Fault("no_epoch", ((S + "workspace.py", "max(found.epoch + 1, found.seq + 1, now)", "found.epoch"),)),
    Fault(
        "drop_pending_on_scope_loss",
        (
            (
                D + "pulling.py",
                "        landed.drop(entity, record)\n",
                "        landed.drop(entity, record)\n"
                "        connection.exec_driver_sql('delete from outbox where record = ?', (record,))\n",
            ),
        ),
    ),
    Fault(
        "head_of_line",
        (
            (
                D + "verdicts.py",
                'if verdict.kind not in ("accepted", "already"):',
                'if verdict.kind not in ("accepted", "already", "refused"):',
            ),
        ),
    ),
    Fault(
        "stale_response",
        (
            (
                P + "engine.py",
                "        if call.attempt != self._attempt:\n            return\n        try:",
                "        try:",
            ),
        ),
    ),
    Fault(
        "leave_needs_no_refcount",
        (
            (D + "pulling.py", "            left = held[record] - going[record]", "            left = set()"),
            (D + "pulling.py", 'not any((record, scope) in staying for scope in answer["cursors"])', "True"),
        ),
    ),
    Fault("no_resubmit_after_restore", ((P + "engine.py", '        if answer["unknown"]:', "        if False:"),)),
    Fault(
        "silent_lww",
        (
            (
                S + "deciding.py",
                "deed.displaced = {name: value for name, value in merged.displaced.items() if name in write}",
                "deed.displaced = {}",
            ),
        ),
    ),
    Fault(
        "epoch_not_in_response",
        ((P + "answers.py", ' and answer["epoch"] == request["epoch"])', ")"),),
        by="tests/sync/test_core.py::test_an_answer_of_another_epoch_changes_nothing",
    ),
    Fault(
        "seq_at_begin",
        (
            (
                S + "committing.py",
                "        seq = int(taken[0])\n",
                "        seq = int(taken[0])\n"
                "        if connection.postgresql:\n"
                "            connection.driver.commit()  # the number is free for others, the rows are still to come\n",
            ),
        ),
        by="tests/server/test_postgres.py::test_dawdling_commits_hide_no_row",  # two writers at once
    ),
)
"""All of the model. The last one needs PostgreSQL's programs: with SQLite one writes at a time."""

OWN = (
    Fault(
        "groups: a refused group leaves a part behind",
        ((S + "verdicts.py", "    except No as no:\n        state.take_back()", "    except No as no:\n        pass"),),
    ),
    Fault(
        "guarded fields are written by anybody",
        (
            (
                S + "deciding.py",
                'closed = self.caller.unwritable(relations, entity.name, "update") & differing.keys()',
                "closed = frozenset()",
            ),
        ),
    ),
    Fault(
        "atomic groups are split",
        (
            (
                "kam_desktop/domain/merge.py",
                "    asked |= {name for name in patch if name in known and known[name].group in groups}\n",
                "",
            ),
        ),
        by=CORE,
    ),
    Fault(
        "helpers are given no scope",
        (("kam_desktop/domain/scopes.py", "        if root.name in helped:", "        if False:"),),
    ),
    Fault(
        "other rights do not restart a scope", ((S + "callers.py", 'f"{epoch:x}.{self.rights:x}.{', 'f"{epoch:x}.1.{'),)
    ),
    Fault(
        "hidden fields are sent",
        (
            (
                S + "callers.py",
                "        return frozenset() if found is None else found\n\n    def unwritable",
                "        return frozenset()\n\n    def unwritable",
            ),
        ),
    ),
    Fault(
        "a clone goes on under one name",
        (
            (
                S + "push.py",
                "    if asked.number < met.number or (asked.number == met.number and len(known) < len(asked.groups)):",
                "    if False:",
            ),
        ),
    ),
    Fault(
        "what comes after a shorter repetition is not looked at",
        ((S + "push.py", "    if asked.number > met.number and met.heard != met.last and", "    if False and"),),
        by="tests/server/test_push.py::test_a_shorter_repetition_is_followed_by_its_rest_or_comes_from_a_clone",
    ),
    Fault(
        "an older number passes when all is known",
        ((S + "push.py", "    if asked.number < met.number or (", "    if asked.number <= met.number and ("),),
        by="tests/server/test_push.py::test_an_older_number_comes_from_a_clone_though_all_of_it_be_known",
    ),
    Fault(
        "what hangs on a creation that was refused before is taken",
        ((S + "plain.py", "            self._forget_undecided()\n", ""),),
        by="tests/server/test_push.py::test_what_hangs_on_a_creation_that_was_not_decided_is_refused",
    ),
    Fault(
        "somebody else's device",
        ((S + "callers.py", "on d.id = ? and d.person = u.id where", "on d.id = ? where"),),
        by="tests/server/test_workspace.py::test_nobody_goes_by_a_colleagues_laptop",
    ),
    Fault(
        "frozen parents",
        ((S + "deciding.py", "if each.owns and BY_NAME[each.to].frozen_when is not None]", "if False]"),),
        by="tests/server/test_push.py::test_a_sent_version_does_not_change",
    ),
    Fault(
        "a number counts attempts",
        ((D + "sync_state.py", "int(upto)) if upto else []", "int(upto)) if False else []"),),
        by="tests/sync/test_core.py::test_a_clone_whose_answers_are_lost_does_not_slip_past_the_original",
    ),
    Fault(
        "the base is not kept",
        (
            (
                D + "outbox.py",
                "        if kept:\n            connection.execute(sa.insert(base), kept)",
                "        if False:\n            pass",
            ),
        ),
        by="tests/sync/test_core.py::test_a_record_whose_change_is_set_aside_is_shown_as_the_server_has_it",
    ),
    Fault(
        "a change is sent with the newest base",
        ((D + "outbox.py", '"base": known.get(each.record, 0),', '"base": 1 << 61 if each.record in known else 0,'),),
    ),
    Fault(
        "the own device is foreign",
        (("kam_desktop/domain/merge.py", "return seq > base and by != device", "return seq > base"),),
    ),
    Fault(
        "a row met again is not marked as met",
        (
            (
                D + "pulling.py",
                '"on conflict (record, scope) do update set pass = excluded.pass where pass <> excluded.pass"',
                '"on conflict (record, scope) do nothing"',
            ),
        ),
    ),
    Fault(
        "what the role may not write is dropped",
        (
            (
                D + "sync_state.py",
                "                verdicts.keep_unwritable(connection, change, at)\n",
                "                pass\n",
            ),
        ),
        by="tests/sync/test_core.py::test_what_the_role_may_not_write_is_listed_at_the_first_connect",
    ),
    Fault(
        "values that differ at the first connect are dropped",
        ((D + "joining.py", "    if differing:\n", "    if False:\n"),),
        by="tests/sync/test_core.py::test_values_that_differ_at_the_first_connect_are_both_kept",
    ),
    Fault(
        "a refused group is told as taken the second time",
        ((S + "push.py", "(ALREADY if kind == ACCEPTED else kind, detail)", "(ALREADY, detail)"),),
    ),
    Fault(
        "a server that was set back is not noticed",
        (
            (
                S + "workspace.py",
                "    if seq > found.seq:\n        raise SetBackFound",
                "    if seq > found.seq:\n        return",
            ),
        ),
    ),
    Fault(
        "a past that goes on within a commit is not noticed",
        ((S + "workspace.py", " or change_log.parted_at(connection, seq):", ":"),),
        by="tests/server/test_workspace.py::test_a_past_that_goes_on_within_a_commit_is_noticed",
    ),
    Fault(
        "reconciling is forgotten in a crash",
        ((D + "sync_state.py", '"mark": mark, "reconcile": "1"', '"mark": mark, "reconcile": ""'),),
        by="tests/sync/test_core.py::test_a_crash_after_a_new_epoch_does_not_forget_to_reconcile",
    ),
    Fault(
        "what was made here waits for no scope",
        (
            (
                D + "verdicts.py",
                '    if made:\n        connection.exec_driver_sql(\n            "insert into row_scope',
                '    if False:\n        connection.exec_driver_sql(\n            "insert into row_scope',
            ),
        ),
    ),
    Fault(
        "what hangs on a moved record stays behind",
        ((S + "writing.py", "            self._carry(row,", "            (lambda *a: None)(row,"),),
    ),
    Fault(
        "deletions ignore edits",
        (
            (
                S + "deciding.py",
                '        if moved:\n            deed = Deed(change, row, "update", asked={}',
                '        if False:\n            deed = Deed(change, row, "update", asked={}',
            ),
        ),
    ),
    Fault(
        "unknown fields of a newer program are dropped",
        (
            (
                S + "deciding.py",
                "return change.kept | {k: v for k, v in change.new.items() if k not in FIELDS[change.entity]}",
                "return change.kept",
            ),
        ),
        by="tests/sync/test_core.py::test_fields_of_a_newer_program_go_round",
    ),
    Fault(
        "a derived id of somebody else is taken over",
        (
            (
                S + "deciding.py",
                "        if row is None or not self._sees(row):\n            raise No(HELD",
                "        if row is None or (change.action != 'create' and not self._sees(row)):\n            raise No(HELD",
            ),
        ),
        by="tests/server/test_push.py::test_a_derived_id_that_a_colleague_holds",
    ),
    Fault(
        "another server is taken for ours",
        ((S + "workspace.py", 'if message.get("workspace") != found.id:', "if False:"),),
        by="tests/server/test_workspace.py",
    ),
    Fault(
        "what moves within a push leaves its parts",
        ((S + "writing.py", "        self._root_anew(changed)\n", ""),),
        by="tests/sync/test_core.py::test_what_was_made_before_its_parent_moved_moves_with_it",
    ),
    Fault(
        "edits before the first connect is finished are lost",
        ((D + "unit_of_work.py", "        elif self._step.recorded:\n", "        elif False:\n"),),
        by="tests/sync/test_core.py::test_an_edit_while_the_first_connect_is_unfinished_is_sent",
    ),
    Fault(
        "edits that only the journal knows are not sent",
        (
            (
                D + "unit_of_work.py",
                "(each.record not in ours and self._was.get((each.entity, each.record)) is None)",
                "False",
            ),
        ),
        by="tests/sync/test_core.py::test_edits_of_what_a_set_back_file_lacks_are_sent",
    ),
    Fault(
        "a first connect that starts over forgets what it had",
        (
            (
                D + "sync_state.py",
                "            if before != wanted:\n                _start_over(connection)\n",
                "            if before != wanted:\n"
                "                connection.exec_driver_sql('delete from scope_cursor')\n"
                "                connection.exec_driver_sql('delete from row_scope')\n",
            ),
        ),
        by="tests/sync/test_core.py::test_a_first_connect_that_starts_over_sweeps_what_it_had",
    ),
    Fault(
        "what was dealt with is told to nobody",
        ((P + "engine.py", "look.settle if self._settles else []", "[]"),),
        by="tests/sync/test_core.py::test_what_one_dealt_with_is_dealt_with_everywhere",
    ),
    Fault(
        "the server forgets what was dealt with",
        (
            (
                S + "writing.py",
                '"update conflict set resolved = ? where id = ?"',
                '"update conflict set kept = kept, seq = max(seq, ? * 0) where id = ?"',
            ),
        ),
        by="tests/sync/test_core.py::test_what_one_dealt_with_is_dealt_with_everywhere",
    ),
    Fault(
        "what was dealt with is told under a number of its own",
        (
            (
                S + "push.py",
                "    if asked.groups:\n        heard",
                "    number = max(number, asked.number + (not asked.groups))\n    if asked.groups:\n        heard",
            ),
        ),
        by="tests/sync/test_core.py::test_what_one_dealt_with_is_dealt_with_everywhere",
    ),
    Fault(
        "schema: fields of a newer program are dropped with a pull",
        (
            (
                D + "shown_rows.py",
                'known = set(BY_NAME[entity].names) | {"_extra"}',
                "known = set(BY_NAME[entity].names)",
            ),
        ),
    ),
    Fault(
        "schema: fields of a newer program go with an edit here",
        (
            (
                S + "writing.py",
                "            extra = as_json(row.extra) if row.extra else None",
                "            extra = as_json(row.extra) if row.extra and len(row.field_seq) % 2 else None",
            ),
        ),
    ),
    Fault(
        "schema: a kind of record of a newer server is taken for one of ours",
        (
            (
                D + "pulling.py",
                "        if entity not in BY_NAME:\n            continue",
                "        if entity == 'conflict':\n            continue",
            ),
        ),
    ),
    Fault(
        "two processes: one that reads may write",
        (
            (
                D + "database.py",
                '        if self._writer is None:\n            raise Unavailable("read_only"',
                '        if self._writer is None:\n            self.open_writer()\n        if self._writer is None:\n            raise Unavailable("read_only"',
            ),
        ),
    ),
    Fault(
        "two processes: one that reads sees a moment change",
        (
            (
                D + "database.py",
                'driver_connection.execute("begin immediate" if write else "begin")',
                'driver_connection.execute("begin immediate") if write else None',
            ),
        ),
    ),
    Fault(
        "two processes: both get the lock",
        (
            (
                D + "profile_lock.py",
                "        if _try_lock(descriptor):\n            return True",
                "        if True:\n            return True",
            ),
        ),
        by="tests/unit/test_profile_place.py",
    ),
)
"""Those of the real code."""

FAULTS = (*MODEL, *OWN)
