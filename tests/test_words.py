"""Docstrings begin with a verb and use the field's words; CONTRIBUTING.md says which."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OPENING = re.compile(r"(What|Whether|How|Whose|Who|Where)\b")
ARTICLE = re.compile(r"(The|An?|All|Every|Each|One|Its|Their|Those|Any)\b")
ARCHAIC = re.compile(r"\b(anew|for want of|in its stead|in their stead|obeys?|is told|are told|stands? beside)\b", re.I)
NAMES = re.compile(r"\b_?(MOST|LEAST|FEWEST|LONGEST|SHORTEST)_[A-Z]")
SOURCES = sorted(
    path
    for folder in ("aitunes", "instrument", "training", "tests", "benchmarks", "examples", "docs")
    for path in (ROOT / folder).rglob("*.py")
    if path.name != "test_words.py"
)


def docstrings(path):
    """Yield line, text, and whether the text belongs to a function that is no property."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            decorators = [ast.unparse(decorator) for decorator in getattr(node, "decorator_list", [])]
            function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            acts = function and not any(name.endswith("property") for name in decorators)
            yield getattr(node, "lineno", 1), ast.get_docstring(node) or "", acts


@pytest.mark.parametrize("folder", ["aitunes", "instrument", "training", "tests", "benchmarks", "examples", "docs"])
def test_sources_speak_plainly(folder):
    faults = []
    for path in (path for path in SOURCES if path.relative_to(ROOT).parts[0] == folder):
        for line, text, acts in docstrings(path):
            noun = acts and ARTICLE.match(text)
            if OPENING.match(text) or (folder != "tests" and (noun or ARCHAIC.search(text))):
                faults.append(f"{path.relative_to(ROOT)}:{line}: {text.splitlines()[0]}")
        if match := NAMES.search(path.read_text(encoding="utf-8")):
            faults.append(f"{path.relative_to(ROOT)}: {match.group()} → MAX_ or MIN_")
    assert faults == []
