#include "transport/zmq/connector.hpp"

#include "core/assert.hpp"
#include "transport/zmq/client_connection.hpp"
#include "transport/zmq/dialer.hpp"
#include "transport/zmq/socket_options.hpp"

#include <fmt/format.h>
#include <zmq.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace warren::transport {
namespace {

class ZmqConnectorImpl final : public ZmqConnector,
                               public std::enable_shared_from_this<ZmqConnectorImpl> {
public:
    ZmqConnectorImpl(AsioExecutor& executor, ZmqClientOptions options)
        : options_{std::move(options)},
          link_options_{ZMQ_DEALER, options_.security, options_.limits, options_.connect_timeout},
          home_{executor, options_.envelope, options_.limits.read_bytes_max(), counters_,
                [this](ZmqClientConnection& connection) { closed(connection); }} {
        WARREN_ASSERT(!options_.endpoints.empty());
    }

    ~ZmqConnectorImpl() override {
        for (const auto& [key, connection] : connections_) {
            connection->abandon();
        }
    }

    std::expected<void, Failure> start(runtime::StreamConnectorSink& sink) override {
        sink_ = &sink;
        for (const std::string& text : options_.endpoints) {
            auto endpoint = parse_zmq_endpoint(text, ZmqSide::connect);
            if (!endpoint) {
                return std::unexpected{std::move(endpoint.error())};
            }
            endpoints_.push_back(std::move(*endpoint));
        }
        unanswered_since_.resize(endpoints_.size());
        return check(link_options_);
    }

    AsioExecutor& executor() noexcept override { return home_.executor; }
    std::size_t address_count() const noexcept override { return options_.endpoints.size(); }
    bool finds_next_server() const noexcept override { return false; }
    std::string display(std::size_t address) const override { return options_.endpoints[address]; }
    const ZmqCounters& counters() const noexcept override { return counters_; }

    void connect(std::size_t address, std::uint64_t token) override {
        const std::uint64_t attempt = ++attempts_;
        auto dialer = std::make_unique<ZmqDialer>(
            executor(), link_options_, endpoints_[address],
            [this, attempt, address, token](ZmqDialer::Dialled dialled) {
                const auto self = shared_from_this();
                const auto ended = dialers_.extract(attempt);
                // One that could not even begin is not among them yet.
                unanswered_since_[address] =
                    dialled || ended.empty() ? std::nullopt
                                             : unanswered_since(address, *ended.mapped().dialer);
                if (!dialled) {
                    const ConnectFailure& why = dialled.error();
                    if (why.failure.code == Code::unauthenticated) {
                        counters_.handshake_failures.add();
                    }
                    return sink_->on_connect_failed(token, why.failure, why.retry);
                }
                connected(address, token, std::move(*dialled));
            });
        dialers_.emplace(attempt, Dialling{address, std::move(dialer)});
    }

    std::string progress() const override {
        for (const auto& [attempt, dialling] : dialers_) {
            const auto& [address, dialer] = dialling;
            if (const auto since = unanswered_since(address, *dialer)) {
                const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(
                    home_.executor.now() - *since);
                return fmt::format(
                    "{} took the connection, and has not answered ZeroMQ's "
                    "handshake for {} ms (check the port)",
                    endpoints_[address].text, waited.count());
            }
        }
        return {};
    }

    void close_all(std::move_only_function<void()> closed) override {
        dialers_.clear();
        closed_ = std::move(closed);
        for (const auto& [key, connection] : connections_) {
            connection->close_after_output();
        }
        if (connections_.empty()) {
            return report_closed();
        }
        close_timer_ = executor().post_at(executor().now() + zmq_linger, [this] { drop_all(); });
    }

private:
    struct Dialling {
        std::size_t address;
        std::unique_ptr<ZmqDialer> dialer;
    };

    /// Also in the attempts before, one after the other.
    std::optional<runtime::TimePoint> unanswered_since(std::size_t address,
                                                       const ZmqDialer& dialer) const {
        const auto since = dialer.unanswered_since();
        return since && unanswered_since_[address] ? unanswered_since_[address] : since;
    }

    void connected(std::size_t address, std::uint64_t token, std::shared_ptr<ZmqLink> link) {
        auto connection =
            std::make_shared<ZmqClientConnection>(home_, std::move(link), endpoints_[address].text);
        connections_.emplace(connection.get(), connection);
        counters_.accepted.add();
        counters_.connections.add();
        connection->start(sink_->on_connected(token, *connection));
    }

    void closed(ZmqClientConnection& connection) {
        connections_.erase(&connection);
        counters_.connections.subtract();
        if (connections_.empty()) {
            report_closed();
        }
    }

    void drop_all() {
        while (!connections_.empty()) {
            const auto last = connections_.begin()->second;
            last->end({.code = Code::connection_lost,
                       .message = "The connection was closed before its output had left: the peer "
                                  "did not read it in time"});
        }
    }

    void report_closed() {
        if (closed_ != nullptr) {
            executor().cancel(close_timer_);
            executor().post(std::exchange(closed_, nullptr));
        }
    }

    ZmqCounters counters_;
    const ZmqClientOptions options_;
    const ZmqLinkOptions link_options_;
    const ZmqClientConnection::Home home_;
    std::vector<ZmqEndpoint> endpoints_;
    runtime::StreamConnectorSink* sink_ = nullptr;
    std::uint64_t attempts_ = 0;
    std::unordered_map<std::uint64_t, Dialling> dialers_;
    // Of each address, when the last attempt ended so.
    std::vector<std::optional<runtime::TimePoint>> unanswered_since_;
    std::unordered_map<ZmqClientConnection*, std::shared_ptr<ZmqClientConnection>> connections_;
    runtime::Executor::TimerId close_timer_ = 0;
    std::move_only_function<void()> closed_;
};

}  // namespace

std::shared_ptr<ZmqConnector> make_connector(AsioExecutor& executor, ZmqClientOptions options) {
    return std::make_shared<ZmqConnectorImpl>(executor, std::move(options));
}

}  // namespace warren::transport
