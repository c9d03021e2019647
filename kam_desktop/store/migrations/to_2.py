"""Schema 1 to 2: the tables of catalogue, rules, terms, promises, decisions and papers."""

from __future__ import annotations

from typing import Any

from kam_desktop.store import account_keys, search

# Written out and never changed once released: what tables.py declares goes on changing, this step does not.
# New columns are filled as a new record has them. The cache keeps its rows: schema 1 knew no papers, no receipt that
# does not count and no steps, so that every open amount and due date stands. What is free of credits is new.
STATEMENTS = """
ALTER TABLE account ADD COLUMN payment_term TEXT;
ALTER TABLE account ADD COLUMN merged_into TEXT;
DROP INDEX receipt__on;
CREATE INDEX receipt__on ON receipt (currency, received_on, id, account, amount);
CREATE INDEX account__archived ON account (archived);
CREATE INDEX account__founded_on ON account (substr(founded_on, 6, 5), founded_on, id)
  WHERE founded_on <> '' and archived = 0;
CREATE INDEX contact__birthday ON contact (substr(birthday, 6, 5)) WHERE birthday <> '';
CREATE TABLE cache_account_key (account TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (account, kind)) WITHOUT ROWID;
CREATE INDEX cache_account_key__key ON cache_account_key (kind, key);
CREATE TABLE cache_shared_key (kind TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE INDEX account__merged_into ON account (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX account__payment_term ON account (payment_term) WHERE payment_term IS NOT NULL;
CREATE TABLE documents_confirmed (n INTEGER NOT NULL, id TEXT NOT NULL, invoice TEXT, confirmed_on TEXT,
  confirmed_by TEXT, evidence TEXT, recorded_at TEXT, recorded_by TEXT, _sort TEXT DEFAULT '' NOT NULL, _extra TEXT,
  _seq BIGINT, _field_seq TEXT, PRIMARY KEY (n), UNIQUE (id));
CREATE INDEX documents_confirmed__invoice ON documents_confirmed (invoice) WHERE invoice IS NOT NULL;
CREATE INDEX documents_confirmed__on ON documents_confirmed (confirmed_on);
CREATE INDEX documents_confirmed__recorded_by ON documents_confirmed (recorded_by) WHERE recorded_by IS NOT NULL;
CREATE INDEX documents_confirmed__sort ON documents_confirmed (_sort, id);
CREATE TABLE dunning_event (n INTEGER NOT NULL, id TEXT NOT NULL, account TEXT, invoice TEXT, contact TEXT, step
  BIGINT, channel TEXT, reminded_at TEXT, outcome TEXT, remark TEXT, author TEXT, _sort TEXT DEFAULT '' NOT NULL,
  _extra TEXT, _seq BIGINT, _field_seq TEXT, PRIMARY KEY (n), UNIQUE (id));
CREATE INDEX dunning_event__account ON dunning_event (account) WHERE account IS NOT NULL;
CREATE INDEX dunning_event__author ON dunning_event (author) WHERE author IS NOT NULL;
CREATE INDEX dunning_event__contact ON dunning_event (contact) WHERE contact IS NOT NULL;
CREATE INDEX dunning_event__invoice ON dunning_event (invoice) WHERE invoice IS NOT NULL;
CREATE INDEX dunning_event__sort ON dunning_event (_sort, id);
CREATE TABLE dunning_step (n INTEGER NOT NULL, id TEXT NOT NULL, place BIGINT, name TEXT, name_en TEXT,
  days_after_due BIGINT, channel TEXT, archived INTEGER, _sort TEXT DEFAULT '' NOT NULL, _extra TEXT, _seq BIGINT,
  _field_seq TEXT, PRIMARY KEY (n), UNIQUE (id));
CREATE INDEX dunning_step__sort ON dunning_step (_sort, id);
ALTER TABLE firm ADD COLUMN confirmation_begins_on TEXT;
ALTER TABLE instalment ADD COLUMN steps TEXT;
ALTER TABLE instalment ADD COLUMN from_papers INTEGER;
CREATE TABLE occasion (n INTEGER NOT NULL, id TEXT NOT NULL, account TEXT, contact TEXT, name TEXT, happens_on TEXT,
  yearly INTEGER, remark TEXT, _sort TEXT DEFAULT '' NOT NULL, _extra TEXT, _seq BIGINT, _field_seq TEXT, PRIMARY
  KEY (n), UNIQUE (id));
CREATE INDEX occasion__account ON occasion (account) WHERE account IS NOT NULL;
CREATE INDEX occasion__contact ON occasion (contact) WHERE contact IS NOT NULL;
CREATE INDEX occasion__happens_on ON occasion (substr(happens_on, 6, 5)) WHERE happens_on <> '';
CREATE INDEX occasion__sort ON occasion (_sort, id);
CREATE TABLE payment_term (n INTEGER NOT NULL, id TEXT NOT NULL, name TEXT, name_en TEXT, archived INTEGER, _sort
  TEXT DEFAULT '' NOT NULL, _extra TEXT, _seq BIGINT, _field_seq TEXT, PRIMARY KEY (n), UNIQUE (id));
CREATE INDEX payment_term__sort ON payment_term (_sort, id);
CREATE TABLE payment_term_line (n INTEGER NOT NULL, id TEXT NOT NULL, term TEXT, place BIGINT, name TEXT, kind TEXT,
  value TEXT, steps TEXT, from_papers INTEGER, _sort TEXT DEFAULT '' NOT NULL, _extra TEXT, _seq BIGINT, _field_seq
  TEXT, PRIMARY KEY (n), UNIQUE (id));
CREATE INDEX payment_term_line__sort ON payment_term_line (_sort, id);
CREATE INDEX payment_term_line__term ON payment_term_line (term) WHERE term IS NOT NULL;
CREATE TABLE price_list (n INTEGER NOT NULL, id TEXT NOT NULL, name TEXT, currency TEXT, begins_on TEXT, ends_on
  TEXT, account TEXT, tier TEXT, archived INTEGER, _sort TEXT DEFAULT '' NOT NULL, _extra TEXT, _seq BIGINT,
  _field_seq TEXT, PRIMARY KEY (n), UNIQUE (id));
CREATE INDEX price_list__account ON price_list (account) WHERE account IS NOT NULL;
CREATE INDEX price_list__sort ON price_list (_sort, id);
CREATE TABLE price_list_item (n INTEGER NOT NULL, id TEXT NOT NULL, price_list TEXT, product TEXT, price BIGINT,
  from_quantity TEXT, _sort TEXT DEFAULT '' NOT NULL, _extra TEXT, _seq BIGINT, _field_seq TEXT, PRIMARY KEY (n),
  UNIQUE (id));
CREATE INDEX price_list_item__price_list ON price_list_item (price_list) WHERE price_list IS NOT NULL;
CREATE INDEX price_list_item__product ON price_list_item (product) WHERE product IS NOT NULL;
CREATE INDEX price_list_item__sort ON price_list_item (_sort, id);
CREATE TABLE product (n INTEGER NOT NULL, id TEXT NOT NULL, code TEXT, name TEXT, name_en TEXT, line TEXT, unit
  TEXT, currency TEXT, price BIGINT, cost BIGINT, tax_category TEXT, tax_rate TEXT, description TEXT, archived
  INTEGER, _sort TEXT DEFAULT '' NOT NULL, _extra TEXT, _seq BIGINT, _field_seq TEXT, PRIMARY KEY (n), UNIQUE (id));
CREATE INDEX product__sort ON product (_sort, id);
CREATE TABLE promise_to_pay (n INTEGER NOT NULL, id TEXT NOT NULL, account TEXT, invoice TEXT, contact TEXT,
  promised_on TEXT, pay_on TEXT, amount BIGINT, currency TEXT, channel TEXT, replaces TEXT, withdrawn INTEGER,
  remark TEXT, _sort TEXT DEFAULT '' NOT NULL, _extra TEXT, _seq BIGINT, _field_seq TEXT, PRIMARY KEY (n), UNIQUE
  (id));
CREATE INDEX promise_to_pay__account ON promise_to_pay (account) WHERE account IS NOT NULL;
CREATE INDEX promise_to_pay__contact ON promise_to_pay (contact) WHERE contact IS NOT NULL;
CREATE INDEX promise_to_pay__invoice ON promise_to_pay (invoice) WHERE invoice IS NOT NULL;
CREATE INDEX promise_to_pay__replaces ON promise_to_pay (replaces) WHERE replaces IS NOT NULL;
CREATE INDEX promise_to_pay__sort ON promise_to_pay (_sort, id);
ALTER TABLE proposal_line ADD COLUMN product TEXT;
CREATE INDEX proposal_line__product ON proposal_line (product) WHERE product IS NOT NULL;
ALTER TABLE proposal_version ADD COLUMN price_list TEXT;
CREATE INDEX proposal_version__price_list ON proposal_version (price_list) WHERE price_list IS NOT NULL;
CREATE TABLE receipt_decision (n INTEGER NOT NULL, id TEXT NOT NULL, receipt TEXT, verdict TEXT, reason TEXT,
  decided_at TEXT, decided_by TEXT, replaced_by TEXT, _sort TEXT DEFAULT '' NOT NULL, _extra TEXT, _seq BIGINT,
  _field_seq TEXT, PRIMARY KEY (n), UNIQUE (id));
CREATE INDEX receipt_decision__decided_by ON receipt_decision (decided_by) WHERE decided_by IS NOT NULL;
CREATE INDEX receipt_decision__receipt ON receipt_decision (receipt) WHERE receipt IS NOT NULL;
CREATE INDEX receipt_decision__replaced_by ON receipt_decision (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX receipt_decision__sort ON receipt_decision (_sort, id);
CREATE INDEX receipt_decision__verdict ON receipt_decision (verdict, receipt);
CREATE TABLE rule (n INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT, name TEXT, category TEXT, rate TEXT, months
  BIGINT, percent TEXT, begins_on TEXT, ends_on TEXT, source TEXT, _sort TEXT DEFAULT '' NOT NULL, _extra TEXT, _seq
  BIGINT, _field_seq TEXT, PRIMARY KEY (n), UNIQUE (id));
CREATE INDEX rule__sort ON rule (_sort, id);
CREATE TABLE saved_view (n INTEGER NOT NULL, id TEXT NOT NULL, person TEXT, page TEXT, name TEXT, settings TEXT,
  place BIGINT, shared INTEGER, _sort TEXT DEFAULT '' NOT NULL, _extra TEXT, _seq BIGINT, _field_seq TEXT, PRIMARY
  KEY (n), UNIQUE (id));
CREATE INDEX saved_view__person ON saved_view (person) WHERE person IS NOT NULL;
CREATE INDEX saved_view__sort ON saved_view (_sort, id);
ALTER TABLE outbox ADD COLUMN base BIGINT DEFAULT '0' NOT NULL;
ALTER TABLE outbox ADD COLUMN failures INTEGER DEFAULT '0' NOT NULL;
CREATE INDEX ix_outbox_record ON outbox (record);
CREATE TABLE base (n INTEGER NOT NULL, entity TEXT NOT NULL, record TEXT NOT NULL, seq BIGINT NOT NULL, "row" TEXT NOT
  NULL, PRIMARY KEY (n), UNIQUE (record));
CREATE TABLE row_scope (n INTEGER NOT NULL, record TEXT NOT NULL, scope TEXT NOT NULL, entity TEXT NOT NULL, pass
  INTEGER NOT NULL, PRIMARY KEY (n), UNIQUE (record, scope));
CREATE INDEX row_scope__scope ON row_scope (scope, pass);
CREATE TABLE scope_cursor (scope TEXT NOT NULL, cursor TEXT NOT NULL, whole INTEGER NOT NULL, pass INTEGER NOT NULL,
  total INTEGER, PRIMARY KEY (scope));
CREATE TABLE acknowledged (n INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, group_id TEXT NOT NULL, place INTEGER NOT NULL,
  entity TEXT NOT NULL, record TEXT NOT NULL, base BIGINT NOT NULL, payload BLOB NOT NULL, at TEXT NOT NULL,
  UNIQUE (group_id, place));
CREATE INDEX ix_acknowledged_record ON acknowledged (record);
CREATE INDEX ix_acknowledged_at ON acknowledged (at);
CREATE TABLE "conflict" (id TEXT NOT NULL, entity TEXT NOT NULL, record TEXT NOT NULL, fields TEXT NOT NULL, stands_by
  TEXT NOT NULL, other_by TEXT NOT NULL, at TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY (id));
CREATE INDEX ix_conflict_state ON "conflict" (state);
CREATE INDEX ix_conflict_record ON "conflict" (record);
CREATE TABLE needs_you (id TEXT NOT NULL, kind TEXT NOT NULL, problem TEXT NOT NULL, entity TEXT NOT NULL, record TEXT
  NOT NULL, changes TEXT NOT NULL, theirs TEXT NOT NULL, at TEXT NOT NULL, state TEXT NOT NULL, behind TEXT,
  PRIMARY KEY (id));
CREATE INDEX ix_needs_you_state ON needs_you (state);
CREATE INDEX ix_needs_you_record ON needs_you (record);
CREATE TABLE search_queue (n INTEGER NOT NULL, entity TEXT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (n),
  UNIQUE (record));
UPDATE instalment SET steps = '', from_papers = 0;
ALTER TABLE cache_instalment RENAME TO cache_instalment_1;
DROP INDEX cache_instalment__due;
DROP INDEX ix_cache_instalment_account;
DROP INDEX ix_cache_instalment_invoice;
CREATE TABLE cache_instalment (id TEXT NOT NULL, invoice TEXT NOT NULL, account TEXT NOT NULL, currency TEXT NOT
  NULL, due_on TEXT, on_default_term INTEGER NOT NULL, open BIGINT NOT NULL, PRIMARY KEY (id));
INSERT INTO cache_instalment (id, invoice, account, currency, due_on, on_default_term, open) SELECT id, invoice,
  account, currency, due_on, on_default_term, open FROM cache_instalment_1;
DROP TABLE cache_instalment_1;
CREATE INDEX cache_instalment__due ON cache_instalment (currency, due_on, account, open, on_default_term) WHERE open
  != 0;
CREATE INDEX cache_instalment__open ON cache_instalment (currency, account, due_on, open, on_default_term) WHERE open
  != 0;
CREATE INDEX ix_cache_instalment_account ON cache_instalment (account);
CREATE INDEX ix_cache_instalment_invoice ON cache_instalment (invoice);
CREATE TABLE cache_credit (id TEXT NOT NULL, account TEXT NOT NULL, currency TEXT NOT NULL, dated_on TEXT NOT NULL, kind
  TEXT NOT NULL, status TEXT NOT NULL, free BIGINT NOT NULL, PRIMARY KEY (id));
CREATE INDEX cache_credit__account ON cache_credit (account, currency, status, free);
CREATE TABLE cache_touched (n INTEGER NOT NULL, mark INTEGER NOT NULL, account TEXT, topic TEXT, PRIMARY KEY (n));
INSERT INTO cache_touched (mark) VALUES (random());
INSERT INTO cache_credit (id, account, currency, dated_on, kind, status, free)
  SELECT * FROM (
    SELECT id, coalesce(account, ''), currency, received_on, 'receipt', 'confirmed', coalesce(amount, 0) -
      coalesce((SELECT sum(a.amount) FROM allocation a CROSS JOIN instalment i ON i.id = a.instalment
        CROSS JOIN invoice v ON v.id = i.invoice WHERE a.receipt = k.id AND a.reverses IS NULL
        AND v.currency = k.currency
        AND NOT EXISTS (SELECT 1 FROM allocation b WHERE b.reverses = a.id)
        AND NOT EXISTS (SELECT 1 FROM invoice s WHERE s.replaces = v.id AND s.id <> v.id)), 0) AS free
    FROM receipt k
    UNION ALL
    SELECT id, account, currency, issued_on, 'credit_note', 'confirmed', coalesce(total, 0) -
      coalesce((SELECT sum(a.amount) FROM allocation a CROSS JOIN instalment i ON i.id = a.instalment
        CROSS JOIN invoice v ON v.id = i.invoice WHERE a.credit_note = k.id AND a.reverses IS NULL
        AND v.currency = k.currency
        AND NOT EXISTS (SELECT 1 FROM allocation b WHERE b.reverses = a.id)
        AND NOT EXISTS (SELECT 1 FROM invoice s WHERE s.replaces = v.id AND s.id <> v.id)), 0) AS free
    FROM credit_note k WHERE NOT EXISTS (SELECT 1 FROM invoice s WHERE s.replaces = k.id AND s.id <> k.id))
  WHERE free <> 0
"""


SEARCHED = (
    "firm payment_term person account contact product price_list activity occasion proposal proposal_line invoice "
    "receipt credit_note task"
)
"""What has a full-text index of its own from now on, instead of the one of all."""


def to_2(connection: Any) -> None:
    """New tables and columns; open amounts may have no due date from now on; what is free is cached."""
    for statement in STATEMENTS.split(";\n"):
        connection.execute(statement)
    account_keys.fill(connection)
    connection.execute("DROP TABLE search")
    for name in SEARCHED.split():
        connection.execute(
            f"CREATE VIRTUAL TABLE search_{name} using fts5(body, content='', contentless_delete=1, "
            "tokenize=\"unicode61 remove_diacritics 0\", prefix='1 2 3')"
        )
    search.fill(connection)
