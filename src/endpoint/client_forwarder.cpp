#include "endpoint/client_forwarder.hpp"

#include "endpoint/metrics_route.hpp"
#include "endpoint/server_listener.hpp"
#include "protocol/failure_value.hpp"
#include "runtime/client_calls.hpp"

#include <algorithm>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace warren::endpoint {
namespace {

/// What an answer takes to come back is kept from the time of the call, so that the caller reads
/// what its call failed of, and not only that nothing came in time. It is never nothing: a call
/// that goes round in a circle comes to its end.
std::chrono::milliseconds kept_for_the_answer(std::chrono::milliseconds left) {
    constexpr std::chrono::milliseconds kept_min{1};
    constexpr std::chrono::milliseconds kept_max{100};
    return std::clamp(left / 10, kept_min, kept_max);
}

/// One call on its way; destroys itself when it is over.
class ForwardingCall final : public runtime::OutgoingCall {
public:
    ForwardingCall(const runtime::ForwardedCall& call,
                   std::unique_ptr<runtime::ForwardedResponse> response, ForwardReplies replies)
        : response_{std::move(response)}, replies_{replies} {
        method = arena_.copy(call.method);
        style = call.style;
        arguments = arena_.copy(call.arguments);
        metadata = protocol::copy(call.metadata, arena_);
        may_be_given_up = call.stop.stop_possible() || call.stop_unsent.stop_possible();
    }

    void watch(runtime::ClientCalls& calls, std::stop_token stop, std::stop_token stop_unsent) {
        if (stop.stop_possible()) {
            give_up_.emplace(std::move(stop), GiveUp{&calls, this});
        }
        if (stop_unsent.stop_possible()) {
            withdraw_.emplace(std::move(stop_unsent), Withdraw{&calls, this});
        }
    }

    void part(const protocol::Answer& part) noexcept override {
        if (replies_ == ForwardReplies::carried && part.data) {
            response_->part(*part.data);
        }
    }
    void succeeded(const protocol::Answer& answer) noexcept override {
        if (answer.failure) {
            return failed(protocol::to_failure(answer));
        }
        finish(replies_ == ForwardReplies::dropped
                   ? runtime::ForwardedReply{}
                   : runtime::ForwardedReply{.message = answer.message, .data = answer.data});
    }
    void failed(Failure failure) noexcept override { finish(std::unexpected{std::move(failure)}); }

private:
    struct GiveUp {
        runtime::ClientCalls* calls;
        ForwardingCall* call;
        void operator()() const { calls->give_up(*call); }
    };

    struct Withdraw {
        runtime::ClientCalls* calls;
        ForwardingCall* call;
        void operator()() const { calls->withdraw(*call); }
    };

    void finish(std::expected<runtime::ForwardedReply, Failure> outcome) noexcept {
        // From here on nobody gives this call up any more.
        give_up_.reset();
        withdraw_.reset();
        const std::unique_ptr<ForwardingCall> self{this};
        response_->end(std::move(outcome));
    }

    const std::unique_ptr<runtime::ForwardedResponse> response_;
    const ForwardReplies replies_;
    Arena arena_;
    std::optional<std::stop_callback<GiveUp>> give_up_;
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
      route_{make_client_route(to, options.client)},
      calls_{route_->calls()} {
    calls_.count_into(series_);
}

ClientForwarder::~ClientForwarder() {
    route_->close();
}

void ClientForwarder::end_unsent() {
    calls_.end_unsent(
        {.code = Code::no_responder,
         .message = "Not sent: this proxy stops, and has no connection to " + to_.display()});
}

std::string ClientForwarder::display() const {
    Address to = to_;
    if (auto endpoints = route_->publishing_at(); !endpoints.empty()) {
        std::get<ZmqAddress>(to.place).endpoints = std::move(endpoints);
    }
    return display_place(to);
}

void ClientForwarder::forward(const runtime::ForwardedCall& call,
                              std::unique_ptr<runtime::ForwardedResponse> response) {
    const auto time_left = call.metadata.time_left;
    const auto timeout = time_left ? *time_left - kept_for_the_answer(*time_left) : timeout_;
    if (time_left && timeout.count() <= 0) {
        return response->end(std::unexpected{Failure{
            .code = Code::expired_in_queue, .message = "Not forwarded: the call's time was over"}});
    }
    auto outgoing = std::make_unique<ForwardingCall>(call, std::move(response), replies_);
    outgoing->wants_answer = calls_as_ == ForwardCalls::answered;
    outgoing->came_one_way = !call.wants_answer;
    outgoing->bears_deadline = outgoing->wants_answer || time_left.has_value();
    outgoing->timeout = timeout;
    outgoing->when_blocked = when_blocked_;
    outgoing->watch(calls_, call.stop, call.stop_unsent);
    calls_.submit(*outgoing.release());
}

}  // namespace warren::endpoint
