-- What is to be told to one contact or program, and what was told.
CREATE TABLE notice (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    channel TEXT NOT NULL,
    batch TEXT NOT NULL,
    body TEXT NOT NULL,
    made BIGINT NOT NULL,
    due BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    letter TEXT,
    state TEXT NOT NULL,
    done BIGINT,
    trouble TEXT
);
CREATE INDEX notice_due ON notice (due, id) WHERE state = 'waiting';
CREATE INDEX notice_batch ON notice (tenant, channel, batch, state);
CREATE INDEX notice_made ON notice (made, id);

-- Refused calls that somebody is asked to approve.
CREATE TABLE approval (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    extension TEXT,
    call TEXT,
    number TEXT NOT NULL,
    country TEXT NOT NULL,
    kind TEXT NOT NULL,
    per_minute BIGINT NOT NULL,
    reasons TEXT NOT NULL,
    case_id TEXT,
    made BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    answer TEXT,
    answered BIGINT,
    answered_by TEXT
);
CREATE INDEX approval_tenant ON approval (tenant, made, id);
CREATE INDEX approval_made ON approval (made, id);
CREATE INDEX approval_open ON approval (tenant, expires) WHERE answer IS NULL;
