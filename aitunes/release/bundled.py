"""Names the releases that come with the package."""

from __future__ import annotations

BUNDLED = ("arcade", "carousel", "chamber", "first-light", "grooves", "overture", "stargazing", "vespers", "weather")
"""One of the same name among the user's would hide it."""
