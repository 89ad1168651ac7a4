#include "transport/zmq/binding.hpp"

#include "core/assert.hpp"
#include "transport/net/descriptors.hpp"
#include "transport/zmq/endpoint.hpp"
#include "transport/zmq/handshake_failure.hpp"
#include "transport/zmq/socket_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
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
constexpr std::chrono::seconds connect_again_after{2};
// Of troubles with peers that come, the first in so long is told.

// Over ipc ZeroMQ ends the process when it finds no descriptor for who comes. Those that came are
// turned away long before that; nothing holds up a crowd that comes faster than they go.
constexpr std::size_t ipc_reserve = 4;
constexpr std::string_view descriptors_remedy =
    "; is the limit of open files (ulimit -n, LimitNOFILE) high enough?";

/// Whether a descriptor is a connection that was accepted at one of these.
bool stands_at(int descriptor, const std::vector<std::string>& endpoints) {
    sockaddr_storage local{};
    socklen_t size = sizeof local;
    if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&local), &size) != 0) {
        return false;
    }
    if (local.ss_family == AF_UNIX) {
        std::string path{reinterpret_cast<const sockaddr_un&>(local).sun_path,
                         size - offsetof(sockaddr_un, sun_path)};
        const bool is_abstract = path.starts_with('\0');
        path = is_abstract ? '@' + path.substr(1) : path.c_str();
        return std::ranges::find(endpoints, "ipc://" + path) != endpoints.end();
    }
    // IPv6's port stands at the same place.
    const std::uint16_t port = ntohs(reinterpret_cast<const sockaddr_in&>(local).sin_port);
    return std::ranges::any_of(
        endpoints,
        [end = fmt::format(":{}", port)](const std::string& text) { return text.ends_with(end); });
}

/// "127.0.0.1:40123"; empty for what has no such address, or is gone already, as ZeroMQ's own
/// thread closes it.
std::string peer_of(int descriptor) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    std::array<char, NI_MAXHOST> host{};
    std::array<char, NI_MAXSERV> port{};
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &size) != 0 ||
        peer.ss_family == AF_UNIX ||
        ::getnameinfo(reinterpret_cast<const sockaddr*>(&peer), size, host.data(), host.size(),
                      port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        return {};
    }
    return fmt::format("{}:{}", host.data(), port.data());
}

}  // namespace

ZmqBinding::ZmqBinding(AsioExecutor& executor, ZmqBindingOptions options, ZmqCounters& counters)
    : executor_{executor}, options_{std::move(options)}, counters_{counters} {}

ZmqBinding::~ZmqBinding() {
    executor_.cancel(connect_timer_);
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
    limit(socket_, options_.limits, options_.side);
    reconnect(socket_);
    socket_.set(ZMQ_HANDSHAKE_IVL, handshake_ms);
    socket_.set(ZMQ_BACKLOG, backlog);
    if (options_.socket_type == ZMQ_ROUTER) {
        socket_.set(ZMQ_ROUTER_MANDATORY, 1);
        // Who comes again under its id is served, though the connection before is still there.
        socket_.set(ZMQ_ROUTER_HANDOVER, 1);
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
    if (options_.side == ZmqSide::bind) {
        return bind(*endpoint);
    }
    allow_ipv6(socket_, text);
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
    const auto where = numeric_endpoint(endpoint);
    if (!where) {
        return std::unexpected{where.error()};
    }
    allow_ipv6(socket_, *where);
    if (const int error = socket_.bind(*where); error != 0) {
        return std::unexpected{bind_failure(endpoint.text, error)};
    }
    endpoints_.push_back(socket_.last_endpoint());
    if (endpoint.kind == ZmqEndpoint::Kind::inproc) {
        names_.push_back(socket_.context().inproc_names().bind(endpoint.name));
    }
    return {};
}

void ZmqBinding::on_event(const ZmqEvent& event) {
    switch (event.what) {
    case ZMQ_EVENT_ACCEPTED:
        on_accepted(static_cast<int>(event.value));
        [[fallthrough]];
    case ZMQ_EVENT_CONNECTED:
        counters_.accepted.add();
        counters_.connections.add();
        return on_changed(event);
    case ZMQ_EVENT_DISCONNECTED:
        on_gone(static_cast<int>(event.value));
        counters_.connections.subtract();
        return on_changed(event);
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        return on_refused(event);
    case ZMQ_EVENT_ACCEPT_FAILED:
        return log_line(fmt::format("a peer cannot be let in: {}{}",
                                    zmq_strerror(static_cast<int>(event.value)),
                                    descriptors_remedy));
    case ZMQ_EVENT_MONITOR_STOPPED:
        // It destroys this, and the monitor that is calling.
        return executor_.post(std::exchange(closed_, nullptr));
    default:
        return;
    }
}

void ZmqBinding::on_changed(const ZmqEvent& event) {
    if (options_.changed != nullptr) {
        options_.changed(event);
    }
}

/// Without a descriptor left ZeroMQ's I/O thread would turn in vain, and those that are reserved
/// would be gone. It may have closed this one meanwhile, and another have the number.
void ZmqBinding::on_accepted(int descriptor) {
    const bool is_ipc = std::ranges::any_of(
        endpoints_, [](const std::string& text) { return text.starts_with("ipc:"); });
    if (is_reserved_descriptor(descriptor, is_ipc ? ipc_reserve : 1) &&
        stands_at(descriptor, endpoints_)) {
        ::shutdown(descriptor, SHUT_RDWR);
        counters_.turned_away.add();
        log_line(fmt::format("a peer is turned away, as hardly any descriptor is left{}",
                             descriptors_remedy));
    }
    peers_[descriptor] = peer_of(descriptor);
}

/// ZeroMQ says of a refusal not of which connection it is, but ends that next.
void ZmqBinding::on_gone(int descriptor) {
    const auto peer = peers_.extract(descriptor);
    if (!unreported_refusal_.empty()) {
        log_refused(peer.empty() ? std::string_view{} : peer.mapped(),
                    std::exchange(unreported_refusal_, {}));
    }
}

/// Who looks at a port and goes is not worth a line.
void ZmqBinding::on_refused(const ZmqEvent& event) {
    counters_.handshake_failures.add();
    if (event.what == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) {
        return;
    }
    const auto* const server = std::get_if<ZmqServerSecurity>(&options_.security);
    last_refusal_ =
        handshake_failure_text(event, server == nullptr ? ZmqServerSecurity{} : *server);
    connect_again_later();
    if (event.what == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH && zap_domain_ != nullptr) {
        log_refused(socket_.context().zap().last_refused(*zap_domain_), last_refusal_);
    } else {
        unreported_refusal_ = last_refusal_;
    }
}

void ZmqBinding::log_refused(std::string_view peer, std::string_view reason) {
    if (options_.log == nullptr) {
        return;
    }
    if (const auto line = refusals_.add(peer, reason, executor_.now())) {
        options_.log->warning(fmt::format("{}: {}", fmt::join(endpoints_, ", "), *line));
    }
}

void ZmqBinding::log_line(const std::string& line) {
    if (const auto more = lines_.admit(executor_.now()); more && options_.log != nullptr) {
        options_.log->warning(fmt::format("{}: {}{}", fmt::join(endpoints_, ", "), line, *more));
    }
}

/// ZeroMQ does it by itself after anything but a handshake that failed for good. What else the
/// socket is connected to would be lost by it.
void ZmqBinding::connect_again_later() {
    if (options_.side == ZmqSide::bind || counters_.connections.get() > 1 || closed_ != nullptr) {
        return;
    }
    executor_.cancel(connect_timer_);
    connect_timer_ = executor_.post_at(executor_.now() + connect_again_after, [this] {
        for (const std::string& endpoint : endpoints_) {
            socket_.disconnect(endpoint);
            socket_.connect(endpoint);
        }
    });
}

/// An endpoint that is unbound takes its connections with it, and what they have not sent.
void ZmqBinding::close(std::move_only_function<void()> closed) {
    closed_ = std::move(closed);
    executor_.cancel(connect_timer_);
    names_.clear();
    socket_.set(ZMQ_LINGER, static_cast<int>(zmq_linger.count()));
    socket_ = ZmqSocket{};
    monitor_->after_close();
}

}  // namespace warren::transport
