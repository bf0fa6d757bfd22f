"""The command line of the audit with nothing but the standard library: ``python -S -m constraints.audit PLAN``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from constraints.audit.finding import BEYOND, BREACH, lines
from constraints.audit.joint import audit_joint, is_joint
from constraints.audit.restate import is_date
from constraints.audit.run import audit_plan
from parcels.common.issues import LandoptError


def main(arguments: Sequence[str]) -> int:
    """Usage: python -S -m constraints.audit PLAN [--complete] [--as-of D] [--zh]; 0 stands, 1 unreadable, 5 breach."""
    words = [word for word in arguments if word not in ("--complete", "--zh")]
    date = None
    if "--as-of" in words[:-1]:
        at = words.index("--as-of")
        date = words.pop(at + 1)
        words.pop(at)
    if len(words) != 1 or (date is not None and not is_date(date)):
        sys.stderr.write(f"{main.__doc__}\n")
        return 2
    if is_joint(Path(words[0])):
        try:
            found = audit_joint(words[0], complete="--complete" in arguments)
        except LandoptError as refused:
            sys.stderr.write("".join(f"{issue.what}\n  {issue.where}\n" for issue in refused.issues))
            return refused.exit_code
        sys.stdout.write("\n".join(found.lines("zh" if "--zh" in arguments else "en")) + "\n")
        return found.exit_code("--complete" in arguments, alone=True)
    try:
        report = audit_plan(words[0], complete="--complete" in arguments, as_of=date)
    except LandoptError as refused:
        sys.stderr.write("".join(f"{issue.what}\n  {issue.where}\n  {issue.maybe}\n" for issue in refused.issues))
        return refused.exit_code
    sys.stdout.write("\n".join(lines(report, "zh" if "--zh" in arguments else "en")) + "\n")
    if report.verdict == BREACH:
        return 5
    beyond = {each.what for each in BEYOND}
    left = [each for each in report.unchecked if not each.harmless and each.what not in beyond]
    return 5 if left and "--complete" in arguments else 0
