import asyncio

import caplet

hello = caplet.load("hello.capnp")


class GreeterServer(hello.Greeter.Server):
    async def greet(self, name):
        return f"Hello, {name}!"

    async def colleague(self):
        return GreeterServer()


async def main():
    async with caplet.serve("tcp://127.0.0.1:0", GreeterServer()) as server:
        async with caplet.connect(server.address) as connection:
            greeter = connection.bootstrap(hello.Greeter)  # usable at once
            colleague = greeter.colleague().greeter  # not there yet, usable all the same
            print((await colleague.greet(name="World")).greeting)  # one round trip for all of it


asyncio.run(main())
