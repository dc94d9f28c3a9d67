"""Brings pages that live outside docs/ into the site, and points links at them.

Links in the sources are relative paths inside the project; the site has the same pages under other paths.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PAGES = {
    "README.md": "index.md",
    "benchmarks/RESULTS.md": "results.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]*)(#[^)\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages from outside, and leave out sources that are no pages."""
    for source, page in PAGES.items():
        files.append(File.generated(config, page, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Rewrite links to files outside docs/: to their page in the site, or to plain text where they have none."""
    sources = {page_path: source for source, page_path in PAGES.items()}
    folder = (ROOT / sources.get(page.file.src_uri, f"docs/{page.file.src_uri}")).parent

    def rewritten(match: re.Match[str]) -> str:
        image, text, target, anchor = match.group(1), match.group(2), match.group(3), match.group(4) or ""
        if not target or "://" in target:
            return match.group(0)
        path = (folder / target).resolve()
        if not path.exists():
            return match.group(0)  # left as it is, so that the strict build names it
        path_in_project = path.relative_to(ROOT).as_posix()
        depth = "../" * page.file.src_uri.count("/")
        if path_in_project in PAGES:
            return f"{image}[{text}]({depth}{PAGES[path_in_project]}{anchor})"
        if path_in_project.startswith("docs/") and path.is_file():
            inside = f"{depth}{path_in_project.removeprefix('docs/')}"
            player = f' <audio controls preload="none" src="{inside}"></audio>' if path.suffix == ".ogg" else ""
            return f"{image}[{text}]({inside}{anchor}){player}"
        return text if f"`{path_in_project}`" == text else f"{text} (`{path_in_project}`)"

    return _LINK.sub(rewritten, markdown)
