-- The simulated CC&B: what the documented operations show of its tables (docs/howto/connect-ccb.md). Made once per schema.

CREATE SEQUENCE number_seq;
CREATE TABLE setting (name text PRIMARY KEY, value text NOT NULL);

CREATE TABLE per (
    per_id      text PRIMARY KEY,
    per_or_bus  text NOT NULL CHECK (per_or_bus IN ('P', 'B')),
    birth_dt    date,
    language_cd text NOT NULL DEFAULT '',
    version     int NOT NULL DEFAULT 1
);
CREATE TABLE per_name (
    per_id      text NOT NULL REFERENCES per ON DELETE CASCADE,
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    name_type   text NOT NULL,
    is_prim     boolean NOT NULL,
    first_name  text NOT NULL,
    middle_name text NOT NULL,
    last_name   text NOT NULL,
    name_suffix text NOT NULL,
    entity_name text NOT NULL,
    start_dt    date,
    end_dt      date,
    coming      boolean NOT NULL DEFAULT false,  -- a primary name whose day has not come
    PRIMARY KEY (per_id, seq)
);
CREATE UNIQUE INDEX one_primary_name ON per_name (per_id) WHERE is_prim;

-- C.3: what the CIS does when a value stands on somebody else already.
CREATE TABLE id_type (id_type text PRIMARY KEY, dup_policy text NOT NULL CHECK (dup_policy IN ('NONE', 'WARN', 'ERROR')));
INSERT INTO id_type VALUES ('DL', 'WARN'), ('PASS', 'WARN'), ('SSN', 'WARN'), ('STID', 'WARN'), ('TIN', 'WARN'),
    ('SSN4', 'NONE'), ('KTKEY', 'ERROR');
CREATE TABLE per_id (
    per_id     text NOT NULL REFERENCES per ON DELETE CASCADE,
    seq        smallint NOT NULL,  -- 0: the primary one
    id_type    text NOT NULL REFERENCES id_type,
    id_nbr     text NOT NULL,
    id_folded  text NOT NULL,
    only_once  boolean NOT NULL,
    PRIMARY KEY (per_id, seq)
);
CREATE UNIQUE INDEX id_only_once ON per_id (id_type, id_folded) WHERE only_once;
CREATE INDEX per_id_value ON per_id (id_type, id_folded);

CREATE TABLE per_contact (
    per_id  text NOT NULL REFERENCES per ON DELETE CASCADE,
    route   text NOT NULL CHECK (route IN ('EMAIL', 'PHONE')),
    seq     smallint NOT NULL,  -- 0: the primary one (BR-15)
    value   text NOT NULL,
    folded  text NOT NULL,
    cnt_type text NOT NULL,
    PRIMARY KEY (per_id, route, seq)
);
CREATE INDEX per_contact_value ON per_contact (route, folded);

CREATE TABLE prem (prem_id text PRIMARY KEY, cis_division text NOT NULL, address jsonb NOT NULL);
CREATE TABLE sp (
    sp_id    text PRIMARY KEY,
    prem_id  text NOT NULL REFERENCES prem,
    svc_type text NOT NULL,
    badge    text NOT NULL DEFAULT '',
    UNIQUE (prem_id, svc_type)
);

CREATE TABLE acct (
    acct_id         text PRIMARY KEY,
    cis_division    text NOT NULL,
    cust_cl         text NOT NULL,
    currency        text NOT NULL DEFAULT 'USD',
    setup_dt        date NOT NULL DEFAULT current_date,
    mailing_prem_id text REFERENCES prem,
    addr_source     text NOT NULL CHECK (addr_source IN ('PREM', 'PER', 'ACCT')),
    address         jsonb,
    version         int NOT NULL DEFAULT 1
);
CREATE TABLE acct_nbr (
    acct_id  text NOT NULL REFERENCES acct,
    nbr_type text NOT NULL,
    nbr      text NOT NULL,
    PRIMARY KEY (nbr_type, nbr)  -- types of account numbers are unique here
);
CREATE TABLE acct_per (
    acct_id   text NOT NULL REFERENCES acct,
    per_id    text NOT NULL REFERENCES per,
    rel_type  text NOT NULL,
    role      text NOT NULL DEFAULT '',
    main_sw   boolean NOT NULL,
    fin_sw    boolean NOT NULL,
    guar_sw   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (acct_id, per_id),
    CONSTRAINT main_pays CHECK (NOT main_sw OR (fin_sw AND NOT guar_sw)),
    CONSTRAINT portal_never_pays CHECK (rel_type <> 'SSPORTAL' OR NOT (main_sw OR fin_sw OR guar_sw))
);
CREATE UNIQUE INDEX one_main_customer ON acct_per (acct_id) WHERE main_sw;
CREATE INDEX acct_per_person ON acct_per (per_id);

-- C.5, C.8: addresses with their days, of a person (source PER) or of an account (its address source, and the address).
CREATE TABLE dated_address (
    seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner     text NOT NULL,
    kind      text NOT NULL,
    source    text NOT NULL,
    address   jsonb,
    start_dt  date,
    end_dt    date,
    season_from text NOT NULL DEFAULT '',
    season_to   text NOT NULL DEFAULT ''
);
CREATE INDEX dated_address_owner ON dated_address (owner);

-- C.1: characteristics of a person, or of an account ("owner").
CREATE TABLE characteristic (
    seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner     text NOT NULL,
    char_type text NOT NULL,
    value     text NOT NULL,
    until_dt  date,
    ended     timestamptz
);
CREATE UNIQUE INDEX one_value ON characteristic (owner, char_type) WHERE ended IS NULL;

CREATE TABLE sa (
    sa_id     text PRIMARY KEY,
    acct_id   text NOT NULL REFERENCES acct,
    sp_id     text NOT NULL REFERENCES sp,
    status    text NOT NULL CHECK (status IN ('10', '20', '30', '40', '60', '70')),
    start_dt  date NOT NULL,
    end_dt    date,
    request   text NOT NULL DEFAULT ''
);
CREATE INDEX sa_sp ON sa (sp_id);
CREATE INDEX sa_acct ON sa (acct_id);
CREATE TABLE sa_change (  -- what gave way to a new agreement, so that cancelling puts it back
    by_sa text NOT NULL REFERENCES sa, sa_id text NOT NULL REFERENCES sa,
    old_status text NOT NULL, old_end_dt date, new_status text NOT NULL, new_end_dt date
);

-- C.15: a self-service task, opened by the eligibility operation. While it is pending it holds its service points.
CREATE TABLE task (
    task_id   text PRIMARY KEY,
    ext_ref   text NOT NULL UNIQUE,
    digest    text NOT NULL DEFAULT '',
    status    text NOT NULL CHECK (status IN ('PENDING', 'COMPLETE', 'CANCELLED')),
    request   text NOT NULL DEFAULT '',
    prem_id   text NOT NULL REFERENCES prem,
    start_dt  date NOT NULL,
    cust_cl   text NOT NULL,
    per_id    text NOT NULL DEFAULT '',
    acct_id   text NOT NULL DEFAULT '',
    sp_ids    text[] NOT NULL,
    selected  boolean NOT NULL DEFAULT false,
    opened    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX task_prem ON task (prem_id) WHERE status = 'PENDING';

CREATE TABLE cust_contact (
    cc_id    text PRIMARY KEY,
    seq      bigint GENERATED ALWAYS AS IDENTITY,
    at       timestamptz NOT NULL DEFAULT now(),
    per_id   text NOT NULL REFERENCES per,
    acct_id  text REFERENCES acct,
    cc_class text NOT NULL DEFAULT 'SELFSVC',
    cc_type  text NOT NULL,
    text     text NOT NULL,
    ext_ref  text UNIQUE,  -- what stands outside for this contact
    digest   text NOT NULL DEFAULT '',
    request  text NOT NULL DEFAULT '',
    sas      jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX cust_contact_person ON cust_contact (per_id);

CREATE TABLE web_user (
    web_user_id text PRIMARY KEY,
    client_id   text NOT NULL UNIQUE,
    name        text NOT NULL,
    role        text NOT NULL,
    active      boolean NOT NULL,
    per_id      text REFERENCES per,
    version     int NOT NULL DEFAULT 1
);
CREATE TABLE web_user_acct (
    web_user_id text NOT NULL REFERENCES web_user ON DELETE CASCADE,
    acct_id     text NOT NULL REFERENCES acct,
    nickname    text NOT NULL,
    role        text NOT NULL,
    active      boolean NOT NULL,
    verified    boolean NOT NULL,
    version     int NOT NULL DEFAULT 1,
    PRIMARY KEY (web_user_id, acct_id)
);
CREATE TABLE change (
    seq  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    noun text NOT NULL,
    ref  text NOT NULL,
    key  text NOT NULL,
    at   timestamptz NOT NULL DEFAULT now()
);
