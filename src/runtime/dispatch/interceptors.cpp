#include "runtime/dispatch/interceptors.hpp"

#include "runtime/dispatch/listener_context.hpp"
#include "runtime/dispatch/running_calls.hpp"
#include "runtime/dispatch/server_call.hpp"

#include <any>
#include <exception>
#include <string>
#include <utility>

namespace warren::runtime {
namespace {

std::optional<TimePoint> known(TimePoint when) {
    return when == TimePoint{} ? std::nullopt : std::optional{when};
}

CallAtServer seen(ServerCall& call, std::any& state, const CallContent* content = nullptr) {
    return {.context = call.state.context,
            .listener = call.state.listener->options().name,
            .peer_address = call.peer_address,
            .request_bytes = call.request_bytes,
            .wants_response = call.wants_response,
            .came_at = call.state.began_at,
            .sent_at = call.state.sent_at_ms.transform([](std::int64_t ms) {
                return std::chrono::sys_time{std::chrono::milliseconds{ms}};
            }),
            .forwards_to = call.state.listener->options().forwards_to,
            .handler_began_at = known(call.state.handler_began_at),
            .handler_ended_at = known(call.state.handler_ended_at),
            .content = content,
            .place = &call.state.listener->options().place,
            .memory = call.arena,
            .state = state};
}

CallEnd end_of(const ServerCall& call, std::size_t response_bytes, const Clock& clock) {
    const protocol::Response& response = call.response();
    return {.failure = response.failure,
            .message = response.message,
            .response_bytes = response_bytes,
            .duration = clock.now() - call.state.began_at,
            .comes_again = call.state.retry_after || call.state.is_withdrawn};
}

}  // namespace

bool Interceptors::begin(ServerCall& call, const protocol::Call& request) const {
    call.state.sent_at_ms = request.metadata.sent_at_ms;
    std::vector<std::any>& states = call.state.interceptor_states;
    states.reserve(all_.size());
    const ContentOfCall content{call, &request};
    if (reads_content_) {
        remember_secrets(call, request);
    }
    for (const auto& interceptor : all_) {
        CallAtServer view = seen(call, states.emplace_back(), reads_content_ ? &content : nullptr);
        if (std::optional<Failure> refused = interceptor->begin(view)) {
            call.fail(std::move(*refused));
            return false;
        }
    }
    return true;
}

void Interceptors::end(ServerCall& call, std::size_t response_bytes) const noexcept {
    const CallEnd end = end_of(call, response_bytes, clock_);
    const ContentOfCall content{call, nullptr};
    std::vector<std::any>& states = call.state.interceptor_states;
    states.resize(states.empty() ? all_.size() : states.size());
    for (; !states.empty(); states.pop_back()) {
        try {
            all_[states.size() - 1]->end(
                seen(call, states.back(), reads_content_ ? &content : nullptr), end);
        } catch (const std::exception& error) {
            call.state.listener->calls().report(
                call, std::string{"an interceptor threw at the end: "} + error.what());
        }
    }
}

void Interceptors::tell(ServerInterceptor& watcher, ServerCall& call,
                        std::size_t response_bytes) noexcept {
    RunningCalls& calls = call.state.listener->calls();
    try {
        std::any state;
        watcher.end(seen(call, state), end_of(call, response_bytes, calls.clock()));
    } catch (const std::exception& error) {
        calls.report(call, std::string{"who watches threw: "} + error.what());
    }
}

}  // namespace warren::runtime
