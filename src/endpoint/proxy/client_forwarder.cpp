#include "endpoint/proxy/client_forwarder.hpp"

#include "endpoint/server/listener_config.hpp"
#include "endpoint/server/metrics_route.hpp"
#include "protocol/failure_value.hpp"
#include "runtime/client/client_calls.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace warren::endpoint {
namespace {

/// What a response takes to come back is kept from the time of the call, so that the caller reads
/// what its call failed of, and not only that nothing came in time. It is never nothing: a call
/// that is forwarded in a loop comes to its end.
std::chrono::milliseconds kept_for_the_response(std::chrono::milliseconds left) {
    constexpr std::chrono::milliseconds kept_min{1};
    constexpr std::chrono::milliseconds kept_max{100};
    return std::clamp(left / 10, kept_min, kept_max);
}

/// One call on its way; destroys itself when it is over.
class ForwardingCall final : public runtime::ClientCall {
public:
    ForwardingCall(const runtime::ForwardedCall& call,
                   std::unique_ptr<runtime::ForwardSink> response, ForwardReplies replies,
                   std::shared_ptr<const void> way)
        : way_{std::move(way)}, response_{std::move(response)}, replies_{replies} {
        method = arena_.copy(call.method);
        style = call.style;
        arguments = arena_.copy(call.arguments);
        metadata = protocol::copy(call.metadata, arena_);
        may_be_cancelled = call.stop.stop_possible() || call.stop_unsent.stop_possible();
    }

    void watch(runtime::ClientCalls& calls, std::stop_token stop, std::stop_token stop_unsent) {
        if (stop.stop_possible()) {
            cancel_.emplace(std::move(stop), Cancel{&calls, this});
        }
        if (stop_unsent.stop_possible()) {
            withdraw_.emplace(std::move(stop_unsent), Withdraw{&calls, this});
        }
    }

    /// What the caller is done with, the server that answers is told of.
    void watch(runtime::ClientCalls& calls, std::shared_ptr<runtime::PartsFlow> flow) {
        flow_ = std::move(flow);
        if (flow_ == nullptr) {
            return;
        }
        self_ = std::make_shared<ForwardingCall*>(this);
        flow_->watch([&calls, self = self_](std::uint64_t parts) {
            calls.executor().post([&calls, self, parts] {
                if (*self != nullptr) {
                    (*self)->give_credit(calls, parts);
                }
            });
        });
    }

    void part(const protocol::Response& part, std::size_t bytes) noexcept override {
        if (replies_ == ForwardReplies::carried && part.data) {
            if (part.kind == protocol::ResponseKind::part) {
                bytes_under_way_.push_back(bytes);
            }
            response_->part(part.kind, *part.data);
        }
    }
    void succeeded(const protocol::Response& response) noexcept override {
        if (response.failure) {
            return failed(protocol::to_failure(response));
        }
        finish(
            replies_ == ForwardReplies::dropped
                ? runtime::ForwardedResponse{}
                : runtime::ForwardedResponse{.message = response.message, .data = response.data});
    }
    void failed(Failure failure) noexcept override { finish(std::unexpected{std::move(failure)}); }

private:
    void give_credit(runtime::ClientCalls& calls, std::uint64_t parts) {
        for (; parts_done_ < parts && !bytes_under_way_.empty(); ++parts_done_) {
            bytes_done_ += bytes_under_way_.front();
            bytes_under_way_.pop_front();
        }
        calls.give_credit(*this, bytes_done_);
    }

    struct Cancel {
        runtime::ClientCalls* calls;
        ForwardingCall* call;
        void operator()() const { calls->cancel(*call); }
    };

    struct Withdraw {
        runtime::ClientCalls* calls;
        ForwardingCall* call;
        void operator()() const { calls->withdraw(*call); }
    };

    void finish(std::expected<runtime::ForwardedResponse, Failure> outcome) noexcept {
        // From here on nobody gives this call up any more.
        cancel_.reset();
        withdraw_.reset();
        if (self_ != nullptr) {
            *self_ = nullptr;
        }
        const std::unique_ptr<ForwardingCall> self{this};
        response_->end(std::move(outcome));
    }

    const std::shared_ptr<const void> way_;  // which is there as long as this; goes last
    const std::unique_ptr<runtime::ForwardSink> response_;
    const ForwardReplies replies_;
    Arena arena_;
    std::shared_ptr<runtime::PartsFlow> flow_;
    std::shared_ptr<ForwardingCall*> self_{};  // to null once it is over; of a call with parts
    std::deque<std::size_t> bytes_under_way_;  // of each part
    std::uint64_t parts_done_ = 0;
    std::uint64_t bytes_done_ = 0;
    std::optional<std::stop_callback<Cancel>> cancel_;
    std::optional<std::stop_callback<Withdraw>> withdraw_;
};

}  // namespace

ClientForwarder::ClientForwarder(const Address& to, const ForwardOptions& options)
    : to_{to},
      replies_{options.replies},
      calls_as_{to.is_one_way() ? ForwardCalls::one_way : options.calls},
      timeout_{options.client.timeout},
      when_blocked_{options.client.when_blocked},
      series_{std::make_shared<metrics::ClientSeries>(
          metrics_route(to, !options.client.auth_secrets.empty()))},
      way_{make_way(to, options)} {}

ClientForwarder::~ClientForwarder() {
    way_->close();
    for (const std::weak_ptr<Way>& left : left_) {
        if (const auto way = left.lock()) {
            way->close();
        }
    }
}

void ClientForwarder::Way::close() noexcept {
    if (!is_closed_.exchange(true)) {
        route_->close();
    }
}

std::shared_ptr<ClientForwarder::Way> ClientForwarder::way() const {
    const std::lock_guard lock{mutex_};
    return way_;
}

std::shared_ptr<ClientForwarder::Way> ClientForwarder::make_way(
    const Address& to, const ForwardOptions& options) const {
    auto way = std::make_shared<Way>(make_client_route(to, options.client));
    way->route().calls().count_into(series_);
    return way;
}

void ClientForwarder::take(std::shared_ptr<Way>& way) {
    const std::lock_guard lock{mutex_};
    std::erase_if(left_, [](const std::weak_ptr<Way>& left) { return left.expired(); });
    left_.push_back(way_);
    way_.swap(way);
}

class ClientForwarder::Renewal final : public Change {
public:
    Renewal(ClientForwarder& forwarder, const Address& to, std::shared_ptr<Way> other)
        : forwarder_{forwarder}, to_{to}, other_{std::move(other)} {}

    void apply() override {
        if (other_ != nullptr) {
            forwarder_.take(other_);
        } else {
            forwarder_.way()->route().renew(to_);
        }
    }

private:
    ClientForwarder& forwarder_;
    const Address to_;
    std::shared_ptr<Way> other_;
};

std::unique_ptr<ClientForwarder::Change> ClientForwarder::prepare(const Address& to,
                                                                  const ForwardOptions& options) {
    return std::make_unique<Renewal>(*this, to,
                                     to.is_brokerless() ? make_way(to, options) : nullptr);
}

void ClientForwarder::end_unsent() {
    std::vector<std::weak_ptr<Way>> ways;
    {
        const std::lock_guard lock{mutex_};
        ways = left_;
        ways.push_back(way_);
    }
    for (const std::weak_ptr<Way>& each : ways) {
        if (const auto way = each.lock()) {
            way->route().calls().end_unsent(
                {.code = Code::no_responder,
                 .message =
                     "Not sent: this proxy stops, and has no connection to " + to_.display()});
        }
    }
}

std::string ClientForwarder::display() const {
    Address to = to_;
    if (auto endpoints = way()->route().publishing_at(); !endpoints.empty()) {
        std::get<ZmqAddress>(to.transport).endpoints = std::move(endpoints);
    }
    return display_location(to);
}

void ClientForwarder::forward(const runtime::ForwardedCall& call,
                              std::unique_ptr<runtime::ForwardSink> response) {
    const auto time_left = call.metadata.time_left;
    const auto timeout = time_left ? *time_left - kept_for_the_response(*time_left) : timeout_;
    if (time_left && timeout.count() <= 0) {
        return response->end(std::unexpected{Failure{
            .code = Code::expired_in_queue, .message = "Not forwarded: the call's time was over"}});
    }
    auto outgoing = std::make_unique<ForwardingCall>(call, std::move(response), replies_, way_);
    outgoing->wants_response = calls_as_ == ForwardCalls::answered;
    outgoing->came_one_way = !call.wants_response;
    outgoing->runs_anyway = call.runs_anyway;
    outgoing->bears_deadline = outgoing->wants_response || time_left.has_value();
    outgoing->timeout = timeout;
    outgoing->when_blocked = when_blocked_;
    runtime::ClientCalls& calls = way_->route().calls();
    outgoing->watch(calls, call.stop, call.stop_unsent);
    outgoing->watch(calls, call.parts);
    calls.submit(*outgoing.release());
}

}  // namespace warren::endpoint
