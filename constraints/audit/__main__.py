"""``python -S -m constraints.audit PLAN``: the audit with nothing but the standard library."""

import sys

from constraints.audit.command import main

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
