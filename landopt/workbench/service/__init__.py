"""``landopt serve --api``: the law, checks, audits and what-ifs for other programs, as JSON over HTTP."""
