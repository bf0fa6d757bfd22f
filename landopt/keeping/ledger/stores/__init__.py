"""Where a ledger keeps its rows: a SQLite file, or a schema of the central database."""
