// A calculator client on the C++ implementation, for our server to talk to.
//
// usage: calculator_client HOST:PORT     prints one result a line

#include "calculator.capnp.h"

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>
#include <kj/debug.h>

#include <cmath>
#include <cstdio>

namespace {

// A function that lives in this client; the server calls back.
class PowerFunction final: public Calculator::Function::Server {
public:
  kj::Promise<void> call(CallContext context) override {
    auto numbers = context.getParams().getParams();
    KJ_REQUIRE(numbers.size() == 2, "power takes two parameters", numbers.size());
    context.getResults().setValue(std::pow(numbers[0], numbers[1]));
    return kj::READY_NOW;
  }
};

}  // namespace

int main(int argc, char** argv) {
  KJ_REQUIRE(argc == 2, "usage: calculator_client HOST:PORT");
  auto io = kj::setupAsyncIo();
  auto address = io.provider->getNetwork().parseAddress(argv[1]).wait(io.waitScope);
  auto stream = address->connect().wait(io.waitScope);
  capnp::TwoPartyClient client(*stream);
  auto calculator = client.bootstrap().castAs<Calculator>();

  {
    auto request = calculator.evaluateRequest();
    request.getExpression().setLiteral(123);
    auto value = request.send().getValue();
    std::printf("literal %g\n", value.readRequest().send().wait(io.waitScope).getValue());
  }

  auto getOperator = [&](Calculator::Operator op) {
    auto request = calculator.getOperatorRequest();
    request.setOp(op);
    return request.send().getFunc();
  };

  {
    // 123 + 45 - 67, with operators that have not arrived when they are used.
    auto add = getOperator(Calculator::Operator::ADD);
    auto subtract = getOperator(Calculator::Operator::SUBTRACT);
    auto request = calculator.evaluateRequest();
    auto outer = request.getExpression().initCall();
    outer.setFunction(subtract);
    auto outerParams = outer.initParams(2);
    outerParams[1].setLiteral(67);
    auto inner = outerParams[0].initCall();
    inner.setFunction(add);
    auto innerParams = inner.initParams(2);
    innerParams[0].setLiteral(123);
    innerParams[1].setLiteral(45);
    auto value = request.send().getValue();
    std::printf("pipelined %g\n", value.readRequest().send().wait(io.waitScope).getValue());
  }

  {
    // f(x, y) = x * 100 + y, then f(12, 34) + f(1, 2) by way of a previous result.
    auto multiply = getOperator(Calculator::Operator::MULTIPLY);
    auto add = getOperator(Calculator::Operator::ADD);
    auto define = calculator.defFunctionRequest();
    define.setParamCount(2);
    auto sum = define.getBody().initCall();
    sum.setFunction(add);
    auto sumParams = sum.initParams(2);
    sumParams[1].setParameter(1);
    auto product = sumParams[0].initCall();
    product.setFunction(multiply);
    auto productParams = product.initParams(2);
    productParams[0].setParameter(0);
    productParams[1].setLiteral(100);
    auto function = define.send().getFunc();

    auto first = calculator.evaluateRequest();
    auto call = first.getExpression().initCall();
    call.setFunction(function);
    auto params = call.initParams(2);
    params[0].setLiteral(12);
    params[1].setLiteral(34);
    auto firstValue = first.send().getValue();

    auto second = calculator.evaluateRequest();
    auto secondCall = second.getExpression().initCall();
    secondCall.setFunction(add);
    auto secondParams = secondCall.initParams(2);
    secondParams[0].setPreviousResult(firstValue);
    secondParams[1].setLiteral(102);
    std::printf("function %g\n",
        second.send().getValue().readRequest().send().wait(io.waitScope).getValue());
  }

  {
    auto request = calculator.evaluateRequest();
    auto call = request.getExpression().initCall();
    call.setFunction(kj::heap<PowerFunction>());
    auto params = call.initParams(2);
    params[0].setLiteral(2);
    params[1].setLiteral(10);
    std::printf("callback %g\n",
        request.send().getValue().readRequest().send().wait(io.waitScope).getValue());
  }

  {
    // An error in the server is an error of that call alone.
    auto request = calculator.evaluateRequest();
    request.getExpression().setParameter(7);
    bool failed = false;
    request.send().getValue().readRequest().send().ignoreResult().catch_([&](kj::Exception&&) { failed = true; })
        .wait(io.waitScope);
    std::printf("error %s\n", failed ? "reported" : "missed");
  }
  return 0;
}
