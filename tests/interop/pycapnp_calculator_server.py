"""A calculator server on pycapnp, for our client to talk to.

usage: pycapnp_calculator_server.py SCHEMA     prints the port; stops when its standard input closes.
"""

import asyncio
import sys

import capnp

calculator = capnp.load(sys.argv[1])


async def work_out(expression, params=()):
    which = expression.which()
    if which == "literal":
        return expression.literal
    if which == "previousResult":
        return (await expression.previousResult.read()).value
    if which == "parameter":
        return params[expression.parameter]
    numbers = [await work_out(param, params) for param in expression.call.params]
    return (await expression.call.function.call(numbers)).value


class ValueServer(calculator.Calculator.Value.Server):
    def __init__(self, number):
        self.number = number

    async def read(self, **kwargs):
        return self.number


class OperatorServer(calculator.Calculator.Function.Server):
    def __init__(self, op):
        self.op = op

    async def call(self, params, **kwargs):
        left, right = params
        if self.op == "add":
            return left + right
        if self.op == "subtract":
            return left - right
        if self.op == "multiply":
            return left * right
        return left / right


class DefinedFunctionServer(calculator.Calculator.Function.Server):
    def __init__(self, body):
        self.body = body.as_builder()

    async def call(self, params, **kwargs):
        return await work_out(self.body, list(params))


class CalculatorServer(calculator.Calculator.Server):
    async def evaluate(self, expression, **kwargs):
        return ValueServer(await work_out(expression))

    async def defFunction(self, paramCount, body, **kwargs):  # noqa: N802, N803
        return DefinedFunctionServer(body)

    async def getOperator(self, op, **kwargs):  # noqa: N802
        return OperatorServer(op)


async def serve_one(stream):
    await capnp.TwoPartyServer(stream, bootstrap=CalculatorServer()).on_disconnect()


async def main():
    server = await capnp.AsyncIoStream.create_server(serve_one, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(capnp.run(main()))
