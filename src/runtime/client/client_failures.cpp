#include "runtime/client/client_failures.hpp"

#include "core/duration.hpp"

#include <string>
#include <utility>

namespace warren::runtime {
namespace {

std::string quoted_reason(std::string_view reason) {
    return reason.empty() ? std::string{} : " (" + std::string{reason} + ")";
}

/// As if it was the first attempt.
Failure lone_deadline_failure(const WaitingFor& waiting, std::chrono::milliseconds timeout) {
    const std::string broker{waiting.broker};
    const std::string within = "within " + core::to_string(timeout);
    switch (waiting.stage) {
    case CallStage::queued:
        if (waiting.blocked) {
            Failure failure = blocked_failure(broker, *waiting.blocked);
            failure.message += ", for the whole time of the call";
            return failure;
        }
        if (!waiting.is_connected) {
            const std::string why =
                waiting.last_failure != nullptr ? ": " + waiting.last_failure->message
                : waiting.progress.empty()      ? std::string{}
                                                : ": " + std::string{waiting.progress};
            return {.code = Code::no_responder,
                    .message = "Not sent: no connection to " + broker + ' ' + within + why,
                    .peer_text = waiting.last_failure != nullptr ? waiting.last_failure->peer_text
                                                                 : std::string{}};
        }
        return {
            .code = Code::deadline_exceeded,
            .message = "Not sent: " + broker + " did not confirm where replies arrive " + within};
    case CallStage::sent:
        return {.code = Code::deadline_exceeded,
                .message = "Sent, but " + broker + " did not confirm it " +
                           (waiting.wants_response ? "and no reply came " : "") + within +
                           (waiting.blocked ? "; the broker takes no messages at the moment" : "")};
    case CallStage::accepted:
        return {
            .code = Code::deadline_exceeded,
            .message = "Queued at " + broker + ", but no reply came " + within +
                       (waiting.unknown_why.empty() ? std::string{}
                                                    : "; whether a server is there is not known: " +
                                                          std::string{waiting.unknown_why})};
    }
    return {};
}

}  // namespace

Failure deadline_failure(const WaitingFor& waiting, std::chrono::milliseconds timeout) {
    if (waiting.attempt == nullptr) {
        return lone_deadline_failure(waiting, timeout);
    }
    Failure failure = waiting.stage == CallStage::queued
                          ? Failure{.code = Code::deadline_exceeded,
                                    .message = "Not sent again within " + core::to_string(timeout)}
                          : lone_deadline_failure(waiting, timeout);
    failure.message += "; the attempt before: " + waiting.attempt->message;
    return failure;
}

Failure unsent_failure(Failure why) {
    if (why.code == Code::connection_lost) {
        why.code = Code::no_responder;
    }
    return why;
}

Failure lost_failure(std::string_view broker, CallStage stage, const Failure& why) {
    const char* known = stage == CallStage::accepted
                            ? " was lost after the broker had queued the request"
                            : " was lost after the request was sent";
    return {.code = Code::connection_lost,
            .message = "The connection to " + std::string{broker} + known +
                       ", which may have been handled: " + why.message,
            .peer_text = why.peer_text};
}

Failure no_connection_failure(std::string_view broker, std::size_t attempts, const Failure& why) {
    return {.code = Code::no_responder,
            .message = "Not sent: no connection to " + std::string{broker} + " in " +
                       std::to_string(attempts) +
                       (attempts == 1 ? " attempt: " : " attempts, the last one: ") + why.message,
            .peer_text = why.peer_text};
}

Failure absent_failure(std::string_view broker, std::string_view queue) {
    return {.code = Code::no_responder,
            .message = "Not sent: nobody consumes the queue '" + std::string{queue} + "' at " +
                       std::string{broker} + ": is the server running?"};
}

Failure blocked_failure(std::string_view broker, std::string_view reason) {
    return {.code = Code::broker_blocked,
            .message =
                "Not sent: " + std::string{broker} + " takes no messages" + quoted_reason(reason)};
}

Failure missing_parts_failure(std::uint64_t came, std::optional<std::uint64_t> next) {
    return {.code = Code::connection_lost,
            .message = "Handled, but not all of the response came: after " + std::to_string(came) +
                       " parts " +
                       (next ? "number " + std::to_string(*next) + " was the next"
                             : std::string{"it ended without saying how many there were"})};
}

Failure silent_server_failure(std::chrono::milliseconds silence) {
    return {.code = Code::connection_lost,
            .message = "The server had begun, and then gave no sign for " +
                       core::to_string(silence) + "; the request may have been handled"};
}

Failure cancelled_failure(CallStage stage, std::string_view by_whom) {
    return {.code = Code::cancelled,
            .message = std::string{by_whom} + (stage == CallStage::queued
                                                   ? " before the request was sent"
                                                   : "; the request was sent and may be handled")};
}

Failure not_again_failure(const Failure& before, const Failure& why) {
    Failure failure = before;
    failure.message += "; then: " + why.message;
    return failure;
}

Failure attempts_failure(Failure last, std::uint32_t attempts) {
    if (attempts > 1) {
        last.message += " (attempt " + std::to_string(attempts) + ')';
    }
    return last;
}

}  // namespace warren::runtime
