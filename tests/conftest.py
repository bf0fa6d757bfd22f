"""No clock fails a test: drawn cases may take what a busy machine takes."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("clockless", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("clockless")
