#pragma once

#include <warren/forward.hpp>

#include "endpoint/address/address.hpp"
#include "endpoint/client/client_route.hpp"
#include "metrics/client_series.hpp"
#include "runtime/dispatch/forwarder.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace warren::endpoint {

/// Forwards calls as a client of another address.
class ClientForwarder final : public runtime::Forwarder {
public:
    /// err  throws Error (invalid_request) for an address or option that cannot be
    ClientForwarder(const Address& to, const ForwardOptions& options);
    /// Calls without an outcome fail as cancelled; when this returns no completion runs any more.
    ~ClientForwarder() override;

    /// What is left of a caller's time is the time-out, but for a little that the response needs on
    /// its way back.
    void forward(const runtime::ForwardedCall& call,
                 std::unique_ptr<runtime::ForwardSink> response) override;

    /// Takes calls on otherwise: with other passwords, secrets or certificates.
    class Change {
    public:
        virtual ~Change() = default;
        /// thread that of `forward`; with the route that is there, any
        virtual void apply() = 0;
    };
    /// Make ready what of other options is taken anew.
    /// in   to, options: of the same place
    /// err  throws Error (invalid_request) as when it is made
    std::unique_ptr<Change> prepare(const Address& to, const ForwardOptions& options);

    /// Fail the calls that wait for a connection: what stops does not wait for it.    thread any
    void end_unsent();
    /// Where calls are forwarded to, for people, with ports that were chosen here.
    std::string display() const;
    /// Valid as long as this.
    const metrics::ClientSeries& series() const noexcept { return *series_; }
    metrics::ClientFigures figures() const { return way()->route().figures(); }

private:
    class Renewal;

    /// A route, which ends with the last call that uses it.
    class Way {
    public:
        explicit Way(std::unique_ptr<ClientRoute> route) : route_{std::move(route)} {}
        ~Way() { close(); }
        Way(const Way&) = delete;
        Way& operator=(const Way&) = delete;

        ClientRoute& route() const noexcept { return *route_; }
        void close() noexcept;

    private:
        const std::unique_ptr<ClientRoute> route_;
        std::atomic<bool> is_closed_ = false;
    };

    /// What calls are forwarded by that come now.          thread any
    std::shared_ptr<Way> way() const;
    std::shared_ptr<Way> make_way(const Address& to, const ForwardOptions& options) const;
    /// in   way: to be taken; out: that which is left, whose end may take a while
    void take(std::shared_ptr<Way>& way);

    const Address to_;
    const ForwardReplies replies_;
    const ForwardCalls calls_as_;
    const std::chrono::milliseconds timeout_;
    const WhenBlocked when_blocked_;
    const std::shared_ptr<metrics::ClientSeries> series_;
    std::shared_ptr<Way> way_;  // changed by the thread of `forward`, which needs no lock
    mutable std::mutex mutex_;  // of changing it, and of others
    std::vector<std::weak_ptr<Way>> left_;  // that calls may still be on
};
}  // namespace warren::endpoint
