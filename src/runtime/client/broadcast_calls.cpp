#include "runtime/client/broadcast_calls.hpp"

#include <warren/arena.hpp>
#include <warren/dynamic.hpp>

#include <utility>

namespace warren::runtime {

/// A call's way to one of the servers.
class BroadcastCalls::Copy final : public ClientCall {
public:
    Copy(BroadcastCalls& owner, Spread& spread) : owner_{owner}, spread_{spread} {}

    void succeeded(const protocol::Response& response) noexcept override {
        data = Dynamic{response.data.value_or(Value{})};
        end();
    }
    void failed(Failure why) noexcept override {
        failure = std::move(why);
        end();
    }

    bool is_over = false;
    Dynamic data{};
    std::optional<Failure> failure{};

private:
    void end() {
        is_over = true;
        owner_.copy_ended(spread_);
    }

    BroadcastCalls& owner_;
    Spread& spread_;
};

/// All that becomes of one call. It outlives the call, whose arguments it has copies of, until
/// every copy is over.
struct BroadcastCalls::Spread {
    std::uint64_t token = 0;
    Arena arena{};
    std::vector<std::unique_ptr<Copy>> copies{};
    std::size_t under_way = 0;
};

BroadcastCalls::BroadcastCalls(Executor& executor, const ClientCallsOptions& options,
                               std::vector<Server> servers)
    : ClientCalls{executor, options}, servers_{std::move(servers)} {}

BroadcastCalls::~BroadcastCalls() = default;

void BroadcastCalls::close() {
    ClientCalls::close();
    for (const Server& server : servers_) {
        server.calls->close();
    }
}

void BroadcastCalls::dispatch(ClientCall& call) {
    auto made = std::make_unique<Spread>();
    Spread& spread = *made;
    spread.token = token_of(call);
    spread.under_way = servers_.size();
    spreads_.emplace(spread.token, std::move(made));
    const std::string_view method = spread.arena.copy(call.method);
    const Value arguments = spread.arena.copy(call.arguments);
    const protocol::Metadata metadata = protocol::copy(call.metadata, spread.arena);
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        auto copy = std::make_unique<Copy>(*this, spread);
        copy->method = method;
        copy->style = call.style;
        copy->arguments = arguments;
        copy->metadata = metadata;
        copy->timeout = time_left(call);
        copy->idempotent = call.idempotent;
        copy->runs_anyway = call.runs_anyway;
        copy->wants_response = call.wants_response;
        copy->bears_deadline = call.bears_deadline;
        spread.copies.push_back(std::move(copy));
    }
    set_stage(call, CallStage::sent);  // to one of them, perhaps
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        servers_[i].calls->submit(*spread.copies[i]);
    }
}

/// As the last of them is what calls this, the copies go in a turn of their own.
void BroadcastCalls::copy_ended(Spread& spread) {
    if (--spread.under_way != 0) {
        return;
    }
    const auto found = spreads_.find(spread.token);
    std::unique_ptr<Spread> kept = std::move(found->second);
    spreads_.erase(found);
    if (ClientCall* const call = pending().find(kept->token)) {
        finish(*call, *kept);
    }
    executor().post([kept = std::move(kept)] {});
}

void BroadcastCalls::finish(ClientCall& call, const Spread& spread) {
    for (const auto& copy : spread.copies) {
        if (copy->failure) {
            return fail(call, failure_of(spread));
        }
    }
    if (!call.wants_response) {
        return succeed(call, {.message = protocol::message_default});
    }
    std::vector<Value> data;
    data.reserve(spread.copies.size());
    for (const auto& copy : spread.copies) {
        data.push_back(copy->data.value());
    }
    succeed(call, {.message = protocol::message_default, .data = Value::list(data)});
}

/// A copy without an outcome is one whose time is over.
Failure BroadcastCalls::failure_of(const Spread& spread) const {
    std::optional<Failure> first;
    std::string message;
    std::vector<Member> members;
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        const Copy& copy = *spread.copies[i];
        if (copy.is_over && !copy.failure) {
            members.push_back({Value::text(servers_[i].name), copy.data.value()});
            continue;
        }
        Failure why = copy.is_over ? *copy.failure : deadline_failure_in(*servers_[i].calls, copy);
        message += (message.empty() ? "" : "; ") + servers_[i].name + ": " + why.message;
        if (!first) {
            first = std::move(why);
        }
    }
    Failure failure = std::move(first).value_or(Failure{});
    failure.message = std::move(message);
    failure.data = Dynamic{Value::map(members)};
    return failure;
}

Failure BroadcastCalls::deadline_failure_of(const ClientCall& call) const {
    return failure_of(*spreads_.at(token_of(call)));
}

void BroadcastCalls::forget(ClientCall& call) noexcept {
    const auto found = spreads_.find(token_of(call));
    if (found == spreads_.end()) {
        return;
    }
    for (std::size_t i = 0; i < servers_.size(); ++i) {
        if (Copy& copy = *found->second->copies[i]; !copy.is_over) {
            servers_[i].calls->cancel(copy);
        }
    }
}

}  // namespace warren::runtime
