"""Publishes one quote: `python publisher.py ADDRESS NAME PRICE`."""

from __future__ import annotations

import asyncio
import sys

import caplet

caplet.install_import_hook()

import pubsub_capnp
from pubsub_capnp import Quote


async def main(address: str, name: str, price: float) -> None:
    async with caplet.connect(address) as connection:
        topic = connection.bootstrap(pubsub_capnp.Topic[Quote])
        published = await topic.publish(message=Quote(name=name, price=price))
        print(f"sent to {published.subscribers}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
