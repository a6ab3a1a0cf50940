-- Version 2 of the reference CIS: what customers change about themselves (process phase 10). Applied after schema.sql, on
-- a fresh schema and on one that has been in use since version 1 alike; what is there stays.

-- C.2: a name in another script; and since when a name holds, as far as somebody said.
ALTER TABLE person_name DROP CONSTRAINT person_name_name_type_check;
ALTER TABLE person_name ADD CONSTRAINT person_name_name_type_check
    CHECK (name_type IN ('primary', 'legal', 'alias', 'dba', 'former', 'alternate'));
ALTER TABLE person_name ADD COLUMN valid_from date, ADD COLUMN valid_to date;

-- A primary name that is asked for and whose day has not come. The nightly run makes it the primary one.
CREATE TABLE upcoming_name (
    person_ref        text NOT NULL REFERENCES person,
    from_day          date NOT NULL,
    given_name        text NOT NULL,
    middle_name       text NOT NULL,
    family_name       text NOT NULL,
    suffix            text NOT NULL,
    organisation_name text NOT NULL,
    PRIMARY KEY (person_ref, from_day)
);

ALTER TABLE person_contact ADD COLUMN contact_type text NOT NULL DEFAULT '';

-- BR-08 asks whether a value stands on somebody else; spaces, dashes and case do not tell two values apart.
CREATE INDEX person_identifier_value ON person_identifier
    (id_type, upper(regexp_replace(value, '[^[:alnum:]]', '', 'g')));

-- Days of the year as month * 100 + day, both included; a season may run over New Year's Eve.
CREATE FUNCTION season_days(first smallint, last smallint) RETURNS int4multirange LANGUAGE sql IMMUTABLE RETURN
    CASE WHEN first <= last THEN int4multirange(int4range(first, last, '[]'))
         ELSE int4multirange(int4range(first, 1231, '[]'), int4range(101, last, '[]')) END;

-- C.5: a seasonal address holds each year between two days, before any that has no season.
ALTER TABLE person_address
    ADD COLUMN season_from smallint,
    ADD COLUMN season_to smallint,
    ADD CHECK ((season_from IS NULL) = (season_to IS NULL)),
    ADD CONSTRAINT overlapping_season EXCLUDE USING gist (
        person_ref WITH =, season_days(season_from, season_to) WITH &&, daterange(valid_from, valid_to, '[]') WITH &&
    ) WHERE (season_from IS NOT NULL);
DROP INDEX one_mailing_address_now;
CREATE UNIQUE INDEX one_mailing_address_now ON person_address (person_ref)
    WHERE kind = 'mailing' AND valid_to IS NULL AND season_from IS NULL;

-- Where an account's bills go on days for which something else was asked than what stands on the account. The address
-- source and the address are one row, so that the one never switches without the other (BR-22).
CREATE TABLE account_mailing (
    account_ref text NOT NULL REFERENCES account,
    id          bigint GENERATED ALWAYS AS IDENTITY,
    source      text NOT NULL CHECK (source IN ('premise', 'person', 'account')),
    line1       text NOT NULL DEFAULT '',
    line2       text NOT NULL DEFAULT '',
    city        text NOT NULL DEFAULT '',
    state       text NOT NULL DEFAULT '',
    postal_code text NOT NULL DEFAULT '',
    country     text NOT NULL DEFAULT '',
    valid_from  date,
    valid_to    date,
    season_from smallint,
    season_to   smallint,
    PRIMARY KEY (account_ref, id),
    CHECK (valid_to >= valid_from),
    CHECK ((season_from IS NULL) = (season_to IS NULL)),
    CHECK ((source = 'account') = (line1 <> '' OR city <> '' OR postal_code <> '')),
    CONSTRAINT one_mailing_at_a_time EXCLUDE USING gist (
        account_ref WITH =, daterange(valid_from, valid_to, '[]') WITH &&
    ) WHERE (season_from IS NULL),
    CONSTRAINT overlapping_season_of_account EXCLUDE USING gist (
        account_ref WITH =, season_days(season_from, season_to) WITH &&, daterange(valid_from, valid_to, '[]') WITH &&
    ) WHERE (season_from IS NOT NULL)
);

-- C.1: typed names and values ("characteristics"), of a person or of one account of theirs, with what was before.
-- "until" is the last day on which a value holds of itself; "ended_at" says when another took its place.
CREATE TABLE detail (
    id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_ref        text NOT NULL REFERENCES person,
    account_ref       text REFERENCES account,
    name              text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_.]*$'),
    value             text NOT NULL,
    until             date,
    since             timestamptz DEFAULT now(),
    ended_at          timestamptz,
    request_reference text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX one_value_of_a_person ON detail (person_ref, name) WHERE account_ref IS NULL AND ended_at IS NULL;
CREATE UNIQUE INDEX one_value_of_an_account ON detail (account_ref, name) WHERE account_ref IS NOT NULL AND ended_at IS NULL;
CREATE INDEX detail_person ON detail (person_ref);
CREATE INDEX detail_account ON detail (account_ref) WHERE account_ref IS NOT NULL;

-- BR-21: the relationship 'self_service' is the portal's own; a row that bears it is the portal's to delete. Another
-- relationship, given by staff, makes it the CIS's for good. "portal_role" says what the portal calls it.
ALTER TABLE account_person
    ADD COLUMN portal_role text NOT NULL DEFAULT '',
    ADD CONSTRAINT portal_rows_never_pay CHECK (  -- BR-64
        relationship <> 'self_service' OR NOT (main_customer OR financially_responsible OR guarantor)
    );
