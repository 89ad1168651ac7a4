#pragma once

#include <warren/forward.hpp>

#include "endpoint/address/address.hpp"
#include "endpoint/client/client_route.hpp"
#include "metrics/client_series.hpp"
#include "runtime/dispatch/forwarder.hpp"

#include <chrono>
#include <memory>
#include <string>

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

    /// Fail the calls that wait for a connection: what stops does not wait for it.    thread any
    void end_unsent();
    /// Where calls are forwarded to, for people, with ports that were chosen here.
    std::string display() const;
    /// Valid as long as this.
    const metrics::ClientSeries& series() const noexcept { return *series_; }
    metrics::ClientFigures figures() const { return route_->figures(); }

private:
    const Address to_;
    const ForwardReplies replies_;
    const ForwardCalls calls_as_;
    const std::chrono::milliseconds timeout_;
    const WhenBlocked when_blocked_;
    const std::shared_ptr<metrics::ClientSeries> series_;
    const std::unique_ptr<ClientRoute> route_;
    runtime::ClientCalls& calls_;
};

}  // namespace warren::endpoint
