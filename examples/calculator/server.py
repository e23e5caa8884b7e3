"""A calculator on the network: `python server.py [ADDRESS]`, by default on a port that the system chooses.

Prints the address that it listens at and serves until it is interrupted.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Sequence

import caplet

caplet.install_import_hook()

from calculator_capnp import Calculator

OPERATORS: dict[Calculator.Operator, Callable[[float, float], float]] = {
    Calculator.Operator.ADD: float.__add__,
    Calculator.Operator.SUBTRACT: float.__sub__,
    Calculator.Operator.MULTIPLY: float.__mul__,
    Calculator.Operator.DIVIDE: float.__truediv__,
}


async def work_out(expression: Calculator.Expression, params: Sequence[float] = ()) -> float:
    """Return the value of an expression; `params` are what it was called with when it is the body of a function."""
    match expression.which:
        case "literal":
            return expression.literal
        case "previous_result":
            return (await expression.previous_result.read()).value
        case "parameter":
            if expression.parameter >= len(params):
                raise ValueError(f"parameter {expression.parameter} of {len(params)}")
            return params[expression.parameter]
        case "call":
            # All parameters are worked out side by side; each may need calls of its own.
            numbers = await asyncio.gather(*[work_out(param, params) for param in expression.call.params])
            return (await expression.call.function.call(params=numbers)).value
        case _:
            raise ValueError(f"an expression of unknown kind {expression.which}")


class ValueServer(Calculator.Value.Server):
    """A number that stays here until somebody reads it."""

    def __init__(self, number: float) -> None:
        self.number = number

    async def read(self) -> float:
        return self.number


class OperatorServer(Calculator.Function.Server):
    """One of the built-in functions of two parameters."""

    def __init__(self, function: Callable[[float, float], float]) -> None:
        self.function = function

    async def call(self, params: Sequence[float]) -> float:
        if len(params) != 2:
            raise ValueError(f"an operator takes two parameters, not {len(params)}")
        return self.function(params[0], params[1])


class DefinedFunctionServer(Calculator.Function.Server):
    """A function that a client defined by an expression."""

    def __init__(self, param_count: int, body: Calculator.Expression) -> None:
        self.param_count = param_count
        self.body = body

    async def call(self, params: Sequence[float]) -> float:
        if len(params) != self.param_count:
            raise ValueError(f"this function takes {self.param_count} parameters, not {len(params)}")
        return await work_out(self.body, params)


class CalculatorServer(Calculator.Server):
    """What a client meets first."""

    async def evaluate(self, expression: Calculator.Expression) -> ValueServer:
        return ValueServer(await work_out(expression))

    async def def_function(self, param_count: int, body: Calculator.Expression) -> DefinedFunctionServer:
        return DefinedFunctionServer(param_count, body)

    async def get_operator(self, op: Calculator.Operator) -> OperatorServer:
        return OperatorServer(OPERATORS[op])


async def main(address: str) -> None:
    async with caplet.serve(address, CalculatorServer()) as server:
        print(server.address, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:0"))
