// Echo calls by the C++ implementation.
//
// usage: echo_cxx server             serves at a free port of the loopback and prints it
//        echo_cxx client PORT WORK   does the work and prints microseconds: "one" call after another, "chain" of pipelined calls (for the
//                                    whole chain), or so many calls in flight; see latency.py, which does the same for the others

#include "echo.capnp.h"

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>
#include <kj/debug.h>
#include <kj/vector.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr int WARM_UP = 200;
constexpr int CALLS = 2000;
constexpr int CHAINS = 100;
constexpr int DEPTH = 20;

class EchoServer final: public Echo::Server {
public:
  kj::Promise<void> echo(EchoContext context) override {
    auto params = context.getParams();
    auto results = context.getResults();
    results.setX(params.getX());
    results.setS(params.getS());
    return kj::READY_NOW;
  }

  kj::Promise<void> next(NextContext context) override {
    context.getResults().setEcho(thisCap());
    return kj::READY_NOW;
  }
};

double now_us() {
  using std::chrono::steady_clock;
  return std::chrono::duration<double, std::micro>(steady_clock::now().time_since_epoch()).count();
}

void serve() {
  auto io = kj::setupAsyncIo();
  auto address = io.provider->getNetwork().parseAddress("127.0.0.1").wait(io.waitScope);
  auto listener = address->listen();
  std::printf("%u\n", listener->getPort());
  std::fflush(stdout);
  capnp::TwoPartyServer server(kj::heap<EchoServer>());
  server.listen(*listener).wait(io.waitScope);
}

class Measure {
public:
  Measure(Echo::Client echo, kj::WaitScope& scope): echo(kj::mv(echo)), scope(scope) {}

  double one() {
    for (int i = 0; i < WARM_UP; i++) call().wait(scope);
    double start = now_us();
    for (int i = 0; i < CALLS; i++) call().wait(scope);
    return (now_us() - start) / CALLS;
  }

  double chain() {
    for (int i = 0; i < 5; i++) longCall().wait(scope);
    double start = now_us();
    for (int i = 0; i < CHAINS; i++) longCall().wait(scope);
    return (now_us() - start) / CHAINS;
  }

  double inFlight(int count) {
    for (int i = 0; i < WARM_UP; i++) call().wait(scope);
    int rounds = count > 10000 ? 1 : 10000 / count;
    double start = now_us();
    for (int i = 0; i < rounds; i++) {
      kj::Vector<kj::Promise<void>> calls(count);
      for (int j = 0; j < count; j++) calls.add(call());
      kj::joinPromises(calls.releaseAsArray()).wait(scope);
    }
    return (now_us() - start) / rounds / count;
  }

private:
  kj::Promise<void> echoOn(Echo::Client& target) {
    auto request = target.echoRequest();
    request.setX(7);
    request.setS("hello");
    return request.send().ignoreResult();
  }

  kj::Promise<void> call() { return echoOn(echo); }

  kj::Promise<void> longCall() {
    Echo::Client last = echo;
    for (int i = 0; i < DEPTH; i++) last = last.nextRequest().send().getEcho();
    return echoOn(last);
  }

  Echo::Client echo;
  kj::WaitScope& scope;
};

double measure(const char* port, const char* work) {
  auto io = kj::setupAsyncIo();
  auto address = io.provider->getNetwork().parseAddress(kj::str("127.0.0.1:", port)).wait(io.waitScope);
  auto stream = address->connect().wait(io.waitScope);
  capnp::TwoPartyClient client(*stream);
  Measure measure(client.bootstrap().castAs<Echo>(), io.waitScope);
  if (std::strcmp(work, "one") == 0) return measure.one();
  if (std::strcmp(work, "chain") == 0) return measure.chain();
  return measure.inFlight(std::atoi(work));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "server") == 0) {
    serve();
  } else {
    KJ_REQUIRE(argc == 4 && std::strcmp(argv[1], "client") == 0, "usage: echo_cxx server | client PORT WORK");
    std::printf("%f\n", measure(argv[2], argv[3]));
  }
}
