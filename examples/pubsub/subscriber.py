"""Shows a number of quotes as they are published: `python subscriber.py ADDRESS COUNT`."""

from __future__ import annotations

import asyncio
import sys

import caplet

caplet.install_import_hook()

import pubsub_capnp
from pubsub_capnp import Quote


class PrintingSubscriber(pubsub_capnp.Subscriber.Server[Quote]):
    """Prints quotes, and says when it has printed enough."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.done = asyncio.Event()

    async def push(self, message: Quote) -> None:
        if self.left:
            print(f"{message.name} {message.price:.2f}", flush=True)
            self.left -= 1
        if not self.left:
            self.done.set()


async def main(address: str, count: int) -> None:
    async with caplet.connect(address) as connection:
        topic = connection.bootstrap(pubsub_capnp.Topic[Quote])
        subscriber = PrintingSubscriber(count)
        subscribed = await topic.subscribe(subscriber=subscriber)  # lasts as long as these results
        print("subscribed", flush=True)
        await subscriber.done.wait()
        del subscribed


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
