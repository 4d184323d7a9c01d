"""Told: a replay that is made while lines say how far it is, and that ends with its reader."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.concurrency import run_in_threadpool

from clearprop.errors import ClearpropError
from clearprop.studio.handed import without_folder
from clearprop.studio.replay import Told
from clearprop.studio.unforeseen import unforeseen

TOLD_EVERY = 0.1
"""Seconds between lines, and between looks whether the reader is still there."""


class _GoneError(Exception):
    """Nobody waits for it any more."""


async def told_replay(
    make: Callable[[Told], str], is_gone: Callable[[], Awaitable[bool]]
) -> AsyncIterator[str]:
    """Yield lines {"done": share, "words": what}, the last one with 1, and then the page.

    Or a line {"error": why}. What makes the page is ended within an answer once its reader is gone.
    """
    now, ends = {"done": 0.0, "words": ""}, threading.Event()

    def told(done: float, words: str) -> None:
        if ends.is_set():
            raise _GoneError
        now.update(done=min(done, 0.99), words=words)

    making = asyncio.ensure_future(run_in_threadpool(make, told))
    try:
        while not making.done():
            if await is_gone():
                return
            yield f"{json.dumps(now)}\n"
            await asyncio.wait([making], timeout=TOLD_EVERY)
        try:
            page = making.result()
        except ClearpropError as error:
            yield f"{json.dumps({'error': without_folder(str(error))})}\n"
            return
        except (Exception, SystemExit) as error:  # of a user's own function, too
            yield f"{json.dumps({'error': unforeseen(error)})}\n"
            return
        yield f"{json.dumps({'done': 1, 'words': ''})}\n"
        yield page
    finally:
        ends.set()
        making.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
