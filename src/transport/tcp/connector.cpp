#include "transport/tcp/connector.hpp"

#include "core/assert.hpp"
#include "transport/net/address_memory.hpp"
#include "transport/net/dialer.hpp"
#include "transport/net/tls_memory.hpp"
#include "transport/tcp/connection.hpp"
#include "transport/tcp/connection_set.hpp"

#include <span>
#include <unordered_map>
#include <utility>

namespace warren::transport {
namespace {

class TcpConnectorImpl final : public TcpConnector,
                               public std::enable_shared_from_this<TcpConnectorImpl> {
public:
    TcpConnectorImpl(AsioExecutor& executor, TcpClientOptions options)
        : executor_{executor},
          targets_{std::move(options.targets)},
          connections_{executor, options.limits, counters_} {
        WARREN_ASSERT(!targets_.empty());
        for (DialTarget& target : targets_) {
            target.address_memory = std::make_shared<AddressMemory>();
            if (target.tls) {
                target.tls_memory = std::make_shared<TlsMemory>();
            }
        }
    }

    std::expected<void, Failure> start(runtime::StreamConnectorSink& sink) override {
        sink_ = &sink;
        return {};
    }
    AsioExecutor& executor() noexcept override { return executor_; }
    std::size_t address_count() const noexcept override { return targets_.size(); }
    std::string display(std::size_t address) const override { return targets_[address].display; }
    const TcpCounters& counters() const noexcept override { return counters_; }

    void connect(std::size_t address, std::uint64_t token) override {
        const std::uint64_t attempt = ++attempts_;
        dialers_[attempt] = std::make_unique<Dialer>(
            executor_, std::span{&targets_[address], 1}, no_trial_,
            [this, attempt, address, token](Dialer::Dialled dialled) {
                const auto self = shared_from_this();
                dialers_.erase(attempt);
                if (!dialled) {
                    const ConnectFailure& why = dialled.error();
                    return sink_->on_connect_failed(token, why.failure, why.retry);
                }
                connected(address, token, std::move(*dialled));
            });
    }

    std::string progress() const override {
        for (const auto& [attempt, dialer] : dialers_) {
            if (const std::string_view text = dialer->progress(); !text.empty()) {
                return std::string{text};
            }
        }
        return {};
    }

    void close_all(std::move_only_function<void()> closed) override {
        dialers_.clear();
        connections_.close_all(std::move(closed));
    }

private:
    void connected(std::size_t address, std::uint64_t token, Dialer::Connected dialled) {
        auto connection =
            std::make_shared<TcpConnection>(connections_, std::move(dialled.stream),
                                            TcpPeer{.target = &targets_[address],
                                                    .remote = dialled.address,
                                                    .has_alternatives = dialled.has_alternatives});
        connections_.add(connection);
        counters_.accepted.add();
        connection->start(sink_->on_connected(token, *connection));
    }

    AsioExecutor& executor_;
    std::vector<DialTarget> targets_;
    const BeginDialTrial no_trial_{};
    TcpCounters counters_;
    runtime::StreamConnectorSink* sink_ = nullptr;
    std::uint64_t attempts_ = 0;
    std::unordered_map<std::uint64_t, std::unique_ptr<Dialer>> dialers_;
    ConnectionSet connections_;
};

}  // namespace

std::shared_ptr<TcpConnector> make_connector(AsioExecutor& executor, TcpClientOptions options) {
    return std::make_shared<TcpConnectorImpl>(executor, std::move(options));
}

}  // namespace warren::transport
