-- The roles of the whole server, made once by who may create roles; people get them by GRANT landopt_officer TO name.
--   landopt_reader   sees plans;    landopt_officer  adds plans and entries of the ledger;    landopt_auditor  sees all.
-- None of them may change or remove anything: no UPDATE, DELETE or TRUNCATE is granted anywhere below.
DO $$
DECLARE wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['landopt_reader', 'landopt_officer', 'landopt_auditor'] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
      EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', wanted);
    END IF;
  END LOOP;
END $$;
