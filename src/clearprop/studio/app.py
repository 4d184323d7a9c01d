"""The application: which address has which answer. It is for one person, on their own machine."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from clearprop.checks.settings import count
from clearprop.errors import ClearpropError
from clearprop.studio.answers import ANSWERS, BEFORE
from clearprop.studio.blas import one_blas_thread
from clearprop.studio.contents import Place
from clearprop.studio.finite import to_json
from clearprop.studio.handed import MOST_BYTES, take, without_folder
from clearprop.studio.known_runs import Runs
from clearprop.studio.pages import STATIC, served_page
from clearprop.studio.question import Question
from clearprop.studio.replay import Told, replay_of
from clearprop.studio.setup import Setup
from clearprop.studio.table_problems import columns_of
from clearprop.studio.told import told_replay
from clearprop.studio.trial import try_to_read
from clearprop.studio.unforeseen import unforeseen

HOSTS = ["127.0.0.1", "localhost", "[::1]"]
"""Names under which the page is served: a page of another name, which leads here, gets nothing."""

TOLD_EVERY = 0.25
"""Seconds between looks at a run that goes on by itself."""

REPLAY_STEPS = 200

STRANGER = (
    "this page is not the server's own: open the address that it printed when it began, with its "
    "token"
)


def make_app(runs: Runs | None = None, token: str = "") -> Starlette:
    """Return the application.

    Parameters
    ----------
    runs : Runs, optional
    token : str
        What questions have to bring, as ``?token=`` or in the header X-Clearprop-Token. Empty:
        a random one.
    """
    app = Starlette(
        routes=[
            Route("/", _page),
            Route("/api/here", _here),
            Route("/api/events", _events),
            Route("/api/replay", _replay),
            Route("/api/tables", _take_table, methods=["POST"]),
            Route("/api/{name}", _answer),
            Mount("/static", GZipMiddleware(_Static(directory=STATIC))),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)],
    )
    app.state.runs = Runs() if runs is None else runs
    app.state.token = token or secrets.token_urlsafe(16)
    app.state.closes = False
    return app


class _Static(StaticFiles):
    """Files that a browser asks for anew, so that no page has parts of two versions."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


async def _page(request: Request) -> Response:
    if _is_strange(request):
        return HTMLResponse(f"<!DOCTYPE html><title>Clearprop studio</title><p>{STRANGER}.", 403)
    page, policy = served_page()
    if (scheme := request.query_params.get("scheme")) in ("light", "dark"):
        page = page.replace("<html", f'<html style="color-scheme: {scheme}"', 1)
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, **_PRIVATE})


async def _here(request: Request) -> Response:
    """Tell a page of any origin that has the token, such as a notebook, that this is its server."""
    if _has_no_token(request):
        return _refused(STRANGER, "stranger", 403)
    return Response(headers={"Access-Control-Allow-Origin": "*", **_PRIVATE})


_PRIVATE = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def _is_strange(request: Request) -> bool:
    """Whether a request is none of our page: without the token, or sent by another page."""
    if _has_no_token(request):
        return True
    origin = request.headers.get("origin")
    return origin is not None and origin != f"{request.url.scheme}://{request.headers['host']}"


def _has_no_token(request: Request) -> bool:
    given = request.headers.get("x-clearprop-token") or request.query_params.get("token", "")
    return not secrets.compare_digest(given.encode(), request.app.state.token.encode())


def _refused(said: str, kind: str, status: int) -> Response:
    return JSONResponse({"error": said, "kind": kind}, status, headers=_PRIVATE)


async def _answer(request: Request) -> Response:
    if _is_strange(request):
        return _refused(STRANGER, "stranger", 403)
    name, pairs = request.path_params["name"], dict(request.query_params)
    if name not in ANSWERS and name not in BEFORE:
        return _refused("there is no such question", "question", 404)

    def found() -> Any:
        setup, runs = Setup.read(pairs), request.app.state.runs
        if name in BEFORE:
            return BEFORE[name](setup, runs.problems)
        run = runs.of(setup)
        with one_blas_thread() if run is runs.live else nullcontext():
            return ANSWERS[name](run, Question(pairs))

    return await _said(found)


async def _take_table(request: Request) -> Response:
    """Take a table that is dropped or pasted, from this page alone, and say what it is called.

    Another site's page may have the browser send a form or text here; it has no token, and gets
    neither the type past the browser, which asks before, nor its own origin past this.
    """
    if _is_strange(request):
        return _refused(STRANGER, "stranger", 403)
    if request.headers.get("content-type") != "application/octet-stream":
        return _refused("send a table as application/octet-stream", "type", 415)
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MOST_BYTES:
            most = f"the studio takes {MOST_BYTES >> 20} MB: hand in a part of the table"
            return _refused(f"the file is too large; {most}", "size", 413)

    def taken() -> Any:
        name = request.query_params.get("name", "")
        address = take(name, bytes(content))
        if address.startswith("table:"):
            try_to_read(address)
        return {"data": address, "columns": columns_of(address)}

    return await _said(taken)


async def _said(found: Callable[[], Any]) -> Response:
    """Return what a function finds, or what it refuses, as JSON."""

    def respond() -> Response:
        return Response(to_json(found()), media_type="application/json", headers=_PRIVATE)

    return await _in_thread(respond)


async def _in_thread(respond: Callable[[], Response]) -> Response:
    """Return a response that is made in a thread; what goes wrong there ends no more than it."""

    def made() -> Response:
        try:
            return respond()
        except ClearpropError as error:
            return _refused(without_folder(str(error)), type(error).__name__, 400)
        except (Exception, SystemExit) as error:  # of a user's own function, too
            return _refused(unforeseen(error), "failed", 500)

    return await run_in_threadpool(made)


async def _replay(request: Request) -> Response:
    """Give the replay of a run as a file; with told=1, behind lines that say how far it is."""
    if _is_strange(request):
        return _refused(STRANGER, "stranger", 403)
    pairs = dict(request.query_params)

    def made(told: Told) -> str:
        question = Question(pairs)
        run = request.app.state.runs.of(Setup.read(pairs))
        steps = count("steps", question.whole("steps", REPLAY_STEPS), 1)
        screens = question.text("screens")
        here = Place(max(question.whole("n", 0), 0), max(question.whole("sample", 0), 0))
        return replay_of(
            run, min(steps, 10 * REPLAY_STEPS), screens=screens.split(",") if screens else None,
            here=here, told=told,
        )  # fmt: skip

    if pairs.get("told"):
        return StreamingResponse(
            told_replay(made, request.is_disconnected), media_type="application/octet-stream",
            headers=_PRIVATE,
        )  # fmt: skip

    def respond() -> Response:
        name = 'attachment; filename="clearprop-replay.html"'
        return HTMLResponse(
            made(lambda *_: None), headers={"Content-Disposition": name, **_PRIVATE}
        )

    return await _in_thread(respond)


async def _events(request: Request) -> Response:
    """Announce the steps of a run that goes on by itself: an event each time that it has more."""
    if _is_strange(request):
        return _refused(STRANGER, "stranger", 403)
    return StreamingResponse(
        _announced(request), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _announced(request: Request) -> AsyncIterator[str]:
    told = None
    yield ": the studio announces steps here\n\n"
    while not (request.app.state.closes or await request.is_disconnected()):
        live = request.app.state.runs.live
        now = None if live is None else live.standing
        if now is not None and now != told:
            told = now
            yield f"data: {json.dumps(dict(zip(('run', 'total', 'epoch'), now, strict=True)))}\n\n"
        await asyncio.sleep(TOLD_EVERY)
