-- Version 3 of the reference CIS: two persons who are one (MergePersons), and two again.

-- Who was merged leads to who stays. Their names, contacts and identifiers stay with this record.
ALTER TABLE person ADD COLUMN merged_into text REFERENCES person;
CREATE INDEX person_merged_into ON person (merged_into) WHERE merged_into IS NOT NULL;

-- What one merge did, so that it can be undone: the rows of account_person as they were on both sides, and which accounts
-- went over. "undone_at" says that it was.
CREATE TABLE merge (
    request_reference text PRIMARY KEY,
    survivor_ref      text NOT NULL REFERENCES person,
    loser_ref         text NOT NULL REFERENCES person,
    parts             jsonb NOT NULL,
    at                timestamptz NOT NULL DEFAULT now(),
    undone_at         timestamptz
);
CREATE INDEX merge_loser ON merge (loser_ref);
