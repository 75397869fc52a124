-- Times are microseconds since 1970 in UTC, money is micro units, JSON is TEXT, yes and no are 1 and 0.
-- Ids are made by us. '' stands for "of the platform" where a tenant is expected.

-- What people set: tenants, trunks, extensions, policies and so on, each a JSON body in the form of the boot file.
CREATE TABLE setting (
    section TEXT NOT NULL,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    label TEXT NOT NULL,
    body TEXT NOT NULL,
    attachment TEXT,
    version BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    PRIMARY KEY (section, tenant, id)
);
CREATE INDEX setting_tenant ON setting (tenant, section, id);
CREATE INDEX setting_label ON setting (section, label);
CREATE INDEX setting_attachment ON setting (attachment) WHERE attachment IS NOT NULL;

-- Large things that go with settings, each once, by its SHA-256 in hex. One that no setting has is kept for a while, so
-- that a change can be taken back.
CREATE TABLE attachment (
    sha256 TEXT PRIMARY KEY,
    bytes BYTEA NOT NULL,
    unused_since BIGINT
);
CREATE INDEX attachment_unused ON attachment (unused_since) WHERE unused_since IS NOT NULL;

-- What all nodes make keys from.
CREATE TABLE secret (
    name TEXT PRIMARY KEY,
    value BYTEA NOT NULL
);

-- What only one setting may have: a number, a domain, a login.
CREATE TABLE claim (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    section TEXT NOT NULL,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (kind, name)
);
CREATE INDEX claim_setting ON claim (section, tenant, id);

-- One row: counts the changes of settings.
CREATE TABLE revision (
    one BIGINT PRIMARY KEY,
    number BIGINT NOT NULL
);
INSERT INTO revision (one, number) VALUES (1, 0);

-- Who did what, why and from where; each row's hash covers the one before.
CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    what TEXT NOT NULL,
    why TEXT NOT NULL,
    address TEXT,
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    before TEXT,
    after TEXT,
    hash BYTEA NOT NULL
);
CREATE INDEX audit_tenant ON audit (tenant, seq);
CREATE INDEX audit_subject ON audit (subject, seq);
CREATE INDEX audit_who ON audit (who, seq);
CREATE TABLE audit_head (
    one BIGINT PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL
);

CREATE TABLE person (
    id TEXT PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    password TEXT,
    totp BYTEA,
    passkeys TEXT NOT NULL,
    recovery TEXT NOT NULL,
    disabled BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    failed_at BIGINT,
    seen BIGINT,
    version BIGINT NOT NULL
);
CREATE TABLE person_role (
    person TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (person, role, scope, subject)
);
CREATE INDEX person_role_scope ON person_role (scope, subject);
CREATE TABLE session (
    token BYTEA PRIMARY KEY,
    person TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    created BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    address TEXT,
    agent TEXT NOT NULL,
    strength TEXT NOT NULL
);
CREATE INDEX session_person ON session (person);
CREATE INDEX session_expires ON session (expires);
CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    hash BYTEA NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    tenant TEXT NOT NULL,
    nets TEXT NOT NULL,
    made_by TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT,
    used BIGINT,
    revoked BIGINT
);
CREATE INDEX api_key_tenant ON api_key (tenant);

-- Acts that need a second person.
CREATE TABLE proposal (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    what TEXT NOT NULL,
    body TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    proposed BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    state TEXT NOT NULL,
    decided_by TEXT,
    decided BIGINT
);
CREATE INDEX proposal_state ON proposal (state, expires);

-- Requests that were made once and may come twice.
CREATE TABLE once (
    scope TEXT NOT NULL,
    name TEXT NOT NULL,
    request BYTEA NOT NULL,
    response TEXT,
    expires BIGINT NOT NULL,
    PRIMARY KEY (scope, name)
);
CREATE INDEX once_expires ON once (expires);

-- What must be told to somebody, at least once.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    tenant TEXT NOT NULL,
    body TEXT NOT NULL,
    made BIGINT NOT NULL,
    due BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    trouble TEXT
);
CREATE INDEX outbox_due ON outbox (due, id);

-- Blocks of the engine and of people; lifted ones stay for the record.
CREATE TABLE block (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    extension TEXT,
    level TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    made_by TEXT NOT NULL,
    by_engine BIGINT NOT NULL,
    shadow BIGINT NOT NULL,
    reasons TEXT NOT NULL,
    why TEXT NOT NULL,
    case_id TEXT,
    lifted BIGINT,
    lifted_by TEXT
);
CREATE INDEX block_tenant ON block (tenant, since);
CREATE INDEX block_in_force ON block (since) WHERE lifted IS NULL;

CREATE TABLE fraud_case (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    extension TEXT,
    state TEXT NOT NULL,
    opened BIGINT NOT NULL,
    active BIGINT NOT NULL,
    closed BIGINT,
    closed_by TEXT,
    let_through BIGINT NOT NULL,
    prevented BIGINT NOT NULL,
    alerts BIGINT NOT NULL,
    calls BIGINT NOT NULL,
    held BIGINT NOT NULL,
    headline TEXT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX fraud_case_tenant ON fraud_case (tenant, opened, id);
CREATE INDEX fraud_case_opened ON fraud_case (opened, id);
CREATE INDEX fraud_case_open ON fraud_case (tenant, active) WHERE state = 'open';
CREATE TABLE case_note (
    id TEXT PRIMARY KEY,
    case_id TEXT NOT NULL REFERENCES fraud_case (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    words TEXT NOT NULL
);
CREATE INDEX case_note_case ON case_note (case_id, at);

-- What happened: refusals, cuts, blocks, alerts, registrations from new places; the lines of the events file.
CREATE TABLE event (
    id BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    tenant TEXT NOT NULL,
    extension TEXT,
    call TEXT,
    case_id TEXT,
    why TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX event_tenant ON event (tenant, at, id);
CREATE INDEX event_at ON event (at, id);
CREATE INDEX event_case ON event (case_id, at, id) WHERE case_id IS NOT NULL;

-- How far each file of the spool is read, and which number comes next.
CREATE TABLE spool (
    node BIGINT NOT NULL,
    file TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (node, file)
);
CREATE TABLE spool_count (
    node BIGINT PRIMARY KEY,
    next BIGINT NOT NULL,
    refused BIGINT NOT NULL
);

-- The months that have a table of call records, cdr_2026_11 and so on.
CREATE TABLE cdr_month (
    month BIGINT PRIMARY KEY,
    pseudonymous BIGINT NOT NULL
);

-- What a legal hold keeps of a month that was dropped.
CREATE TABLE cdr_held (
    id BIGINT PRIMARY KEY,
    started BIGINT NOT NULL,
    tenant TEXT NOT NULL,
    extension TEXT,
    trunk TEXT,
    direction TEXT NOT NULL,
    a_number TEXT NOT NULL,
    b_number TEXT,
    dialled TEXT NOT NULL,
    kind TEXT,
    country TEXT,
    outcome TEXT NOT NULL,
    code BIGINT NOT NULL,
    answered BIGINT,
    ended BIGINT NOT NULL,
    billable_ms BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    prevented BIGINT NOT NULL,
    call_id TEXT,
    call_hash BIGINT,
    native_id TEXT NOT NULL,
    more TEXT
);
CREATE INDEX cdr_held_tenant ON cdr_held (tenant, started, id);

-- Sums of call records. extension is '' in usage_day; tenant '*' sums over all.
CREATE TABLE usage_hour (
    tenant TEXT NOT NULL,
    start BIGINT NOT NULL,
    extension TEXT NOT NULL,
    direction TEXT NOT NULL,
    kind TEXT NOT NULL,
    country TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    cut BIGINT NOT NULL,
    billable_ms BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    prevented BIGINT NOT NULL,
    PRIMARY KEY (tenant, start, extension, direction, kind, country)
); -- clustered
CREATE TABLE usage_day (
    tenant TEXT NOT NULL,
    start BIGINT NOT NULL,
    extension TEXT NOT NULL,
    direction TEXT NOT NULL,
    kind TEXT NOT NULL,
    country TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    cut BIGINT NOT NULL,
    billable_ms BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    prevented BIGINT NOT NULL,
    PRIMARY KEY (tenant, start, extension, direction, kind, country)
); -- clustered
CREATE TABLE usage_month (
    tenant TEXT NOT NULL,
    start BIGINT NOT NULL,
    extension TEXT NOT NULL,
    direction TEXT NOT NULL,
    kind TEXT NOT NULL,
    country TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    cut BIGINT NOT NULL,
    billable_ms BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    prevented BIGINT NOT NULL,
    PRIMARY KEY (tenant, start, extension, direction, kind, country)
); -- clustered
-- The months of each tenant without extensions (''), by time first: all tenants beside each other are few rows then.
CREATE TABLE usage_tenant (
    start BIGINT NOT NULL,
    tenant TEXT NOT NULL,
    extension TEXT NOT NULL,
    direction TEXT NOT NULL,
    kind TEXT NOT NULL,
    country TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    cut BIGINT NOT NULL,
    billable_ms BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    prevented BIGINT NOT NULL,
    PRIMARY KEY (start, tenant, extension, direction, kind, country)
); -- clustered
