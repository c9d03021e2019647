CREATE TABLE account (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	name TEXT, 
	short_name TEXT, 
	tax_code TEXT, 
	parent TEXT, 
	industry TEXT, 
	tier TEXT, 
	owner TEXT, 
	currency TEXT, 
	payment_days BIGINT, 
	credit_limit BIGINT, 
	risk TEXT, 
	founded_on TEXT, 
	address TEXT, 
	phone TEXT, 
	email TEXT, 
	website TEXT, 
	tags TEXT, 
	internal_note TEXT, 
	archived INTEGER, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX account__list ON account (archived, _sort, id, tier, owner);
CREATE INDEX account__owner ON account (owner) WHERE owner IS NOT NULL;
CREATE INDEX account__parent ON account (parent) WHERE parent IS NOT NULL;
CREATE INDEX account__sort ON account (_sort, id);
CREATE INDEX account__tax_code ON account (tax_code);
CREATE TABLE activity (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	account TEXT, 
	contact TEXT, 
	kind TEXT, 
	at TEXT, 
	subject TEXT, 
	said TEXT, 
	promised TEXT, 
	author TEXT, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX activity__account ON activity (account) WHERE account IS NOT NULL;
CREATE INDEX activity__author ON activity (author) WHERE author IS NOT NULL;
CREATE INDEX activity__contact ON activity (contact) WHERE contact IS NOT NULL;
CREATE INDEX activity__last ON activity (account, at);
CREATE INDEX activity__sort ON activity (_sort, id);
CREATE TABLE allocation (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	instalment TEXT, 
	receipt TEXT, 
	credit_note TEXT, 
	amount BIGINT, 
	allocated_on TEXT, 
	reverses TEXT, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX allocation__credit_note ON allocation (credit_note) WHERE credit_note IS NOT NULL;
CREATE INDEX allocation__instalment ON allocation (instalment) WHERE instalment IS NOT NULL;
CREATE INDEX allocation__on ON allocation (allocated_on);
CREATE INDEX allocation__receipt ON allocation (receipt) WHERE receipt IS NOT NULL;
CREATE INDEX allocation__reverses ON allocation (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX allocation__sort ON allocation (_sort, id);
CREATE TABLE cache_instalment (
	id TEXT NOT NULL, 
	invoice TEXT NOT NULL, 
	account TEXT NOT NULL, 
	currency TEXT NOT NULL, 
	due_on TEXT NOT NULL, 
	on_default_term INTEGER NOT NULL, 
	open BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX cache_instalment__due ON cache_instalment (currency, due_on, account, open, on_default_term) WHERE open != 0;
CREATE INDEX ix_cache_instalment_account ON cache_instalment (account);
CREATE INDEX ix_cache_instalment_invoice ON cache_instalment (invoice);
CREATE TABLE contact (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	account TEXT, 
	full_name TEXT, 
	honorific TEXT, 
	position TEXT, 
	phones TEXT, 
	emails TEXT, 
	zalo TEXT, 
	language TEXT, 
	birthday TEXT, 
	main INTEGER, 
	left_on TEXT, 
	internal_note TEXT, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX contact__account ON contact (account) WHERE account IS NOT NULL;
CREATE INDEX contact__sort ON contact (_sort, id);
CREATE TABLE credit_note (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	account TEXT, 
	invoice TEXT, 
	number TEXT, 
	form TEXT, 
	symbol TEXT, 
	seller_tax_code TEXT, 
	issued_on TEXT, 
	currency TEXT, 
	net BIGINT, 
	tax BIGINT, 
	fees BIGINT, 
	total BIGINT, 
	origin TEXT, 
	remark TEXT, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX credit_note__account ON credit_note (account) WHERE account IS NOT NULL;
CREATE INDEX credit_note__invoice ON credit_note (invoice) WHERE invoice IS NOT NULL;
CREATE INDEX credit_note__on ON credit_note (currency, issued_on, account, net, total);
CREATE INDEX credit_note__sort ON credit_note (_sort, id);
CREATE TABLE draft (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE firm (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	legal_name TEXT, 
	short_name TEXT, 
	tax_code TEXT, 
	branch_codes TEXT, 
	address TEXT, 
	phone TEXT, 
	email TEXT, 
	representative TEXT, 
	representative_title TEXT, 
	bank_name TEXT, 
	bank_account TEXT, 
	bank_holder TEXT, 
	currency TEXT, 
	default_payment_days BIGINT, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX firm__sort ON firm (_sort, id);
CREATE TABLE history (
	n INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	group_id TEXT NOT NULL, 
	place INTEGER NOT NULL, 
	entity TEXT NOT NULL, 
	record TEXT NOT NULL, 
	action TEXT NOT NULL, 
	old TEXT NOT NULL, 
	new TEXT NOT NULL, 
	author TEXT NOT NULL, 
	written_at TEXT NOT NULL, 
	PRIMARY KEY (n)
);
CREATE INDEX history__group ON history (group_id);
CREATE INDEX ix_history_record ON history (record);
CREATE INDEX ix_history_step ON history (step);
CREATE TABLE instalment (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	invoice TEXT, 
	place BIGINT, 
	name TEXT, 
	due_on TEXT, 
	amount BIGINT, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX instalment__invoice ON instalment (invoice) WHERE invoice IS NOT NULL;
CREATE INDEX instalment__sort ON instalment (_sort, id);
CREATE TABLE invoice (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	account TEXT, 
	number TEXT, 
	form TEXT, 
	symbol TEXT, 
	seller_tax_code TEXT, 
	buyer_name TEXT, 
	buyer_tax_code TEXT, 
	issued_on TEXT, 
	currency TEXT, 
	exchange_rate TEXT, 
	net BIGINT, 
	tax BIGINT, 
	fees BIGINT, 
	total BIGINT, 
	replaces TEXT, 
	adjusts TEXT, 
	origin TEXT, 
	authority_code TEXT, 
	signed INTEGER, 
	remark TEXT, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX invoice__account ON invoice (account) WHERE account IS NOT NULL;
CREATE INDEX invoice__adjusts ON invoice (adjusts) WHERE adjusts IS NOT NULL;
CREATE INDEX invoice__replaces ON invoice (replaces) WHERE replaces IS NOT NULL;
CREATE INDEX invoice__revenue ON invoice (currency, issued_on, account, net);
CREATE INDEX invoice__sort ON invoice (_sort, id);
CREATE TABLE invoice_line (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	invoice TEXT, 
	place BIGINT, 
	nature TEXT, 
	code TEXT, 
	description TEXT, 
	unit TEXT, 
	quantity TEXT, 
	price TEXT, 
	discount BIGINT, 
	net BIGINT, 
	tax_rate TEXT, 
	tax BIGINT, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX invoice_line__invoice ON invoice_line (invoice) WHERE invoice IS NOT NULL;
CREATE INDEX invoice_line__sort ON invoice_line (_sort, id);
CREATE TABLE journal_pending (
	frame INTEGER NOT NULL, 
	payload BLOB NOT NULL, 
	PRIMARY KEY (frame)
);
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT, 
	PRIMARY KEY ("key")
);
CREATE TABLE opening_settlement (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	invoice TEXT, 
	settled_on TEXT, 
	amount BIGINT, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX opening_settlement__invoice ON opening_settlement (invoice) WHERE invoice IS NOT NULL;
CREATE INDEX opening_settlement__sort ON opening_settlement (_sort, id);
CREATE TABLE outbox (
	n INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	group_id TEXT NOT NULL, 
	place INTEGER NOT NULL, 
	entity TEXT NOT NULL, 
	record TEXT NOT NULL, 
	payload BLOB NOT NULL, 
	UNIQUE (group_id, place)
);
CREATE TABLE person (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	full_name TEXT, 
	code TEXT, 
	position TEXT, 
	role TEXT, 
	email TEXT, 
	phone TEXT, 
	"left" INTEGER, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX person__sort ON person (_sort, id);
CREATE TABLE preference (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE proposal (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	account TEXT, 
	number TEXT, 
	title TEXT, 
	stage TEXT, 
	outcome_reason TEXT, 
	owner TEXT, 
	client_budget BIGINT, 
	currency TEXT, 
	expected_close_on TEXT, 
	next_step TEXT, 
	next_step_on TEXT, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX proposal__account ON proposal (account) WHERE account IS NOT NULL;
CREATE INDEX proposal__owner ON proposal (owner) WHERE owner IS NOT NULL;
CREATE INDEX proposal__sort ON proposal (_sort, id);
CREATE INDEX proposal__stage ON proposal (stage, account);
CREATE TABLE proposal_line (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	version TEXT, 
	place BIGINT, 
	section TEXT, 
	description TEXT, 
	unit TEXT, 
	quantity TEXT, 
	price BIGINT, 
	discount_percent TEXT, 
	cost BIGINT, 
	tax_rate TEXT, 
	optional INTEGER, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX proposal_line__sort ON proposal_line (_sort, id);
CREATE INDEX proposal_line__version ON proposal_line (version) WHERE version IS NOT NULL;
CREATE TABLE proposal_version (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	proposal TEXT, 
	number BIGINT, 
	name TEXT, 
	status TEXT, 
	quoted_on TEXT, 
	valid_until TEXT, 
	currency TEXT, 
	language TEXT, 
	discount BIGINT, 
	terms TEXT, 
	sent_at TEXT, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX proposal_version__proposal ON proposal_version (proposal) WHERE proposal IS NOT NULL;
CREATE INDEX proposal_version__sort ON proposal_version (_sort, id);
CREATE TABLE receipt (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	account TEXT, 
	received_on TEXT, 
	amount BIGINT, 
	currency TEXT, 
	method TEXT, 
	reference TEXT, 
	payer TEXT, 
	remark TEXT, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX receipt__account ON receipt (account) WHERE account IS NOT NULL;
CREATE INDEX receipt__on ON receipt (currency, received_on, account, amount);
CREATE INDEX receipt__sort ON receipt (_sort, id);
CREATE TABLE search_doc (
	n INTEGER NOT NULL, 
	entity TEXT NOT NULL, 
	record TEXT NOT NULL, 
	PRIMARY KEY (n), 
	UNIQUE (record)
);
CREATE TABLE task (
	n INTEGER NOT NULL, 
	id TEXT NOT NULL, 
	subject TEXT, 
	account TEXT, 
	owner TEXT, 
	due_on TEXT, 
	done_on TEXT, 
	remark TEXT, 
	_sort TEXT DEFAULT '' NOT NULL, 
	_extra TEXT, 
	_seq BIGINT, 
	_field_seq TEXT, 
	PRIMARY KEY (n), 
	UNIQUE (id)
);
CREATE INDEX task__account ON task (account) WHERE account IS NOT NULL;
CREATE INDEX task__due ON task (done_on, due_on);
CREATE INDEX task__owner ON task (owner) WHERE owner IS NOT NULL;
CREATE INDEX task__sort ON task (_sort, id);
CREATE TABLE undo_step (
	n INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	label TEXT NOT NULL, 
	label_args TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	at TEXT NOT NULL, 
	state TEXT NOT NULL, 
	answers INTEGER
);
create virtual table if not exists search using fts5(body, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 0", prefix='2 3');
