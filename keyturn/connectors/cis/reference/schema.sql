-- The reference CIS: what a small utility's system of record holds. No triggers (they do not run on distributed tables).
-- Applied once per schema by `install`; search_path stands on the schema (and on the one that holds btree_gist).

-- Numbers of persons and accounts come shuffled from number_seq (numbers.py). Service points and agreements have plain
-- ones, as whole numbers because that makes the constraint one_at_a_time three times as quick.
CREATE SEQUENCE number_seq;
CREATE SEQUENCE inner_seq;

-- "version" of these tables; "number_seed" by which the numbers are shuffled.
CREATE TABLE setting (
    name  text PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE person (
    ref           text PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('person', 'organisation')),
    date_of_birth date,
    language      text NOT NULL DEFAULT '',
    created_at    timestamptz NOT NULL DEFAULT now()
);

-- In names, identifiers and contacts place 0 is the primary one, so that the primary key allows no second.
CREATE TABLE person_name (
    person_ref        text NOT NULL REFERENCES person,
    name_type         text NOT NULL CHECK (name_type IN ('primary', 'legal', 'alias', 'dba', 'former')),
    place             smallint NOT NULL DEFAULT 0 CHECK (place = 0 OR name_type <> 'primary'),
    given_name        text NOT NULL DEFAULT '',
    middle_name       text NOT NULL DEFAULT '',
    family_name       text NOT NULL DEFAULT '',
    suffix            text NOT NULL DEFAULT '',
    organisation_name text NOT NULL DEFAULT '',
    PRIMARY KEY (person_ref, name_type, place)
);

CREATE TABLE person_identifier (
    person_ref text NOT NULL REFERENCES person,
    place      smallint NOT NULL,
    id_type    text NOT NULL,
    value      text NOT NULL,
    PRIMARY KEY (person_ref, place)
);

CREATE TABLE person_contact (
    person_ref text NOT NULL REFERENCES person,
    routing    text NOT NULL CHECK (routing IN ('email', 'phone')),
    place      smallint NOT NULL,
    value      text NOT NULL,
    PRIMARY KEY (person_ref, routing, place)  -- BR-15: one primary per routing
);

CREATE TABLE person_address (
    person_ref  text NOT NULL REFERENCES person,
    id          bigint GENERATED ALWAYS AS IDENTITY,
    kind        text NOT NULL CHECK (kind IN ('mailing', 'other')),
    line1       text NOT NULL,
    line2       text NOT NULL,
    city        text NOT NULL,
    state       text NOT NULL,
    postal_code text NOT NULL,
    country     text NOT NULL,
    valid_from  date,
    valid_to    date,
    PRIMARY KEY (person_ref, id),
    CHECK (valid_to >= valid_from)
);
CREATE UNIQUE INDEX one_mailing_address_now ON person_address (person_ref) WHERE kind = 'mailing' AND valid_to IS NULL;

CREATE TABLE premise (
    ref         text PRIMARY KEY,
    division    text NOT NULL,
    line1       text NOT NULL,
    line2       text NOT NULL,
    city        text NOT NULL,
    state       text NOT NULL,
    postal_code text NOT NULL,
    country     text NOT NULL
);

CREATE TABLE service_point (
    ref         bigint PRIMARY KEY DEFAULT nextval('inner_seq'),
    premise_ref text NOT NULL REFERENCES premise,
    service     text NOT NULL CHECK (service IN ('electric', 'gas', 'water')),
    UNIQUE (premise_ref, service)
);

CREATE TABLE account_person (
    account_ref             text NOT NULL,
    person_ref              text NOT NULL REFERENCES person,
    main_customer           boolean NOT NULL,
    financially_responsible boolean NOT NULL,
    guarantor               boolean NOT NULL DEFAULT false,
    relationship            text NOT NULL DEFAULT 'main',
    PRIMARY KEY (account_ref, person_ref),
    UNIQUE (account_ref, person_ref, main_customer),
    -- BR-19: the main customer always pays and never merely guarantees
    CONSTRAINT main_pays CHECK (NOT main_customer OR (financially_responsible AND NOT guarantor))
);
CREATE INDEX account_person_person ON account_person (person_ref);
CREATE UNIQUE INDEX one_main_customer ON account_person (account_ref) WHERE main_customer;  -- BR-19: at most one

-- "mailing_source" says where bills go (C.8): to the premise, to the main person's mailing address, or to the account's
-- own address in the mail_ columns.
CREATE TABLE account (
    ref              text PRIMARY KEY,
    main_person_ref  text NOT NULL,
    main_is_main     boolean NOT NULL DEFAULT true CHECK (main_is_main),
    division         text NOT NULL,
    customer_class   text NOT NULL,
    set_up_date      date,
    balance          numeric(14, 2) NOT NULL DEFAULT 0,
    mailing_source   text NOT NULL DEFAULT 'premise' CHECK (mailing_source IN ('premise', 'person', 'account')),
    mailing_premise  text REFERENCES premise,
    mail_line1       text NOT NULL DEFAULT '',
    mail_line2       text NOT NULL DEFAULT '',
    mail_city        text NOT NULL DEFAULT '',
    mail_state       text NOT NULL DEFAULT '',
    mail_postal_code text NOT NULL DEFAULT '',
    mail_country     text NOT NULL DEFAULT '',
    -- BR-20: at least one person, and one of them main, at the latest when the transaction commits
    CONSTRAINT has_a_main_customer FOREIGN KEY (ref, main_person_ref, main_is_main)
        REFERENCES account_person (account_ref, person_ref, main_customer) DEFERRABLE INITIALLY DEFERRED
);
ALTER TABLE account_person ADD CONSTRAINT of_an_account FOREIGN KEY (account_ref) REFERENCES account;

-- "end_date" is the last day of service. A request's own agreements carry its reference; adopted ones carry none.
CREATE TABLE agreement (
    ref               bigint PRIMARY KEY DEFAULT nextval('inner_seq'),
    service_point_ref bigint NOT NULL REFERENCES service_point,
    account_ref       text NOT NULL REFERENCES account,
    status            text NOT NULL CHECK (status IN ('pending_start', 'active', 'pending_stop', 'stopped', 'cancelled')),
    start_date        date NOT NULL,
    end_date          date,
    request_reference text NOT NULL DEFAULT '',
    CONSTRAINT once UNIQUE (account_ref, service_point_ref, start_date, request_reference),
    CONSTRAINT ends_after_it_starts CHECK (end_date >= start_date),
    CONSTRAINT a_stop_has_a_date CHECK (status NOT IN ('pending_stop', 'stopped') OR end_date IS NOT NULL),
    CONSTRAINT one_at_a_time EXCLUDE USING gist (
        service_point_ref WITH =, daterange(start_date, end_date, '[]') WITH &&
    ) WHERE (status IN ('pending_start', 'active', 'pending_stop'))
);
CREATE INDEX agreement_request ON agreement (request_reference) WHERE request_reference <> '';
CREATE INDEX agreement_due ON agreement (start_date) WHERE status = 'pending_start';
CREATE INDEX agreement_ending ON agreement (end_date) WHERE status = 'pending_stop';

-- What a new agreement changed on earlier ones (BR-41), so that cancelling it puts them back.
CREATE TABLE adjustment (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    by_agreement  bigint NOT NULL REFERENCES agreement,
    agreement_ref bigint NOT NULL REFERENCES agreement,
    old_status    text NOT NULL,
    old_end_date  date,
    new_status    text NOT NULL,
    new_end_date  date
);
CREATE INDEX adjustment_by ON adjustment (by_agreement);

-- BR-39. "text" says what was done, never a secret.
CREATE TABLE customer_contact (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at                timestamptz NOT NULL DEFAULT now(),
    person_ref        text NOT NULL REFERENCES person,
    account_ref       text REFERENCES account,
    contact_class     text NOT NULL,
    contact_type      text NOT NULL,
    text              text NOT NULL,
    request_reference text NOT NULL
);
CREATE INDEX customer_contact_person ON customer_contact (person_ref);

-- What each key did. "answer" is null while only a part has been done (see `send_partly`).
CREATE TABLE command (
    sequence          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    key               text PRIMARY KEY,
    name              text NOT NULL,
    fingerprint       text NOT NULL,
    request_reference text NOT NULL,
    person_ref        text NOT NULL DEFAULT '',
    answer            jsonb,
    at                timestamptz NOT NULL DEFAULT now()
);
