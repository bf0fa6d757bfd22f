"""No clock fails a test: drawn cases may take what a busy machine takes. Files with slow tests come first."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("clockless", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("clockless")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with long tests first, each whole: what is left at the end is short, and no process waits for another."""
    long = {item.path for item in items if any(map(item.get_closest_marker, ("slow", "browser", "postgis")))}
    items.sort(key=lambda item: item.path not in long)
