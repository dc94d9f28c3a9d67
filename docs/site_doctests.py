"""Shows the doctests of docstrings as code in the site's API reference."""

from __future__ import annotations

import re
from typing import Any

import griffe

_SESSION = re.compile(r"^>>> .*(?:\n(?!\n).*)*", re.MULTILINE)


class DoctestsAsCode(griffe.Extension):
    """Fences every interactive session in a docstring, so that it is not taken for a quotation."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Change the docstring of a module, class, function or attribute that was just read."""
        if obj.docstring is not None:
            obj.docstring.value = _SESSION.sub(lambda match: f"```pycon\n{match.group(0)}\n```", obj.docstring.value)
