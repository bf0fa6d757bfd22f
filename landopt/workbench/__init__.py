"""The workbench: one local page, offline, for the whole round; a server of files and commands, nothing of its own.

The server holds no table and no solver: whatever needs them runs in a child process (``landopt.workbench.child``), so
that it stays small and a solve can be ended at once. docs/workbench.md.
"""
