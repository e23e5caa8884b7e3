// Both ends of a ByteStream on the C++ implementation, for ours to talk to.
//
// usage: byte_stream_peer serve HOST:PORT     takes bytes; prints the port, then "COUNT HASH" when a stream was ended, and stops when its
//                                             standard input closes
//        byte_stream_peer send HOST:PORT COUNT CHUNK     sends so many bytes in pieces of that size; then 5 bytes by a substream

#include "byte-stream.capnp.h"

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>
#include <kj/debug.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

using capnp::ByteStream;

struct Taken: public kj::Refcounted {
  uint64_t count = 0;
  uint64_t hash = 0;

  void take(capnp::Data::Reader bytes) {
    for (auto byte: bytes) hash = hash * 31 + byte;
    count += bytes.size();
  }
};

// Writes to the same place, and tells how many bytes there were when it is ended.
class Substream final: public ByteStream::Server {
public:
  Substream(kj::Own<Taken> taken, ByteStream::SubstreamCallback::Client callback)
      : taken(kj::mv(taken)), callback(kj::mv(callback)) {}

  kj::Promise<void> write(WriteContext context) override {
    auto bytes = context.getParams().getBytes();
    taken->take(bytes);
    count += bytes.size();
    return kj::READY_NOW;
  }

  kj::Promise<void> end(EndContext context) override {
    auto request = callback.endedRequest();
    request.setByteCount(count);
    return request.send().ignoreResult();
  }

private:
  kj::Own<Taken> taken;
  ByteStream::SubstreamCallback::Client callback;
  uint64_t count = 0;
};

class Stream final: public ByteStream::Server {
public:
  kj::Promise<void> write(WriteContext context) override {
    taken->take(context.getParams().getBytes());
    return kj::READY_NOW;
  }

  kj::Promise<void> end(EndContext context) override {
    std::printf("%llu %llu\n", (unsigned long long) taken->count, (unsigned long long) taken->hash);
    std::fflush(stdout);
    taken = kj::refcounted<Taken>();
    return kj::READY_NOW;
  }

  kj::Promise<void> getSubstream(GetSubstreamContext context) override {
    auto callback = context.getParams().getCallback();
    context.getResults().setSubstream(kj::heap<Substream>(kj::addRef(*taken), kj::mv(callback)));
    return kj::READY_NOW;
  }

private:
  kj::Own<Taken> taken = kj::refcounted<Taken>();
};

class Callback final: public ByteStream::SubstreamCallback::Server {
public:
  kj::Promise<void> ended(EndedContext context) override {
    std::printf("substream %llu\n", (unsigned long long) context.getParams().getByteCount());
    return kj::READY_NOW;
  }
};

void serve(kj::StringPtr place) {
  auto io = kj::setupAsyncIo();
  auto listener = io.provider->getNetwork().parseAddress(place).wait(io.waitScope)->listen();
  std::printf("%u\n", listener->getPort());
  std::fflush(stdout);
  capnp::TwoPartyServer server(kj::heap<Stream>());
  auto input = io.lowLevelProvider->wrapInputFd(0);
  char byte;
  server.listen(*listener)
      .exclusiveJoin(input->tryRead(&byte, 1, 1).ignoreResult())
      .wait(io.waitScope);
}

void send(kj::StringPtr place, size_t count, size_t chunk) {
  auto io = kj::setupAsyncIo();
  auto connection = io.provider->getNetwork().parseAddress(place).wait(io.waitScope)->connect().wait(io.waitScope);
  capnp::TwoPartyClient client(*connection);
  auto stream = client.bootstrap().castAs<ByteStream>();

  auto substreamRequest = stream.getSubstreamRequest();
  substreamRequest.setCallback(kj::heap<Callback>());
  auto substream = substreamRequest.send().getSubstream();
  auto hello = substream.writeRequest();
  hello.setBytes(kj::StringPtr("hello").asBytes());
  hello.send().wait(io.waitScope);
  substream.endRequest().send().wait(io.waitScope);

  uint8_t next = 0;
  while (count > 0) {
    size_t size = kj::min(count, chunk);
    auto request = stream.writeRequest();
    for (auto& byte: request.initBytes(size)) byte = next++;
    request.send().wait(io.waitScope);
    count -= size;
  }
  stream.endRequest().send().wait(io.waitScope);
  std::printf("ended\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && !std::strcmp(argv[1], "serve")) {
    serve(argv[2]);
  } else {
    KJ_REQUIRE(argc == 5, "usage: byte_stream_peer serve HOST:PORT | send HOST:PORT COUNT CHUNK");
    send(argv[2], std::strtoul(argv[3], nullptr, 10), std::strtoul(argv[4], nullptr, 10));
  }
  return 0;
}
