-- Plans as they were pushed: one row a plan, nothing is ever changed or removed. Areas m2, money yuan, score millipoints.
CREATE TABLE plan (
    plan_id      text PRIMARY KEY,
    plan_sha256  text NOT NULL UNIQUE CHECK (plan_sha256 ~ '^[0-9a-f]{64}$'),
    plan_hash    text NOT NULL,
    round        text NOT NULL,
    title_zh     text NOT NULL,
    title_en     text NOT NULL,
    as_of        date NOT NULL,
    case_digest  text NOT NULL,
    ledger_head  text,
    result       jsonb NOT NULL,
    versions     jsonb NOT NULL,
    file         text NOT NULL,                      -- plan.json, byte for byte
    pushed_at    timestamptz NOT NULL DEFAULT now(),
    pushed_by    text NOT NULL DEFAULT session_user
);
CREATE TABLE assignment (
    plan_id             text NOT NULL REFERENCES plan,
    number              integer NOT NULL CHECK (number > 0),
    parcel_ids          text[] NOT NULL,
    demand_id           text,
    platform            text,
    role                text NOT NULL,
    method              text NOT NULL,
    right_kind          text NOT NULL,
    period              text,
    term_years          integer,
    floor_price         bigint,
    start_price_yuan    bigint,
    expected_price_yuan bigint,
    deposit_yuan        bigint,
    verdict             text NOT NULL,
    conditions          jsonb NOT NULL,
    rules               text[] NOT NULL,
    timetable           jsonb NOT NULL,
    score               jsonb NOT NULL,
    PRIMARY KEY (plan_id, number)
);
CREATE TABLE supplied (                              -- each parcel of an assignment
    plan_id     text NOT NULL REFERENCES plan,
    parcel_id   text NOT NULL,
    number      integer NOT NULL,
    parcel_name text NOT NULL,
    district    text NOT NULL,
    use         text NOT NULL,
    land_source text NOT NULL,
    area_m2     bigint NOT NULL,
    new_area_m2 bigint NOT NULL,
    geom        geometry,
    PRIMARY KEY (plan_id, parcel_id),
    FOREIGN KEY (plan_id, number) REFERENCES assignment
);
CREATE INDEX supplied_geom ON supplied USING gist (geom);
CREATE TABLE held (
    plan_id   text NOT NULL REFERENCES plan,
    parcel_id text NOT NULL,
    reasons   jsonb NOT NULL,
    geom      geometry,
    PRIMARY KEY (plan_id, parcel_id)
);
CREATE INDEX held_geom ON held USING gist (geom);
CREATE TABLE unserved (
    plan_id   text NOT NULL REFERENCES plan,
    demand_id text NOT NULL,
    platform  text,
    reasons   jsonb NOT NULL,
    PRIMARY KEY (plan_id, demand_id)
);
CREATE TABLE "limit" (
    plan_id text NOT NULL REFERENCES plan,
    rule    text NOT NULL,
    key     jsonb NOT NULL,
    used    numeric,
    "limit" numeric,
    unit    text,
    binding boolean,
    PRIMARY KEY (plan_id, rule, key)
);
CREATE TABLE justification (
    plan_id text NOT NULL REFERENCES plan,
    number  integer NOT NULL,
    kind    text NOT NULL,
    record  jsonb NOT NULL,
    zh      text NOT NULL,
    en      text NOT NULL,
    PRIMARY KEY (plan_id, number)
);
CREATE TABLE word (                                  -- what the codes are called
    kind     text NOT NULL,
    code     text NOT NULL,
    zh       text NOT NULL,
    en       text NOT NULL,
    class_zh text,
    class_en text,
    PRIMARY KEY (kind, code)
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['plan', 'assignment', 'supplied', 'held', 'unserved', 'limit', 'justification', 'word'] LOOP
    EXECUTE format('CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON %I FOR EACH ROW EXECUTE FUNCTION append_only()', name);
    EXECUTE format('CREATE TRIGGER stay BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION append_only()', name);
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', name);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO landopt_officer', name);
    EXECUTE format('GRANT SELECT ON %I TO landopt_reader, landopt_auditor', name);
  END LOOP;
END $$;
