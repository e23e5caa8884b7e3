// A server and a client of the C++ implementation on other connections than TCP, for ours to talk to: Unix sockets with descriptors, TLS with
// certificates on both sides, and WebSockets.
//
// usage: place_peer serve KIND PLACE     prints "ready", or the port; stops when its standard input closes
//        place_peer call KIND PLACE      calls everything, and prints what came
// KIND is unix (PLACE is unix:/path or unix-abstract:name), tls or ws (PLACE is host:port). tls reads authority.pem and NAME.pem, with a
// certificate and its key, from the directory it is in.

#include "places.capnp.h"

#include <capnp/compat/websocket-rpc.h>
#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>
#include <kj/async-unix.h>
#include <kj/compat/http.h>
#include <kj/compat/tls.h>
#include <kj/debug.h>
#include <kj/filesystem.h>

#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace {

constexpr unsigned MAX_FDS = 4;

kj::String readAll(int fd) {
  kj::Vector<char> text;
  char buffer[256];
  ssize_t size;
  KJ_SYSCALL(size = ::read(fd, buffer, sizeof(buffer)));
  while (size > 0) {
    text.addAll(buffer, buffer + size);
    KJ_SYSCALL(size = ::read(fd, buffer, sizeof(buffer)));
  }
  return kj::heapString(text.asPtr());
}

class BoxImpl final: public Box::Server {
public:
  explicit BoxImpl(kj::StringPtr text) {
    int ends[2];
    KJ_SYSCALL(::pipe(ends));
    fd = kj::AutoCloseFd(ends[0]);
    kj::AutoCloseFd writeEnd(ends[1]);
    KJ_SYSCALL(::write(writeEnd, text.begin(), text.size()));
  }

  kj::Promise<void> label(LabelContext context) override {
    context.getResults().setLabel("a box");
    return kj::READY_NOW;
  }

  kj::Maybe<int> getFd() override { return fd.get(); }

private:
  kj::AutoCloseFd fd;
};

kj::Promise<kj::String> textOf(Box::Client box) {
  return box.getFd()
      .then([](kj::Maybe<int> found) {
        KJ_IF_MAYBE(fd, found) {
          return readAll(*fd);
        }
        return kj::str("none");
      })
      .attach(kj::mv(box));
}

class ServiceImpl final: public Service::Server {
public:
  explicit ServiceImpl(kj::String name): name(kj::mv(name)) {}

  kj::Promise<void> open(OpenContext context) override {
    context.getResults().setBox(kj::heap<BoxImpl>(context.getParams().getText()));
    return kj::READY_NOW;
  }

  kj::Promise<void> read(ReadContext context) override {
    return textOf(context.getParams().getBox()).then([context](kj::String text) mutable {
      context.getResults().setText(text);
    });
  }

  kj::Promise<void> who(WhoContext context) override {
    context.getResults().setName(name);
    return kj::READY_NOW;
  }

  kj::Promise<void> echo(EchoContext context) override {
    context.getResults().setContent(context.getParams().getContent());
    return kj::READY_NOW;
  }

  kj::Promise<void> fail(FailContext context) override {
    auto kind = static_cast<kj::Exception::Type>(context.getParams().getKind());
    return kj::Exception(kind, __FILE__, __LINE__, kj::str("on purpose"));
  }

  kj::Promise<void> hang(HangContext context) override {
    context.allowCancellation();
    return kj::Promise<void>(kj::NEVER_DONE).attach(kj::defer([this]() { ++count; }));
  }

  kj::Promise<void> cancelled(CancelledContext context) override {
    context.getResults().setCount(count);
    return kj::READY_NOW;
  }

private:
  kj::String name;
  uint32_t count = 0;
};

// --- TLS ---

struct Tls {
  kj::String authority;
  kj::String own;

  explicit Tls(kj::StringPtr name) {
    auto files = kj::newDiskFilesystem();
    auto& folder = files->getCurrent();
    authority = folder.openFile(kj::Path("authority.pem"))->readAllText();
    own = folder.openFile(kj::Path(kj::str(name, ".pem")))->readAllText();
  }

  kj::Own<kj::TlsContext> context() {
    kj::TlsKeypair pair { kj::TlsPrivateKey(own.asPtr()), kj::TlsCertificate(own.asPtr()) };
    kj::TlsCertificate trusted(authority.asPtr());
    kj::TlsContext::Options options;
    options.useSystemTrustStore = false;
    options.verifyClients = true;
    options.trustedCertificates = kj::arrayPtr(&trusted, 1);
    options.defaultKeypair = pair;
    return kj::heap<kj::TlsContext>(kj::mv(options));
  }
};

// --- WebSockets ---

struct WebSocketServer final: public kj::HttpService {
  explicit WebSocketServer(kj::HttpHeaderTable& table): table(table) {}

  kj::Promise<void> request(kj::HttpMethod method, kj::StringPtr url, const kj::HttpHeaders& headers,
                            kj::AsyncInputStream& body, Response& response) override {
    KJ_REQUIRE(headers.isWebSocket());
    auto socket = response.acceptWebSocket(kj::HttpHeaders(table));
    auto stream = kj::heap<capnp::WebSocketMessageStream>(*socket);
    auto network = kj::heap<capnp::TwoPartyVatNetwork>(*stream, capnp::rpc::twoparty::Side::SERVER);
    auto rpc = kj::heap(capnp::makeRpcServer(*network, kj::heap<ServiceImpl>(kj::str("web"))));
    auto ended = network->onDisconnect();
    return ended.attach(kj::mv(rpc), kj::mv(network), kj::mv(stream), kj::mv(socket));
  }

  kj::HttpHeaderTable& table;
};

// --- the two programs ---

struct Ignore final: public kj::TaskSet::ErrorHandler {
  void taskFailed(kj::Exception&& error) override { KJ_LOG(ERROR, error); }
};

void acceptTls(kj::ConnectionReceiver& listener, kj::TlsContext& tls, kj::TaskSet& tasks) {
  tasks.add(listener.acceptAuthenticated().then([&](kj::AuthenticatedStream stream) {
    acceptTls(listener, tls, tasks);
    return tls.wrapServer(kj::mv(stream));
  }).then([](kj::AuthenticatedStream stream) {
    auto& identity = kj::downcast<kj::TlsPeerIdentity>(*stream.peerIdentity);
    auto server = kj::heap<capnp::TwoPartyServer>(kj::heap<ServiceImpl>(identity.getCommonName()));
    auto ended = server->accept(*stream.stream);
    return ended.attach(kj::mv(server), kj::mv(stream.stream));
  }));
}

void serve(kj::StringPtr kind, kj::StringPtr place) {
  auto io = kj::setupAsyncIo();
  auto listener = io.provider->getNetwork().parseAddress(place).wait(io.waitScope)->listen();
  if (kind == "unix") {
    std::printf("ready\n");
  } else {
    std::printf("%u\n", listener->getPort());
  }
  std::fflush(stdout);
  auto input = io.lowLevelProvider->wrapInputFd(0);
  char byte;
  auto stopped = input->tryRead(&byte, 1, 1).ignoreResult();
  Ignore ignore;
  if (kind == "unix") {
    capnp::TwoPartyServer server(kj::heap<ServiceImpl>(kj::str("unix")));
    server.listenCapStreamReceiver(*listener, MAX_FDS).exclusiveJoin(kj::mv(stopped)).wait(io.waitScope);
  } else if (kind == "tls") {
    auto tls = Tls("server").context();
    kj::TaskSet tasks(ignore);
    acceptTls(*listener, *tls, tasks);
    stopped.wait(io.waitScope);
  } else {
    kj::HttpHeaderTable table;
    WebSocketServer service(table);
    kj::HttpServer server(io.provider->getTimer(), table, service);
    server.listenHttp(*listener).exclusiveJoin(kj::mv(stopped)).wait(io.waitScope);
  }
}

void callEverything(Service::Client service, kj::WaitScope& scope) {
  auto open = service.openRequest();
  open.setText("from the server");
  auto box = open.send().getBox();
  // Asked for before it is there.
  std::printf("%s\n", textOf(box).wait(scope).cStr());
  auto read = service.readRequest();
  read.setBox(kj::heap<BoxImpl>("from the client"));
  std::printf("%s\n", read.send().wait(scope).getText().cStr());
  std::printf("%s\n", service.whoRequest().send().wait(scope).getName().cStr());
  auto echo = service.echoRequest();
  auto content = echo.initContent(1 << 20);
  for (size_t i = 0; i < content.size(); i++) content[i] = i * i;
  auto answer = echo.send().wait(scope);
  auto came = answer.getContent();
  KJ_REQUIRE(came.size() == 1 << 20);
  for (size_t i = 0; i < came.size(); i++) KJ_REQUIRE(came[i] == (kj::byte) (i * i));
  std::printf("all\n");
  for (uint16_t kind = 0; kind < 5; kind++) {
    auto fail = service.failRequest();
    fail.setKind(kind);
    // Behind the kinds that there are, a method that nobody has.
    auto failed = kind < 4 ? fail.send().ignoreResult() : service.missingRequest().send().ignoreResult();
    failed.then([]() { std::printf("did not fail\n"); }, [](kj::Exception&& error) {
      auto what = kj::str(error.getDescription());
      std::printf("%d %s\n", (int) error.getType(), std::strstr(what.cStr(), "on purpose") != nullptr ? "on purpose" : "missing");
    }).wait(scope);
  }
  {
    auto dropped = service.hangRequest().send();
    service.whoRequest().send().wait(scope);
  }
  uint32_t count = 0;
  for (int i = 0; i < 10000 && count == 0; i++) count = service.cancelledRequest().send().wait(scope).getCount();
  std::printf("%u cancelled\n", count);
}

void call(kj::StringPtr kind, kj::StringPtr place) {
  auto io = kj::setupAsyncIo();
  auto address = io.provider->getNetwork().parseAddress(place).wait(io.waitScope);
  if (kind == "ws") {
    kj::HttpHeaderTable table;
    struct Chance final: public kj::EntropySource {
      void generate(kj::ArrayPtr<kj::byte> buffer) override {
        for (auto& byte: buffer) byte = 42;
      }
    } chance;
    kj::HttpClientSettings settings;
    settings.entropySource = chance;
    auto client = kj::newHttpClient(io.provider->getTimer(), table, *address, settings);
    kj::HttpHeaders headers(table);
    headers.set(kj::HttpHeaderId::HOST, place);
    auto response = client->openWebSocket("/rpc", headers).wait(io.waitScope);
    KJ_REQUIRE(response.statusCode == 101, response.statusText);
    auto socket = kj::mv(response.webSocketOrBody.get<kj::Own<kj::WebSocket>>());
    capnp::WebSocketMessageStream stream(*socket);
    capnp::TwoPartyVatNetwork network(stream, capnp::rpc::twoparty::Side::CLIENT);
    auto rpc = capnp::makeRpcClient(network);
    capnp::MallocMessageBuilder builder(4);
    auto id = builder.getRoot<capnp::rpc::twoparty::VatId>();
    id.setSide(capnp::rpc::twoparty::Side::SERVER);
    callEverything(rpc.bootstrap(id).castAs<Service>(), io.waitScope);
    return;
  }
  auto connection = address->connect().wait(io.waitScope);
  if (kind == "unix") {
    capnp::TwoPartyClient client(kj::downcast<kj::AsyncCapabilityStream>(*connection), MAX_FDS);
    callEverything(client.bootstrap().castAs<Service>(), io.waitScope);
  } else {
    auto tls = Tls("client").context();
    auto wrapped = tls->wrapClient(kj::mv(connection), "localhost").wait(io.waitScope);
    capnp::TwoPartyClient client(*wrapped);
    callEverything(client.bootstrap().castAs<Service>(), io.waitScope);
  }
}

}  // namespace

int main(int argc, char** argv) {
  KJ_REQUIRE(argc == 4, "usage: place_peer serve|call KIND PLACE");
  if (kj::StringPtr(argv[1]) == "serve") {
    serve(argv[2], argv[3]);
  } else {
    call(argv[2], argv[3]);
  }
  return 0;
}
