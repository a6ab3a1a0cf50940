-- Version 4 of the reference CIS: what changed since, for whoever asks (changes.py).

-- "key" is that of the command that changed it; "import" for rows that were taken over; empty: the CIS's own staff, or time.
CREATE SEQUENCE change_seq;
SELECT nextval('change_seq');  -- from here on the next number is always larger than last_value
CREATE TABLE change (
    sequence bigint PRIMARY KEY DEFAULT nextval('change_seq'),
    noun     text NOT NULL CHECK (noun IN ('person', 'account', 'premise')),
    ref      text NOT NULL,
    key      text NOT NULL DEFAULT '',
    at       timestamptz NOT NULL DEFAULT now()
);

-- Whoever notes a change first shows, by a lock that ends with the transaction, from which number on it may draw. A reader
-- goes no further than the least of those that are held: what commits late under a small number is never passed over.
-- (Asking for the oldest running transaction instead would make every reader wait for strangers in the same database server.)
CREATE FUNCTION note_change(nouns text[], refs text[], own_key text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(
        hashtext('reference cis changes ' || current_schema()), (SELECT (last_value % 2147483647)::int FROM change_seq)
    );
    INSERT INTO change (noun, ref, key)
        SELECT noun, ref, own_key FROM unnest(nouns, refs) WITH ORDINALITY AS named (noun, ref, place)
        WHERE ref <> '' GROUP BY noun, ref ORDER BY min(place);
END $$;
