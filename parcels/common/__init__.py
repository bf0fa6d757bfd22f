"""The common ground: findings, texts, fields, units, digests, frozen tables, whole writes. Imports no other room."""
