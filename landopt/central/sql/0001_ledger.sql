-- The ledger: append-only, each entry carries the hash of the one before it (docs/rounds.md).
-- Run with search_path = the schema, public, pg_temp (landopt database upgrade does).
CREATE TABLE entries (
    seq   bigint PRIMARY KEY CHECK (seq > 0),
    at    text NOT NULL,
    kind  text NOT NULL,
    round text NOT NULL,
    body  text NOT NULL,
    prev  text NOT NULL UNIQUE,
    hash  text NOT NULL UNIQUE CHECK (hash ~ '^[0-9a-f]{64}$')
);

-- Who writes holds this lock until his transaction ends; there is one for each ledger of the database.
CREATE FUNCTION ledger_lock() RETURNS void LANGUAGE sql SET search_path FROM CURRENT AS
$$ SELECT pg_catalog.pg_advisory_xact_lock((1818324580::bigint << 32) | 'entries'::regclass::oid::bigint) $$;

-- An entry follows the last one and its hash is that of what it says: whoever writes it, with whatever program.
CREATE FUNCTION entry_follows() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE last_seq bigint; last_hash text; said text;
BEGIN
  PERFORM ledger_lock();
  SELECT e.seq, e.hash INTO last_seq, last_hash FROM entries e ORDER BY e.seq DESC LIMIT 1;
  IF NEW.seq <> coalesce(last_seq, 0) + 1 OR NEW.prev <> coalesce(last_hash, repeat('0', 64)) THEN
    RAISE EXCEPTION 'the entry does not follow the last one';
  END IF;
  said := '{"at":' || to_json(NEW.at) || ',"body":' || NEW.body || ',"kind":' || to_json(NEW.kind)
       || ',"prev":' || to_json(NEW.prev) || ',"round":' || to_json(NEW.round) || ',"seq":' || NEW.seq || '}';
  IF NEW.hash <> encode(sha256(convert_to(said, 'UTF8')), 'hex') THEN
    RAISE EXCEPTION 'the hash of the entry is not that of what it says';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$;

CREATE TRIGGER entries_chain BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION entry_follows();
CREATE TRIGGER entries_keep BEFORE UPDATE OR DELETE ON entries FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER entries_stay BEFORE TRUNCATE ON entries FOR EACH STATEMENT EXECUTE FUNCTION append_only();

REVOKE ALL ON entries FROM PUBLIC;
GRANT SELECT, INSERT ON entries TO landopt_officer;
GRANT SELECT ON entries TO landopt_auditor;
GRANT EXECUTE ON FUNCTION ledger_lock() TO landopt_officer;
