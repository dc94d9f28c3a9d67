"""Documents the API in a page of its own, which needs no script and nothing from elsewhere."""

from __future__ import annotations

import html
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.responses import HTMLResponse, Response

_HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>AiTunes HTTP API</title>'
    '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/page/docs.css">'
    "</head><body><main>"
)


def router(app: FastAPI) -> APIRouter:
    """Return the route of the page."""
    routes = APIRouter()

    @routes.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(_page(app.openapi()))

    return routes


def _page(schema: dict[str, Any]) -> str:
    parts = [_HEAD, f"<h1>AiTunes HTTP API {_text(schema['info']['version'])}</h1>"]
    parts.append(f"<p>{_text(schema['info']['description'])}</p>")
    parts.append('<p>As <a href="/api/v1/openapi.json">OpenAPI</a>, for programs that make clients of it.</p>')
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            parts.append(f"<h2><code>{method.upper()} /api/v1{_text(path)}</code></h2>")
            parts.append(f"<p>{_text(operation.get('description', ''))}</p>")
            parts.append(_parameters(operation))
            parts.append(_body(operation, schema))
    return "".join([*parts, "</main></body></html>"])


def _parameters(operation: dict[str, Any]) -> str:
    rows = [(one["name"], one["in"], one.get("description", "")) for one in operation.get("parameters", [])]
    return _table(("parameter", "in", ""), rows)


def _body(operation: dict[str, Any], schema: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    reference = content.get("schema", {}).get("$ref", "")
    model = schema.get("components", {}).get("schemas", {}).get(reference.rpartition("/")[2], {})
    rows = [(name, _kind(field), field.get("description", "")) for name, field in model.get("properties", {}).items()]
    return _table(("field", "kind", ""), rows)


def _kind(field: dict[str, Any]) -> str:
    kinds = [one.get("type", one.get("$ref", "").rpartition("/")[2]) for one in field.get("anyOf", [field])]
    return " or ".join(kind for kind in kinds if kind and kind != "null")


def _table(head: tuple[str, ...], rows: list[tuple[str, str, str]]) -> str:
    if not rows:
        return ""
    cells = "".join(f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{''.join(f'<th>{_text(cell)}</th>' for cell in head)}</tr></thead>{cells}</table>"


def _text(value: str) -> str:
    return html.escape(value)
