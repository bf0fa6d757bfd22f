"""``python -m landopt.desk.docs [--write]``."""

from landopt.desk.docs.pages import docs

docs()
