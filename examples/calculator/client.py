"""A client of the calculator: `python client.py ADDRESS`."""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Sequence

import caplet

caplet.install_import_hook()

from calculator_capnp import Calculator

Expression = Calculator.Expression
Operator = Calculator.Operator


class PowerServer(Calculator.Function.Server):
    """A function that lives here; the calculator calls back."""

    async def call(self, params: Sequence[float]) -> float:
        return math.pow(params[0], params[1])


def call(function: Calculator.Function | PowerServer, *params: Expression | float) -> Expression:
    """Return the expression that applies `function` to `params`, each a number or an expression."""
    expressions = [param if isinstance(param, Expression) else Expression(literal=param) for param in params]
    return Expression(call={"function": function, "params": expressions})


async def evaluate_a_literal(calc: Calculator) -> float:
    """One value made on the server and read: two calls, one round trip."""
    value = calc.evaluate(expression={"literal": 123}).value
    return (await value.read()).value


async def use_operators_before_they_arrive(calc: Calculator) -> float:
    """123 + 45 - 67: four calls, each on what an earlier one will return, one round trip."""
    add = calc.get_operator(op=Operator.ADD).func
    subtract = calc.get_operator(op=Operator.SUBTRACT).func
    value = calc.evaluate(expression=call(subtract, call(add, 123, 45), 67)).value
    return (await value.read()).value


async def define_a_function(calc: Calculator) -> float:
    """f(x, y) = x * 100 + y is kept on the server; then f(12, 34) + f(1, 2), one of them by its earlier result."""
    add = calc.get_operator(op=Operator.ADD).func
    multiply = calc.get_operator(op=Operator.MULTIPLY).func
    body = call(add, call(multiply, Expression(parameter=0), 100), Expression(parameter=1))
    function = calc.def_function(param_count=2, body=body).func
    first = calc.evaluate(expression=call(function, 12, 34)).value
    total = calc.evaluate(expression=call(add, Expression(previous_result=first), call(function, 1, 2))).value
    return (await total.read()).value


async def call_back(calc: Calculator) -> float:
    """2 to the 10th by a function of ours that the server calls."""
    value = calc.evaluate(expression=call(PowerServer(), 2, 10)).value
    return (await value.read()).value


async def main(address: str) -> None:
    async with caplet.connect(address) as connection:
        calc = connection.bootstrap(Calculator)
        print("a literal:            123                 =", await evaluate_a_literal(calc))
        print("pipelined operators:  123 + 45 - 67       =", await use_operators_before_they_arrive(calc))
        print("a function over there: f(12, 34) + f(1, 2) =", await define_a_function(calc))
        print("a function over here:  2 ** 10             =", await call_back(calc))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1]))
