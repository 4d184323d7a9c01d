"""The application: which address has which answer. It is for one person, on their own machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from clearprop.errors import ClearpropError
from clearprop.studio.answers import ANSWERS, BEFORE, Question
from clearprop.studio.handed import MOST_BYTES, take, without_folder
from clearprop.studio.pages import STATIC, served_page
from clearprop.studio.runs import Runs
from clearprop.studio.setup import Setup
from clearprop.studio.table_problems import columns_of
from clearprop.studio.trial import try_to_read

HOSTS = ["127.0.0.1", "localhost", "[::1]"]
"""Names under which the page is served: a page of another name, which leads here, gets nothing."""


def make_app(runs: Runs | None = None) -> Starlette:
    """Return the application."""
    app = Starlette(
        routes=[
            Route("/", _page),
            Route("/api/tables", _take_table, methods=["POST"]),
            Route("/api/{name}", _answer),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)],
    )
    app.state.runs = Runs() if runs is None else runs
    return app


async def _page(request: Request) -> Response:
    page, policy = served_page()
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})


async def _answer(request: Request) -> Response:
    name, pairs = request.path_params["name"], dict(request.query_params)
    if name not in ANSWERS and name not in BEFORE:
        return JSONResponse({"error": "there is no such question"}, 404)

    def found() -> Any:
        setup = Setup.read(pairs)
        if name in BEFORE:
            return BEFORE[name](setup)
        return ANSWERS[name](request.app.state.runs.of(setup), Question(pairs))

    return await _said(found)


async def _take_table(request: Request) -> Response:
    """Take a table that is dropped or pasted, from this page alone, and say what it is called.

    Another site's page may have the browser send a form or text here; it gets neither the type
    past the browser, which asks before, nor its own origin past this.
    """
    headers = request.headers
    if headers.get("origin", f"http://{headers['host']}") != f"http://{headers['host']}":
        return JSONResponse({"error": "tables are taken from the studio's own page alone"}, 403)
    if headers.get("content-type") != "application/octet-stream":
        return JSONResponse({"error": "send a table as application/octet-stream"}, 415)
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MOST_BYTES:
            most = f"the studio takes {MOST_BYTES >> 20} MB: hand in a part of the table"
            return JSONResponse({"error": f"the file is too large; {most}"}, 413)

    def taken() -> Any:
        name = request.query_params.get("name", "")
        address = take(name, bytes(content))
        if address.startswith("table:"):
            try_to_read(address)
        return {"data": address, "columns": columns_of(address)}

    return await _said(taken)


async def _said(found: Callable[[], Any]) -> Response:
    """Return what a function finds, or what it refuses, as JSON."""
    try:
        return JSONResponse(await run_in_threadpool(found))
    except ClearpropError as error:
        said = without_folder(str(error))
        return JSONResponse({"error": said, "kind": type(error).__name__}, 400)
