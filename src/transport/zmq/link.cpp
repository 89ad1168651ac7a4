#include "transport/zmq/link.hpp"

#include "transport/zmq/socket_options.hpp"

#include <fmt/format.h>
#include <zmq.h>

#include <limits>
#include <utility>

namespace warren::transport {
namespace {

std::expected<ZmqSocket, Failure> make_socket(const ZmqLinkOptions& options) {
    auto socket = ZmqSocket::open(options.socket_type);
    if (!socket) {
        return socket;
    }
    if (auto secured = secure(*socket, options.security); !secured) {
        return std::unexpected{std::move(secured.error())};
    }
    limit(*socket, options.limits, ZmqSide::connect);
    // When to give up, and to try again, is said by who uses the link, who drops it long before.
    // With -1 ZeroMQ would not try either, but forget what has come when a connection ends.
    socket->set(ZMQ_RECONNECT_IVL, std::numeric_limits<int>::max() / 4);
    socket->set(ZMQ_HANDSHAKE_IVL, 0);
    if (options.socket_type == ZMQ_SUB) {
        socket->set(ZMQ_SUBSCRIBE, std::string_view{});
    }
    return socket;
}

}  // namespace

std::expected<void, Failure> check(const ZmqLinkOptions& options) {
    if (auto socket = make_socket(options); !socket) {
        return std::unexpected{std::move(socket.error())};
    }
    return {};
}

ZmqLink::ZmqLink(AsioExecutor& executor, ZmqSocket socket, User& user)
    : executor_{executor}, socket_{std::move(socket)}, user_{&user} {}

std::expected<std::shared_ptr<ZmqLink>, Failure> ZmqLink::open(AsioExecutor& executor,
                                                               const ZmqLinkOptions& options,
                                                               const ZmqEndpoint& endpoint,
                                                               const std::string& where,
                                                               User& user) {
    auto socket = make_socket(options);
    if (!socket) {
        return std::unexpected{std::move(socket.error())};
    }
    std::shared_ptr<ZmqLink> link{new ZmqLink{executor, std::move(*socket), user}};
    auto connected = endpoint.kind == ZmqEndpoint::Kind::inproc ? link->connect_inproc(endpoint)
                                                                : link->connect(where);
    if (!connected) {
        return std::unexpected{std::move(connected.error())};
    }
    return link;
}

std::expected<void, Failure> ZmqLink::connect(const std::string& where) {
    auto monitor = ZmqMonitor::start(executor_, socket_, *this);
    if (!monitor) {
        return std::unexpected{std::move(monitor.error())};
    }
    monitor_ = std::move(*monitor);
    allow_ipv6(socket_, where);
    if (const int error = socket_.connect(where); error != 0) {
        return std::unexpected{
            Failure{.code = Code::connection_lost, .message = zmq_strerror(error)}};
    }
    return {};
}

std::expected<void, Failure> ZmqLink::connect_inproc(const ZmqEndpoint& endpoint) {
    interest_ = socket_.context().inproc_names().connect(
        endpoint.name, [&executor = executor_, weak = weak_from_this()] {
            executor.post([weak] {
                if (const auto self = weak.lock()) {
                    self->on_event({.what = ZMQ_EVENT_DISCONNECTED});
                }
            });
        });
    if (interest_ == nullptr || socket_.connect(endpoint.text) != 0) {
        return std::unexpected{Failure{.code = Code::connection_lost,
                                       .message = "nobody in this process has bound that name"}};
    }
    return {};
}

void ZmqLink::on_event(const ZmqEvent& event) {
    if (user_ != nullptr) {
        const std::shared_ptr<ZmqLink> self = shared_from_this();
        user_->on_event(event);
    }
}

}  // namespace warren::transport
