"""The application: which address has which answer. It is for one person, on their own machine."""

from __future__ import annotations

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
from clearprop.studio.answers import ANSWERS
from clearprop.studio.pages import STATIC, served_page
from clearprop.studio.question import Question
from clearprop.studio.runs import Runs
from clearprop.studio.setup import Setup

HOSTS = ["127.0.0.1", "localhost", "[::1]"]
"""Names under which the page is served: a page of another name, which leads here, gets nothing."""


def make_app(runs: Runs | None = None) -> Starlette:
    """Return the application."""
    app = Starlette(
        routes=[
            Route("/", _page),
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
    answer = ANSWERS.get(request.path_params["name"])
    if answer is None:
        return JSONResponse({"error": "there is no such question"}, 404)

    def found() -> Any:
        pairs = dict(request.query_params)
        run = request.app.state.runs.of(Setup.read(pairs))
        return answer(run, Question(pairs))

    try:
        return JSONResponse(await run_in_threadpool(found))
    except ClearpropError as error:
        return JSONResponse({"error": str(error), "kind": type(error).__name__}, 400)
