#include "transport/amqp/refusal.hpp"

#include "amqp/reply_code.hpp"
#include "core/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace warren::transport {
namespace {

std::string login_of(const AmqpEndpoint& endpoint) {
    if (const auto* plain = std::get_if<amqp::PlainLogin>(&endpoint.connection.login)) {
        return fmt::format("user '{}'", plain->user);
    }
    return "the client certificate's user";
}

ConnectFailure permanent(std::string message, std::string_view peer_text) {
    return {{.code = Code::unauthenticated,
             .message = std::move(message),
             .peer_text = peer_words(peer_text)},
            Refusal::permanent};
}

ConnectFailure passing(std::string message, std::string_view peer_text) {
    return {{.code = Code::connection_lost,
             .message = std::move(message),
             .peer_text = peer_words(peer_text)},
            Refusal::passing};
}

/// One side of a difference: 'true', or the value 'quorum' of type 'longstr', or none.
/// out  empty for none
std::string_view value_after(std::string_view text, std::string_view before) {
    const std::size_t at = text.find(before);
    const std::string_view rest =
        at == std::string_view::npos ? std::string_view{} : text.substr(at + before.size());
    return quoted_after(rest, rest.starts_with("the value ") ? "the value " : "");
}

/// What RabbitMQ says of a difference in shape:
/// "inequivalent arg 'durable' for queue 'q' in vhost '/': received 'true' but current is 'false'".
/// out  empty when it says something else
std::string difference(std::string_view text) {
    const std::string_view member = quoted_after(text, "inequivalent arg ");
    if (member.empty()) {
        return {};
    }
    const std::string_view declared = value_after(text, "received ");
    const std::string_view exists = value_after(text, "current is ");
    return fmt::format(
        "'{}' is {}, but {} exists", member,
        declared.empty() ? "not declared" : fmt::format("declared as '{}'", declared),
        exists.empty() ? "none" : fmt::format("'{}'", exists));
}

std::string what_was_asked(std::string_view doing) {
    return doing.empty() ? std::string{"What was asked"} : std::string{doing};
}

}  // namespace

ConnectFailure explain(const amqp::Failed& failed, const AmqpEndpoint& endpoint) {
    const std::string where = endpoint.display();
    switch (failed.reason) {
    case amqp::FailedReason::access_refused:
        return permanent(
            fmt::format("The broker at {} refuses {}: check user and password, and whether the "
                        "user may log in from this machine",
                        where, login_of(endpoint)),
            failed.peer_text);
    case amqp::FailedReason::vhost_refused:
        return permanent(fmt::format("The broker at {} refuses the virtual host '{}': it does not "
                                     "exist, or {} has no permission for it",
                                     where, endpoint.connection.vhost, login_of(endpoint)),
                         failed.peer_text);
    case amqp::FailedReason::mechanism_not_offered:
        return permanent(fmt::format("The broker at {} does not offer the login that the address "
                                     "asks for (auth_mechanism): {}",
                                     where, failed.text),
                         failed.peer_text);
    case amqp::FailedReason::invalid_options:
        return {{.code = Code::invalid_request,
                 .message = fmt::format("Cannot log in to {}: {}", where, failed.text)},
                Refusal::permanent};
    case amqp::FailedReason::version_not_supported:
    case amqp::FailedReason::frame_max_too_small:
        return {{.code = Code::connection_lost,
                 .message = fmt::format("{} is not a broker to talk to: {}{}", where, failed.text,
                                        endpoint.tls ? "" : " in clear; for TLS, say amqps://"),
                 .peer_text = peer_words(failed.peer_text)},
                Refusal::permanent};
    case amqp::FailedReason::protocol_violation:
    case amqp::FailedReason::heartbeats_missed:
    case amqp::FailedReason::handshake_timeout:
    case amqp::FailedReason::close_timeout:
    case amqp::FailedReason::closed_during_login:  // RabbitMQ says so when it refuses a login
    case amqp::FailedReason::closed_without_warning:
        break;
    }
    return passing(fmt::format("The connection to {} broke: {}", where, failed.text),
                   failed.peer_text);
}

ConnectFailure explain(const amqp::ConnectionClosed& closed, const AmqpEndpoint& endpoint) {
    if (closed.by == amqp::ClosedBy::client) {
        return passing(fmt::format("The connection to {} was closed", endpoint.display()), {});
    }
    if (closed.code == amqp::reply_code::access_refused ||
        closed.code == amqp::reply_code::not_allowed) {
        return permanent(fmt::format("The broker at {} closed the connection with code {}: it does "
                                     "not allow what was asked, or a limit of it is reached",
                                     endpoint.display(), closed.code),
                         closed.text);
    }
    return passing(fmt::format("The broker at {} closed the connection with code {}",
                               endpoint.display(), closed.code),
                   closed.text);
}

Failure explain(const amqp::ChannelClosed& closed, const AmqpEndpoint& endpoint,
                std::string_view doing) {
    const std::string where = endpoint.display();
    Failure failure{.code = Code::connection_lost, .peer_text = peer_words(closed.text)};
    switch (closed.code) {
    case amqp::reply_code::access_refused:
        // RabbitMQ's word for a queue that somebody consumes exclusively.
        if (closed.text.contains("in exclusive use")) {
            failure.code = Code::conflict;
            failure.message = fmt::format(
                "{} is refused at {}: another client consumes it, and would get these replies; "
                "give "
                "each client a reply_queue of its own, or none",
                what_was_asked(doing), where);
            break;
        }
        failure.code = Code::unauthenticated;
        failure.message =
            fmt::format("{} is refused at {}: {} lacks the permission (configure, write or read)",
                        what_was_asked(doing), where, login_of(endpoint));
        break;
    case amqp::reply_code::not_found:
        failure.code = Code::no_responder;
        failure.message = fmt::format(
            "{}: no such exchange or queue at {}; is the server that "
            "declares it running?",
            what_was_asked(doing), where);
        break;
    case amqp::reply_code::resource_locked:
        failure.code = Code::unauthenticated;
        failure.message = fmt::format("{} is another connection's alone (exclusive) at {}",
                                      what_was_asked(doing), where);
        break;
    case amqp::reply_code::precondition_failed: {
        const std::string differs = difference(closed.text);
        failure.code = Code::contract_mismatch;
        failure.message = fmt::format(
            "{} cannot be had at {}: {}", what_was_asked(doing), where,
            differs.empty() ? std::string{"the broker refuses a precondition"}
                            : differs + "; delete it there, or configure the shape that exists");
        break;
    }
    default:
        failure.message = fmt::format("The broker at {} closed a channel with code {}{}{}", where,
                                      closed.code, doing.empty() ? "" : " over ", doing);
        break;
    }
    return failure;
}

std::string peer_words(std::string_view text) {
    constexpr std::size_t bytes_max = core::Limits{}.peer_text_bytes_max;
    std::string words;
    for (const char character : text) {
        const auto octet = static_cast<unsigned char>(character);
        // Bytes over ASCII are escaped, too: they need not be UTF-8, and a cut must not split one.
        const bool plain = octet >= 0x20 && octet < 0x7f;
        const std::string shown =
            plain ? std::string(1, character) : fmt::format("\\x{:02x}", octet);
        if (words.size() + shown.size() > bytes_max) {
            break;
        }
        words += shown;
    }
    return words;
}

std::string_view quoted_after(std::string_view text, std::string_view before) noexcept {
    std::size_t at = text.find(before);
    if (at == std::string_view::npos) {
        return {};
    }
    at += before.size();
    if (!text.substr(at).starts_with('\'')) {
        return {};
    }
    const std::string_view rest = text.substr(at + 1);
    // A name may hold quotes itself: RabbitMQ goes on with one of these after it.
    std::size_t end = std::string_view::npos;
    for (const std::string_view after : {"' in vhost", "' for ", "' but ", "' of type "}) {
        end = std::min(end, rest.find(after));
    }
    if (end == std::string_view::npos) {
        end = rest.find('\'');
    }
    return end == std::string_view::npos ? std::string_view{} : rest.substr(0, end);
}

}  // namespace warren::transport
