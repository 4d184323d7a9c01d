"""`clearprop studio`: a page on which backpropagation is watched."""

from __future__ import annotations

import webbrowser

import click

from clearprop.cli.output import echo


@click.command(
    short_help="Watch backpropagation on a page of your own machine.",
    epilog="Example: clearprop studio",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Where it is served.  [default: 8317, or a free one]",
)
@click.option("--browser/--no-browser", default=True, help="Whether a browser is opened.")
def studio(port: int | None, browser: bool) -> None:
    """Serve a page on which a network learns, forwards and backwards, number by number.

    It is served to this machine alone, and ends with Ctrl-C.
    """
    from clearprop.studio.server import Server

    server = Server(port)
    echo(f"Studio: {server.address}  (Ctrl-C ends it)")
    if browser:
        webbrowser.open(server.address)
    server.run()
