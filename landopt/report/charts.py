"""Pictures of the plan."""
from __future__ import annotations
from markupsafe import Markup
from landopt.report.source import Source
def charts(source: Source) -> Markup:
    """Charts."""
    return Markup("")
