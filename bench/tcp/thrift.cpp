// The same echo through Thrift: TNonblockingServer with its one I/O thread, and a blocking client,
// which is Thrift's fastest. Calls in flight are requests sent before the responses of earlier ones
// are read, in turn over all connections; answers come in order.

#include "EchoService.h"
#include "common/contender.hpp"

#include <thrift/TOutput.h>
#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/server/TNonblockingServer.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TNonblockingServerSocket.h>
#include <thrift/transport/TSocket.h>

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace warren::bench;      // NOLINT
namespace thrift = apache::thrift;  // NOLINT

class Handler final : public EchoServiceIf {
public:
    void echo(EchoMessage& reply, const EchoMessage& request) override {
        if (!is_valid(request.value)) {
            throw InvalidValue{};
        }
        reply.value = request.value;
    }
};

/// Tells the port when the server listens.
class Announcer final : public thrift::server::TServerEventHandler {
public:
    explicit Announcer(thrift::transport::TNonblockingServerSocket& socket) : socket_{socket} {}
    void preServe() override { announce(static_cast<unsigned>(socket_.getListenPort())); }

private:
    thrift::transport::TNonblockingServerSocket& socket_;
};

void serve(const Modes&) {
    // It tells on standard error that it serves.
    thrift::GlobalOutput.setOutputFunction([](const char*) {});
    const auto socket =
        std::make_shared<thrift::transport::TNonblockingServerSocket>("127.0.0.1", 0);
    thrift::server::TNonblockingServer server{
        std::make_shared<EchoServiceProcessor>(std::make_shared<Handler>()),
        std::make_shared<thrift::protocol::TBinaryProtocolFactory>(), socket};
    server.setServerEventHandler(std::make_shared<Announcer>(*socket));
    server.serve();
}

/// One connection; the times when its calls in flight were sent, oldest first from `next`.
struct Connection {
    std::unique_ptr<EchoServiceClient> client;
    std::vector<Clock::time_point> sent;
    std::size_t next = 0;
};

Connection connect(const Load& load) {
    const auto socket = std::make_shared<thrift::transport::TSocket>("127.0.0.1", load.port);
    const auto framed = std::make_shared<thrift::transport::TFramedTransport>(socket);
    framed->open();
    return {.client = std::make_unique<EchoServiceClient>(
                std::make_shared<thrift::protocol::TBinaryProtocol>(framed)),
            .sent = std::vector<Clock::time_point>(load.in_flight)};
}

void call(const Load& load, const Modes&) {
    EchoMessage request;
    request.value = echoed;
    std::vector<Connection> connections;
    for (std::size_t at = 0; at < load.connections; ++at) {
        connections.push_back(connect(load));
    }
    Measurement measurement = load.measurement();
    for (Connection& connection : connections) {
        for (Clock::time_point& sent : connection.sent) {
            sent = measurement.start();
            connection.client->send_echo(request);
        }
    }
    EchoMessage reply;
    for (bool goes_on = true; goes_on;) {
        for (Connection& connection : connections) {
            Clock::time_point& sent = connection.sent[connection.next];
            connection.client->recv_echo(reply);
            require(is_valid(reply.value) && reply.value == echoed, "another value");
            goes_on = measurement.finish(sent) && goes_on;
            sent = measurement.start();
            connection.client->send_echo(request);
            connection.next = (connection.next + 1) % connection.sent.size();
        }
    }
    measurement.print();
}

}  // namespace

int main(int count, char** arguments) {
    return run_contender({arguments, static_cast<std::size_t>(count)}, serve, call);
}
