"""A calculator client on pycapnp, for our server to talk to.

usage: pycapnp_calculator_client.py SCHEMA HOST PORT     prints one result a line.
"""

import asyncio
import sys

import capnp

calculator = capnp.load(sys.argv[1])


class PowerServer(calculator.Calculator.Function.Server):
    async def call(self, params, **kwargs):
        return params[0] ** params[1]


async def main():
    stream = await capnp.AsyncIoStream.create_connection(sys.argv[2], int(sys.argv[3]))
    calc = capnp.TwoPartyClient(stream).bootstrap().cast_as(calculator.Calculator)

    value = calc.evaluate({"literal": 123}).value
    print(f"literal {(await value.read()).value:g}")

    add = calc.getOperator(op="add").func
    subtract = calc.getOperator(op="subtract").func
    request = calc.evaluate_request()
    outer = request.expression.init("call")
    outer.function = subtract
    params = outer.init("params", 2)
    params[1].literal = 67
    inner = params[0].init("call")
    inner.function = add
    inner_params = inner.init("params", 2)
    inner_params[0].literal = 123
    inner_params[1].literal = 45
    print(f"pipelined {(await request.send().value.read()).value:g}")

    multiply = calc.getOperator(op="multiply").func
    define = calc.defFunction_request()
    define.paramCount = 2
    total = define.body.init("call")
    total.function = add
    params = total.init("params", 2)
    params[1].parameter = 1
    product = params[0].init("call")
    product.function = multiply
    params = product.init("params", 2)
    params[0].parameter = 0
    params[1].literal = 100
    function = define.send().func
    request = calc.evaluate_request()
    call = request.expression.init("call")
    call.function = function
    params = call.init("params", 2)
    params[0].literal = 12
    params[1].literal = 34
    first = request.send().value
    request = calc.evaluate_request()
    call = request.expression.init("call")
    call.function = add
    params = call.init("params", 2)
    params[0].previousResult = first
    params[1].literal = 102
    print(f"function {(await request.send().value.read()).value:g}")

    request = calc.evaluate_request()
    call = request.expression.init("call")
    call.function = PowerServer()
    params = call.init("params", 2)
    params[0].literal = 2
    params[1].literal = 10
    print(f"callback {(await request.send().value.read()).value:g}")

    try:
        await calc.evaluate({"parameter": 7}).value.read()
    except capnp.KjException:
        print("error reported")
    else:
        print("error missed")


asyncio.run(capnp.run(main()))
