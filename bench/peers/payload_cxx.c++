// Many bytes by the C++ implementation.
//
// usage: payload_cxx server             serves at a free port of the loopback and prints it
//        payload_cxx client PORT WORK   does the work and prints its figure: MB/s of a "stream", or microseconds for each "fetch"; see
//                                       payload.py, which does the same for the others

#include "payload.capnp.h"

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>
#include <kj/debug.h>

#include <chrono>
#include <cstdio>
#include <cstring>

namespace {

constexpr int CHUNK_BYTES = 64 * 1024;
constexpr int CONTENT_BYTES = 1024 * 1024;
constexpr int WARM_UP_CHUNKS = 200;
constexpr int CHUNKS = 2000;
constexpr int WARM_UP_FETCHES = 10;
constexpr int FETCHES = 200;

kj::Array<kj::byte> bytes(size_t size) {
  auto result = kj::heapArray<kj::byte>(size);
  std::memset(result.begin(), 'x', size);
  return result;
}

class PayloadServer final: public Payload::Server {
public:
  kj::Promise<void> write(WriteContext context) override {
    written += context.getParams().getChunk().size();
    return kj::READY_NOW;
  }

  kj::Promise<void> end(EndContext context) override {
    context.getResults().setWritten(written);
    written = 0;
    return kj::READY_NOW;
  }

  kj::Promise<void> fetch(FetchContext context) override {
    context.getResults(capnp::MessageSize { CONTENT_BYTES / 8 + 16, 0 }).setContent(content);
    return kj::READY_NOW;
  }

private:
  uint64_t written = 0;
  kj::Array<kj::byte> content = bytes(CONTENT_BYTES);
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
  capnp::TwoPartyServer server(kj::heap<PayloadServer>());
  server.listen(*listener).wait(io.waitScope);
}

double stream(Payload::Client& payload, kj::WaitScope& scope, int count) {
  auto chunk = bytes(CHUNK_BYTES);
  double start = now_us();
  for (int i = 0; i < count; i++) {
    auto request = payload.writeRequest(capnp::MessageSize { CHUNK_BYTES / 8 + 16, 0 });
    request.setChunk(chunk);
    request.send().wait(scope);
  }
  uint64_t written = payload.endRequest().send().wait(scope).getWritten();
  double taken = now_us() - start;
  KJ_REQUIRE(written == uint64_t(count) * CHUNK_BYTES, "not all bytes came", written);
  return written / taken;
}

double fetch(Payload::Client& payload, kj::WaitScope& scope, int count) {
  double start = now_us();
  for (int i = 0; i < count; i++) {
    size_t came = payload.fetchRequest().send().wait(scope).getContent().size();
    KJ_REQUIRE(came == CONTENT_BYTES, "not all bytes came", came);
  }
  return (now_us() - start) / count;
}

double measure(const char* port, const char* work) {
  auto io = kj::setupAsyncIo();
  auto address = io.provider->getNetwork().parseAddress(kj::str("127.0.0.1:", port)).wait(io.waitScope);
  auto connection = address->connect().wait(io.waitScope);
  capnp::TwoPartyClient client(*connection);
  auto payload = client.bootstrap().castAs<Payload>();
  if (std::strcmp(work, "stream") == 0) {
    stream(payload, io.waitScope, WARM_UP_CHUNKS);
    return stream(payload, io.waitScope, CHUNKS);
  }
  fetch(payload, io.waitScope, WARM_UP_FETCHES);
  return fetch(payload, io.waitScope, FETCHES);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "server") == 0) {
    serve();
  } else {
    KJ_REQUIRE(argc == 4 && std::strcmp(argv[1], "client") == 0, "usage: payload_cxx server | client PORT WORK");
    std::printf("%f\n", measure(argv[2], argv[3]));
  }
}
