// A calculator server on the C++ implementation, for our client to talk to.
//
// usage: calculator_server HOST:PORT     (port 0: any; the port is printed)
// Stops when its standard input closes, so that a test that dies takes it along.

#include "calculator.capnp.h"

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>
#include <kj/debug.h>

#include <cstdio>

namespace {

using Numbers = capnp::List<double>::Reader;

class ValueServer final: public Calculator::Value::Server {
public:
  explicit ValueServer(double number): number(number) {}

  kj::Promise<void> read(ReadContext context) override {
    context.getResults().setValue(number);
    return kj::READY_NOW;
  }

private:
  double number;
};

// Works out `expression`; `params` are what it was called with when it is the body of a function.
kj::Promise<double> workOut(Calculator::Expression::Reader expression, kj::Array<double> params) {
  switch (expression.which()) {
    case Calculator::Expression::LITERAL:
      return expression.getLiteral();
    case Calculator::Expression::PREVIOUS_RESULT:
      return expression.getPreviousResult().readRequest().send().then(
          [](capnp::Response<Calculator::Value::ReadResults>&& response) { return response.getValue(); });
    case Calculator::Expression::PARAMETER: {
      uint32_t index = expression.getParameter();
      KJ_REQUIRE(index < params.size(), "no such parameter", index);
      return params[index];
    }
    case Calculator::Expression::CALL: {
      auto call = expression.getCall();
      auto function = call.getFunction();
      auto values = KJ_MAP(item, call.getParams()) { return workOut(item, kj::heapArray(params.asPtr())); };
      return kj::joinPromises(kj::mv(values)).then([function](kj::Array<double>&& numbers) mutable {
        auto request = function.callRequest();
        request.setParams(numbers);
        return request.send().then(
            [](capnp::Response<Calculator::Function::CallResults>&& response) { return response.getValue(); });
      });
    }
  }
  KJ_FAIL_REQUIRE("an expression of an unknown kind");
}

class DefinedFunction final: public Calculator::Function::Server {
public:
  DefinedFunction(uint32_t count, Calculator::Expression::Reader expression): count(count) {
    message.setRoot(expression);
  }

  kj::Promise<void> call(CallContext context) override {
    auto given = context.getParams().getParams();
    KJ_REQUIRE(given.size() == count, "wrong number of parameters", given.size(), count);
    auto numbers = kj::heapArrayBuilder<double>(given.size());
    for (double number: given) numbers.add(number);
    return workOut(message.getRoot<Calculator::Expression>().asReader(), numbers.finish())
        .then([context](double value) mutable { context.getResults().setValue(value); });
  }

private:
  uint32_t count;
  capnp::MallocMessageBuilder message;
};

class OperatorFunction final: public Calculator::Function::Server {
public:
  explicit OperatorFunction(Calculator::Operator op): op(op) {}

  kj::Promise<void> call(CallContext context) override {
    Numbers numbers = context.getParams().getParams();
    KJ_REQUIRE(numbers.size() == 2, "an operator takes two parameters", numbers.size());
    double left = numbers[0], right = numbers[1], value = 0;
    switch (op) {
      case Calculator::Operator::ADD: value = left + right; break;
      case Calculator::Operator::SUBTRACT: value = left - right; break;
      case Calculator::Operator::MULTIPLY: value = left * right; break;
      case Calculator::Operator::DIVIDE: value = left / right; break;
    }
    context.getResults().setValue(value);
    return kj::READY_NOW;
  }

private:
  Calculator::Operator op;
};

class CalculatorServer final: public Calculator::Server {
public:
  kj::Promise<void> evaluate(EvaluateContext context) override {
    return workOut(context.getParams().getExpression(), nullptr).then([context](double value) mutable {
      context.getResults().setValue(kj::heap<ValueServer>(value));
    });
  }

  kj::Promise<void> defFunction(DefFunctionContext context) override {
    auto params = context.getParams();
    context.getResults().setFunc(kj::heap<DefinedFunction>(params.getParamCount(), params.getBody()));
    return kj::READY_NOW;
  }

  kj::Promise<void> getOperator(GetOperatorContext context) override {
    context.getResults().setFunc(kj::heap<OperatorFunction>(context.getParams().getOp()));
    return kj::READY_NOW;
  }
};

}  // namespace

int main(int argc, char** argv) {
  KJ_REQUIRE(argc == 2, "usage: calculator_server HOST:PORT");
  auto io = kj::setupAsyncIo();
  auto address = io.provider->getNetwork().parseAddress(argv[1]).wait(io.waitScope);
  auto listener = address->listen();
  std::printf("%u\n", listener->getPort());
  std::fflush(stdout);
  capnp::TwoPartyServer server(kj::heap<CalculatorServer>());
  auto input = io.lowLevelProvider->wrapInputFd(0);
  char byte;
  server.listen(*listener)
      .exclusiveJoin(input->tryRead(&byte, 1, 1).ignoreResult())
      .wait(io.waitScope);
  return 0;
}
