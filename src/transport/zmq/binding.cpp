#include "transport/zmq/binding.hpp"

#include "core/assert.hpp"
#include "transport/net/descriptors.hpp"
#include "transport/zmq/endpoint.hpp"
#include "transport/zmq/handshake_failure.hpp"
#include "transport/zmq/socket_options.hpp"

#include <fmt/format.h>
#include <zmq.h>

#include <cerrno>
#include <utility>

namespace warren::transport {
namespace {

// How long a peer may take to shake hands.
constexpr int handshake_ms = 10'000;
// Peers that wait to be accepted.
constexpr int backlog = 4'096;
// How many peers there should be descriptors for, if the system has so many: without one left
// ZeroMQ's I/O thread turns in vain.
constexpr std::size_t expected_peers = 10'240;
// Of peers that cannot shake hands, the first in so long is told.
constexpr std::chrono::seconds said_period{10};

}  // namespace

ZmqBinding::ZmqBinding(AsioExecutor& executor, ZmqBindingOptions options, ZmqCounters& counters)
    : executor_{executor}, options_{std::move(options)}, counters_{counters} {}

ZmqBinding::~ZmqBinding() {
    executor_.cancel(close_timer_);
}

std::expected<std::unique_ptr<ZmqBinding>, Failure> ZmqBinding::open(AsioExecutor& executor,
                                                                     ZmqBindingOptions options,
                                                                     ZmqCounters& counters) {
    std::unique_ptr<ZmqBinding> binding{new ZmqBinding{executor, std::move(options), counters}};
    auto opened = binding->prepare();
    for (const std::string& endpoint : binding->options_.endpoints) {
        if (opened) {
            opened = binding->add(endpoint);
        }
    }
    if (!opened) {
        return std::unexpected{std::move(opened.error())};
    }
    return binding;
}

std::expected<void, Failure> ZmqBinding::prepare() {
    WARREN_ASSERT(!options_.endpoints.empty());
    ask_for_descriptors(expected_peers);
    auto socket = ZmqSocket::open(options_.socket_type);
    if (!socket) {
        return std::unexpected{std::move(socket.error())};
    }
    socket_ = std::move(*socket);
    limit(socket_, options_.limits);
    reconnect(socket_);
    socket_.set(ZMQ_HANDSHAKE_IVL, handshake_ms);
    socket_.set(ZMQ_BACKLOG, backlog);
    if (options_.socket_type == ZMQ_ROUTER) {
        socket_.set(ZMQ_ROUTER_MANDATORY, 1);
    } else if (options_.socket_type == ZMQ_SUB) {
        socket_.set(ZMQ_SUBSCRIBE, std::string_view{});
    }
    auto secured = secure();
    if (!secured) {
        return secured;
    }
    auto monitor = ZmqMonitor::start(executor_, socket_, *this);
    if (!monitor) {
        return std::unexpected{std::move(monitor.error())};
    }
    monitor_ = std::move(*monitor);
    return {};
}

std::expected<void, Failure> ZmqBinding::secure() {
    if (const auto* const client = std::get_if<ZmqClientSecurity>(&options_.security)) {
        return transport::secure(socket_, *client);
    }
    auto domain = transport::secure(socket_, std::get<ZmqServerSecurity>(options_.security));
    if (!domain) {
        return std::unexpected{std::move(domain.error())};
    }
    zap_domain_ = std::move(*domain);
    return {};
}

std::expected<void, Failure> ZmqBinding::add(const std::string& text) {
    const auto endpoint = parse_zmq_endpoint(text, options_.side);
    if (!endpoint) {
        return std::unexpected{endpoint.error()};
    }
    allow_ipv6(socket_, text);
    if (options_.side == ZmqSide::bind) {
        return bind(*endpoint);
    }
    if (const int error = socket_.connect(text); error != 0) {
        return std::unexpected{
            Failure{.code = Code::invalid_request,
                    .message = fmt::format("Cannot connect to {}: {}", text, zmq_strerror(error))}};
    }
    endpoints_.push_back(text);
    return {};
}

std::expected<void, Failure> ZmqBinding::bind(const ZmqEndpoint& endpoint) {
    if (auto unused = check_unused(endpoint); !unused) {
        return unused;
    }
    if (const int error = socket_.bind(endpoint.text); error != 0) {
        return std::unexpected{bind_failure(endpoint.text, error)};
    }
    endpoints_.push_back(socket_.last_endpoint());
    if (endpoint.kind == ZmqEndpoint::Kind::inproc) {
        names_.push_back(socket_.context().inproc_names().bind(endpoint.name));
    } else {
        ++listening_;
    }
    return {};
}

void ZmqBinding::on_event(const ZmqEvent& event) {
    switch (event.what) {
    case ZMQ_EVENT_ACCEPTED:
    case ZMQ_EVENT_CONNECTED:
        counters_.accepted.add();
        counters_.connections.add();
        return;
    case ZMQ_EVENT_DISCONNECTED:
        counters_.connections.subtract();
        return;
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        counters_.handshake_failures.add();
        return say(event);
    case ZMQ_EVENT_CLOSED:
    case ZMQ_EVENT_CLOSE_FAILED:
        if (closed_ != nullptr && --listening_ == 0) {
            finish();
        }
        return;
    default:
        return;
    }
}

/// Who looks at a port and goes is not worth a line.
void ZmqBinding::say(const ZmqEvent& event) {
    const runtime::TimePoint now = executor_.now();
    if (options_.log == nullptr || event.what == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL ||
        now < said_until_) {
        return;
    }
    said_until_ = now + said_period;
    const auto* const server = std::get_if<ZmqServerSecurity>(&options_.security);
    options_.log->warning(fmt::format(
        "{}: a peer is refused: {}", endpoints_.front(),
        handshake_failure_text(event, server == nullptr ? ZmqServerSecurity{} : *server)));
}

void ZmqBinding::close(std::move_only_function<void()> closed) {
    closed_ = std::move(closed);
    // Also of what is closed with its endpoint.
    socket_.set(ZMQ_LINGER, static_cast<int>(zmq_linger.count()));
    names_.clear();
    for (const std::string& endpoint : endpoints_) {
        if (options_.side == ZmqSide::bind) {
            socket_.unbind(endpoint);
        } else {
            socket_.disconnect(endpoint);
        }
    }
    if (options_.side == ZmqSide::connect || listening_ == 0) {
        return executor_.post([this] { finish(); });
    }
    close_timer_ = executor_.post_at(executor_.now() + zmq_linger, [this] { finish(); });
}

void ZmqBinding::finish() {
    executor_.cancel(close_timer_);
    // It destroys this, and the monitor that may be calling.
    executor_.post(std::exchange(closed_, nullptr));
}

}  // namespace warren::transport
