"""Reasons as data: why, why not, what it would take. Text is made from the records last (``landopt.reasons.texts``)."""
