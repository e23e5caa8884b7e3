"""A topic on the network: `python server.py [ADDRESS]`. A subscriber that is slow misses the oldest messages; the others do not wait for it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import deque

import caplet

caplet.install_import_hook()

import pubsub_capnp
from pubsub_capnp import Quote

# How many messages wait for a slow subscriber.
BACKLOG = 100


class SubscriptionServer(pubsub_capnp.Subscription.Server):
    """One subscriber, with the messages that wait for it."""

    def __init__(self, topic: TopicServer, subscriber: pubsub_capnp.Subscriber[Quote]) -> None:
        self.topic = topic
        self.subscriber = subscriber
        self.backlog: deque[Quote] = deque(maxlen=BACKLOG)
        self.arrived = asyncio.Event()
        self.task = asyncio.create_task(self.push_all())

    def put(self, message: Quote) -> None:
        self.backlog.append(message)
        self.arrived.set()

    async def push_all(self) -> None:
        with contextlib.suppress(caplet.Disconnected):
            while True:
                await self.arrived.wait()
                self.arrived.clear()
                while self.backlog:
                    await self.subscriber.push(self.backlog.popleft())  # goes on when the subscriber can take more

    @caplet.on_release
    def end(self) -> None:
        self.topic.subscriptions.discard(self)
        self.task.cancel()


class TopicServer(pubsub_capnp.Topic.Server[Quote]):
    """The topic; everybody who connects meets the same one."""

    def __init__(self) -> None:
        self.subscriptions: set[SubscriptionServer] = set()

    async def subscribe(self, subscriber: pubsub_capnp.Subscriber[Quote]) -> SubscriptionServer:
        subscription = SubscriptionServer(self, subscriber)
        self.subscriptions.add(subscription)
        return subscription

    async def publish(self, message: Quote) -> int:
        for subscription in self.subscriptions:
            subscription.put(message)
        return len(self.subscriptions)


async def main(address: str) -> None:
    async with caplet.serve(address, TopicServer()) as server:
        print(server.address, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:0"))
