"""Echo calls by Caplet on uvloop, on both sides."""

from __future__ import annotations

import uvloop

from bench.peers.echo_caplet import measure, serve
from bench.processes import contestant_main

if __name__ == "__main__":
    contestant_main(serve, measure, uvloop.run)
