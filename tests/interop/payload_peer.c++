// Both ends of much data on the C++ implementation, for ours to talk to.
//
// usage: payload_peer serve HOST:PORT BUFFER                 serves one connection after the other; prints the port
//        payload_peer call HOST:PORT BUFFER CHUNKS SIZE      streams so many chunks of that size, fetches and echoes as many mebibytes as
//                                                            there are hundreds of chunks, all of it at once; prints what came of it
//
// BUFFER is the size of the system's buffers for each connection, 0 for what they are.

#include "payload.capnp.h"

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>
#include <kj/debug.h>

#include <sys/socket.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr uint32_t MEBIBYTE = 1024 * 1024;
constexpr uint CHUNKS_FOR_EACH_MEBIBYTE = 100;

void fill(capnp::Data::Builder bytes, uint32_t number) {
  for (size_t i = 0; i < bytes.size(); i++) bytes[i] = number + i;
}

bool isRight(capnp::Data::Reader bytes, uint32_t number) {
  for (size_t i = 0; i < bytes.size(); i++) {
    if (bytes[i] != uint8_t(number + i)) return false;
  }
  return true;
}

capnp::MessageSize sizeOf(uint32_t bytes) { return { bytes / 8 + 16, 0 }; }

class PayloadServer final: public Payload::Server {
public:
  kj::Promise<void> write(WriteContext context) override {
    auto params = context.getParams();
    if (params.getNumber() != chunks++ || !isRight(params.getChunk(), params.getNumber())) wrong++;
    return kj::READY_NOW;
  }

  kj::Promise<void> end(EndContext context) override {
    context.getResults().setChunks(chunks);
    context.getResults().setWrong(wrong);
    chunks = wrong = 0;
    return kj::READY_NOW;
  }

  kj::Promise<void> fetch(FetchContext context) override {
    auto params = context.getParams();
    fill(context.getResults(sizeOf(params.getSize())).initContent(params.getSize()), params.getNumber());
    return kj::READY_NOW;
  }

  kj::Promise<void> echo(EchoContext context) override {
    auto content = context.getParams().getContent();
    context.getResults(sizeOf(content.size())).setContent(content);
    return kj::READY_NOW;
  }

private:
  uint32_t chunks = 0;
  uint32_t wrong = 0;
};

void setBuffers(kj::AsyncIoStream& connection, int size) {
  if (size == 0) return;
  connection.setsockopt(SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
  connection.setsockopt(SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

void serve(const char* place, int buffer) {
  auto io = kj::setupAsyncIo();
  auto listener = io.provider->getNetwork().parseAddress(place).wait(io.waitScope)->listen();
  std::printf("%u\n", listener->getPort());
  std::fflush(stdout);
  capnp::TwoPartyServer server(kj::heap<PayloadServer>());
  for (;;) {
    auto connection = listener->accept().wait(io.waitScope);
    setBuffers(*connection, buffer);
    server.accept(kj::mv(connection));
  }
}

kj::Promise<void> stream(Payload::Client payload, uint32_t number, uint32_t count, uint32_t size) {
  if (number == count) return kj::READY_NOW;
  auto request = payload.writeRequest(sizeOf(size));
  request.setNumber(number);
  fill(request.initChunk(size), number);
  return request.send().then([payload, number, count, size]() mutable {
    return stream(kj::mv(payload), number + 1, count, size);
  });
}

kj::Promise<void> fetch(Payload::Client& payload, uint32_t number) {
  auto request = payload.fetchRequest();
  request.setNumber(number);
  request.setSize(MEBIBYTE);
  return request.send().then([number](auto&& results) {
    KJ_REQUIRE(results.getContent().size() == MEBIBYTE && isRight(results.getContent(), number), "wrong results", number);
  });
}

kj::Promise<void> echo(Payload::Client& payload, uint32_t number) {
  auto request = payload.echoRequest(sizeOf(MEBIBYTE));
  fill(request.initContent(MEBIBYTE), number);
  return request.send().then([number](auto&& results) {
    KJ_REQUIRE(results.getContent().size() == MEBIBYTE && isRight(results.getContent(), number), "wrong echo", number);
  });
}

void call(const char* place, int buffer, uint32_t chunks, uint32_t size) {
  auto io = kj::setupAsyncIo();
  auto connection = io.provider->getNetwork().parseAddress(place).wait(io.waitScope)->connect().wait(io.waitScope);
  setBuffers(*connection, buffer);
  capnp::TwoPartyClient client(*connection);
  auto payload = client.bootstrap().castAs<Payload>();
  kj::Vector<kj::Promise<void>> all;
  all.add(stream(payload, 0, chunks, size));
  for (uint32_t number = 0; number < chunks / CHUNKS_FOR_EACH_MEBIBYTE; number++) {
    all.add(fetch(payload, number));
    all.add(echo(payload, number));
  }
  uint32_t count = all.size();
  kj::joinPromises(all.releaseAsArray()).wait(io.waitScope);
  auto ended = payload.endRequest().send().wait(io.waitScope);
  std::printf("%u chunks, %u wrong, %u at once\n", ended.getChunks(), ended.getWrong(), count);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 4 && std::strcmp(argv[1], "serve") == 0) {
    serve(argv[2], std::atoi(argv[3]));
  } else {
    KJ_REQUIRE(argc == 6 && std::strcmp(argv[1], "call") == 0, "usage: see the head of the source");
    call(argv[2], std::atoi(argv[3]), std::atoi(argv[4]), std::atoi(argv[5]));
  }
}
