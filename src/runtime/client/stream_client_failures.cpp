#include "runtime/client/stream_client_failures.hpp"

#include "core/duration.hpp"
#include "runtime/client/client_failures.hpp"

#include <string>
#include <utility>

namespace warren::runtime {
namespace {

std::string not_sent(const StreamWait& wait, const std::string& within) {
    const std::string where{wait.where};
    if (wait.is_connected && !wait.is_busy) {
        return "Not sent to " + where + ' ' + within + ": the time was over before its turn came";
    }
    if (wait.is_connected) {
        return "Not sent: every connection to " + where + " was busy with another call " + within;
    }
    std::string message = "Not sent: no connection to " + where + ' ' + within;
    if (!wait.progress.empty()) {
        message.append(": ").append(wait.progress);
    } else if (wait.connect != nullptr) {
        message += ": " + wait.connect->message;
    }
    return message;
}

/// Whether the call had not left this client, for want of a connection.
bool has_no_connection(const StreamWait& wait) noexcept {
    return !wait.is_sent && wait.attempt == nullptr && !wait.is_connected;
}

}  // namespace

Failure stream_deadline_failure(const StreamWait& wait, std::chrono::milliseconds timeout) {
    const std::string within = "within " + core::to_string(timeout);
    std::string message;
    if (wait.is_sent) {
        message = "Sent to " + std::string{wait.where} + ", but no answer came " + within;
        if (!wait.unread.empty()) {
            message.append(": ").append(wait.unread);
        }
    } else if (wait.attempt == nullptr) {
        message = not_sent(wait, within);
    } else {
        message = "Not sent again " + within;
    }
    if (wait.attempt != nullptr) {
        message += "; the attempt before: " + wait.attempt->message;
    }
    return {.code = has_no_connection(wait) ? Code::no_responder : Code::deadline_exceeded,
            .message = std::move(message)};
}

Failure stream_broken_failure(std::string_view where, const Failure& why) {
    if (why.code == Code::reply_over_limit) {
        return why;  // it says that the call was handled
    }
    const bool is_known = why.code == Code::unauthenticated || why.code == Code::contract_mismatch;
    return {.code = is_known ? why.code : Code::internal,
            .message =
                "What came from " + std::string{where} +
                " cannot be read; the request was sent, and may have been handled: " + why.message,
            .peer_text = why.peer_text};
}

Failure unanswered_failure(std::string_view where, const Failure& why) {
    return why.code == Code::unauthenticated ? why : lost_failure(where, CallStage::sent, why);
}

Failure unread_failure(std::string_view where, std::size_t bytes_max) {
    return {.code = Code::overloaded,
            .message = "Not sent: more than " + std::to_string(bytes_max) + " bytes wait until " +
                       std::string{where} + " reads them (one_way_unsent_bytes_max)",
            .retry_after = std::chrono::milliseconds{100}};
}

}  // namespace warren::runtime
