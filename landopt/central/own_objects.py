"""What a schema of a ledger must hold and nothing else: what stands in the catalogue of the server against our own SQL.

A view in the place of the table, a rule, a policy of rows or a trigger of somebody else's would let entries disappear
that were told as written; as with a file, such a schema is refused with the object's name, and nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from landopt.central.address import Address
from landopt.central.connection import troubles
from landopt.central.upgrade import steps
from parcels.common.issues import Refused, error

if TYPE_CHECKING:
    from landopt.central.connection import Connection

_COLUMNS: Final = [("seq", "bigint"), *((name, "text") for name in ("at", "kind", "round", "body", "prev", "hash"))]
_INDEXES: Final = {"entries_pkey", "entries_prev_key", "entries_hash_key"}
_TRIGGERS: Final = {
    ("entries_chain", 7, "entry_follows"),
    ("entries_keep", 27, "append_only"),
    ("entries_stay", 34, "append_only"),
}
"""Name, when it acts (``pg_trigger.tgtype``: before insert; update or delete; truncate), and what it runs."""

_RELATIONS = """
SELECT c.relname::text, c.relkind::text, c.relpersistence::text = 'p' AND NOT c.relrowsecurity
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhparent, i.inhrelid))
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND c.relkind <> 'v')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = %s AND c.relkind NOT IN ('i', 't')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1
"""
_BUILT = """
SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atthasdef
FROM pg_catalog.pg_attribute a WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""
_INDEXED = """
SELECT c.relname::text, i.indisunique AND i.indisvalid AND i.indexprs IS NULL AND i.indpred IS NULL
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = to_regclass(%s) ORDER BY 1
"""
_ACTING = """
SELECT t.tgname::text, t.tgtype::int, p.proname::text, t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL
       AND t.tgnargs = 0 AND t.tgattr::text = '' AND p.pronamespace = c.relnamespace
FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
WHERE t.tgrelid = to_regclass(%s) AND NOT t.tgisinternal ORDER BY 1
"""
_RUN = """
SELECT p.proname::text, p.prosrc, NOT p.prosecdef FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = %s
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY 1
"""
_MADE = re.compile(r'^CREATE (TABLE|VIEW) (?:IF NOT EXISTS )?("[^"]+"|\w+)', re.MULTILINE)
_BODY = re.compile(r"^CREATE FUNCTION (\w+)\(.*?\$\$(.*?)\$\$", re.MULTILINE | re.DOTALL)


def require_own(db: Connection, address: Address) -> None:
    """Refuse a schema whose ledger is not as our own SQL makes it, or that holds what is not of landopt.

    Raises
    ------
    Refused
        ``B080.object``, with the name of the first object that is foreign, changed or not there.
    Environment
        If the server cannot be reached (B102).
    """
    with troubles(address):
        for name in _foreign(db, address.schema):
            raise Refused(error("B080.object", at=address.name, name=name))


def _foreign(db: Connection, schema: str) -> Iterator[str]:
    texts = [step.text for step in steps()[1:]]
    kinds = {"migrations": "r"}
    for text in texts:
        kinds |= {name.strip('"'): "r" if what == "TABLE" else "v" for what, name in _MADE.findall(text)}
    there = {}
    for name, kind, plain in db.execute(_RELATIONS, (schema,)).fetchall():
        there[name] = kind
        if kinds.get(name) != kind or not (plain or kind == "v"):
            yield name
    yield from sorted(set(kinds) - set(there))
    table = f'"{schema}".entries'
    built = db.execute(_BUILT, (table,)).fetchall()
    if [(name, kind) for name, kind, _ in built] != _COLUMNS or any(filled for *_, filled in built):
        yield "entries"
    indexed: dict[str, bool] = dict(db.execute(_INDEXED, (table,)).fetchall())
    yield from sorted(name for name, sound in indexed.items() if name not in _INDEXES or not sound)
    yield from sorted(_INDEXES - set(indexed))
    acting = {(name, when, what): sound for name, when, what, sound in db.execute(_ACTING, (table,)).fetchall()}
    for trigger, sound in acting.items():
        if trigger not in _TRIGGERS or not sound:
            yield trigger[0]
    yield from sorted(name for name, *_ in _TRIGGERS - set(acting))
    bodies = {name: body for text in texts for name, body in _BODY.findall(text)}
    run = db.execute(_RUN, (schema,)).fetchall()
    for name, body, plain in run:
        if bodies.get(name) != str(body).replace("\r\n", "\n") or not plain:  # a script run by hand on Windows
            yield name
    yield from sorted(set(bodies) - {name for name, *_ in run})
