"""Docstrings begin with a verb and use the field's words; CONTRIBUTING.md says which."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OPENING = re.compile(r"(What|Whether|How|Whose|Who|Where)\b")
ARCHAIC = re.compile(r"\b(anew|for want of|in its stead|in their stead|obeys?|is told|are told|stands? beside)\b", re.I)
NAMES = re.compile(r"\b_?(MOST|LEAST|FEWEST|LONGEST|SHORTEST)_[A-Z]")
SOURCES = sorted(
    path
    for folder in ("aitunes", "instrument", "training", "tests", "benchmarks", "examples", "docs")
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "test_words.py"
)


def docstrings(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""


@pytest.mark.parametrize("folder", ["aitunes", "instrument", "training", "tests", "benchmarks", "examples", "docs"])
def test_sources_speak_plainly(folder):
    faults = []
    for path in (path for path in SOURCES if path.relative_to(ROOT).parts[0] == folder):
        for line, text in docstrings(path):
            if OPENING.match(text) or (folder != "tests" and ARCHAIC.search(text)):
                faults.append(f"{path.relative_to(ROOT)}:{line}: {text.splitlines()[0]}")
        if match := NAMES.search(path.read_text(encoding="utf-8")):
            faults.append(f"{path.relative_to(ROOT)}: {match.group()} → MAX_ or MIN_")
    assert faults == []
