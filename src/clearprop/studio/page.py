"""A page for a network and data of one's own, in a browser, in a notebook, and as a file."""

from __future__ import annotations

import os
import webbrowser
from collections.abc import Sequence
from urllib.parse import urlencode

import numpy as np

from clearprop.checks.data import column_names
from clearprop.checks.settings import count, flag
from clearprop.errors import ArgumentError
from clearprop.files.whole_file import check_can_write
from clearprop.network import Network, check_network
from clearprop.optimizers import LBFGS, Optimizer, OptimizerName
from clearprop.optimizers import optimizer as resolve_optimizer
from clearprop.studio.frame import frame
from clearprop.studio.problems import Problem
from clearprop.studio.replay import write_replay
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from clearprop.studio.telling import Telling
from clearprop.training.job import check_data

NAME = "own"


class Page:
    """The steps of a network on data, on a page that this process serves.

    In a notebook it shows itself: the page where the browser runs on the kernel's machine, else
    a replay of its first steps. `open` makes one.

    Attributes
    ----------
    address : str
    """

    def __init__(self, setup: Setup, problem: Problem, port: int | None) -> None:
        from clearprop.studio.server import Server

        self._setup = setup
        self._server = Server(port)
        self._server.app.state.runs.own[NAME] = problem
        self._server.start()

    @property
    def address(self) -> str:
        """Of the page."""
        return f"{self._server.address}#network?{urlencode(self._setup.pairs())}"

    @property
    def _run(self) -> Run:
        run: Run = self._server.app.state.runs.of(self._setup)
        return run

    def save(
        self, path: str | os.PathLike[str], *, steps: int = 200,
        screens: Sequence[str] | None = None, progress: bool | None = None,
    ) -> None:  # fmt: skip
        """Write a replay: one HTML file of at most 10 MB that needs no server, and loads nothing.

        Ctrl-C ends it; then nothing is written.

        Parameters
        ----------
        path : path
            What stands there is replaced.
        steps : int
            How many updates of the run it holds at most: the first ones whole, later ones
            with growing gaps.
        screens : sequence of str, optional
            What it holds, of "network", "derivation", "hill", "data", "curves" and "health";
            None: all of these. Fewer make it smaller, and are written sooner.
        progress : bool or None
            Whether lines on standard error say how far it is; None: once it takes two seconds.

        Raises
        ------
        ArgumentError
            If a screen is none of these.
        DivergenceError
            If the run cannot make a single step.
        FileWriteError
            If it cannot be written.
        """
        steps = count("steps", steps, 1, most=100_000)
        progress = None if progress is None else flag("progress", progress)
        check_can_write(path, replace=True)
        write_replay(path, self._run, steps, screens=screens, told=Telling(progress))

    def close(self) -> None:
        """End the page."""
        self._server.close()

    def _repr_html_(self) -> str:
        return frame(self.address, self._run)

    def __repr__(self) -> str:
        return f"Page of the studio at {self.address}"


def open(
    network: Network,
    X: object,
    y: object,
    *,
    optimizer: OptimizerName | Optimizer = "adam",
    batch_size: int | None = 32,
    epochs: int = 10,
    l2: float = 0.0,
    dropout: float = 0.0,
    seed: int = 0,
    features: Sequence[str] | None = None,
    classes: Sequence[str] = (),
    port: int | None = None,
    browser: bool = False,
) -> Page:
    """Show the steps that `cp.steps` would make of a network on data, on a page of this machine.

    Parameters
    ----------
    network : Network
        Left as it is.
    X : array-like, shape (n, n_0)
    y : array-like
        As for `train`.
    optimizer, batch_size, epochs, l2, dropout, seed
        As for `steps`.
    features : sequence of str, optional
        What each input is; None: the columns of X, if it has names.
    classes : sequence of str
        What each output, or each side of a single one, is.
    port : int, optional
        Where it is served; None: 8317, or one that is free.
    browser : bool
        Whether a browser is opened.

    Returns
    -------
    Page

    Raises
    ------
    DataError, ArgumentError, UnknownNameError
        If something does not fit, as for `steps`.
    MissingExtraError
        If the extra `studio` is not installed.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 4, 1], "tanh", "sigmoid", seed=1)
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> page = cp.studio.open(network, X, y, optimizer=cp.SGD(0.5), batch_size=4)
    >>> page.address[:17]
    'http://127.0.0.1:'
    >>> page.close()
    """
    rule = resolve_optimizer(optimizer)
    if isinstance(rule, LBFGS):
        raise ArgumentError("the studio shows single updates, which L-BFGS does not make")
    own = check_network(network).copy()
    data = check_data(own, X, y)
    names = list(features or column_names(X) or [f"x{i + 1}" for i in range(own.sizes[0])])
    if len(names) != own.sizes[0]:
        raise ArgumentError(f"there are {len(names)} features for {own.sizes[0]} inputs")
    n = len(data.X)
    size = n if batch_size is None else count("batch_size", batch_size, 1)
    setup = Setup(
        data=NAME, epochs=count("epochs", epochs, 1), l2=l2, dropout=dropout, seed=seed,
        batch=size, precision=str(own.dtype),
    )  # fmt: skip
    setup.check()
    X, y = np.array(data.X), np.array(data.y)
    problem = Problem(
        "Your network", own, X, y, X[:0], y[:0], names, [str(one) for one in classes], "y",
        optimizer=rule, batch=size,
    )  # fmt: skip
    page = Page(setup, problem, port)
    if flag("browser", browser):
        webbrowser.open(page.address)
    return page
