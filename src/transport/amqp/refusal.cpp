#include "transport/amqp/refusal.hpp"

#include "amqp/reply_code.hpp"
#include "core/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
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
            RetryClass::permanent};
}

ConnectFailure passing(std::string message, std::string_view peer_text) {
    return {{.code = Code::connection_lost,
             .message = std::move(message),
             .peer_text = peer_words(peer_text)},
            RetryClass::passing};
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
    return fmt::format("'{}' is {}, but {} exists", member,
                       declared.empty() && !text.contains("received the value ''")
                           ? "not declared"
                           : fmt::format("declared as '{}'", declared),
                       exists.empty() ? "none" : fmt::format("'{}'", exists));
}

/// What to do about a difference.
std::string_view remedy(std::string_view text) {
    const std::string_view member = quoted_after(text, "inequivalent arg ");
    if (text.contains("'warren.returned'")) {
        return "declare it without 'return_dropped' and let a policy of the broker set its "
               "dead-letter-exchange to warren.returned; or delete it there once it is empty";
    }
    if (member.starts_with("x-delivery-limit") || member.starts_with("x-dead-letter-")) {
        return "declare it as it exists, without dead letters (dead_letter_queue: null), or with "
               "what it has (arguments), and let a policy of the broker limit its deliveries; or "
               "delete it there once it is empty";
    }
    return "delete it there, or configure the shape that exists";
}

/// The number after some words, such as "Timeout value used: 60000 ms"; empty: there is none.
std::string_view number_after(std::string_view text, std::string_view before) {
    const std::size_t at = text.find(before);
    if (at == std::string_view::npos) {
        return {};
    }
    const std::string_view rest = text.substr(at + before.size());
    return rest.substr(0, std::min(rest.find_first_not_of("0123456789"), rest.size()));
}

/// Until 3.8.16 RabbitMQ says "consumer ack timed out on channel 1", and no time; since then,
/// "delivery acknowledgement on channel 1 timed out. Timeout value used: 60000 ms".
bool is_consumer_timeout(std::string_view text) noexcept {
    return text.contains("timed out") &&
           (text.contains("consumer ack ") || text.contains("delivery acknowledgement "));
}

/// "user_id property set to 'shop' but authenticated user was 'guest'".
bool says_other_user(std::string_view text) noexcept {
    return text.contains("user_id property set to ");
}

/// What RabbitMQ calls a precondition that failed. Only a difference in shape is one of contracts.
Failure explain_precondition(std::string_view text, std::string_view what, std::string_view where) {
    if (is_consumer_timeout(text)) {
        const std::string_view time = number_after(text, "Timeout value used: ");
        return {.code = Code::deadline_exceeded,
                .message = fmt::format(
                    "The broker at {} took back requests that were not acknowledged within its "
                    "consumer_timeout{}: raise that there, or let handlers end sooner",
                    where, time.empty() ? std::string{} : fmt::format(", {} ms", time))};
    }
    if (const auto size = refused_size(text)) {
        return {.code = Code::invalid_request,
                .message = fmt::format("{} has {} bytes, and the broker at {} takes {} at most "
                                       "(its max_message_size)",
                                       what, size->bytes, where, size->bytes_max)};
    }
    if (says_other_user(text)) {
        return {.code = Code::unauthenticated,
                .message = fmt::format(
                    "{} says that another user sends it than the one that the broker at {} knows, "
                    "'{}': say the latter in the address (amqp_user), or nobody (amqp_user=)",
                    what, where, quoted_after(text, "authenticated user was "))};
    }
    const std::string differs = difference(text);
    return {
        .code = Code::contract_mismatch,
        .message = fmt::format("{} cannot be had at {}: {}", what, where,
                               differs.empty() ? std::string{"the broker refuses a precondition"}
                                               : fmt::format("{}; {}", differs, remedy(text)))};
}

/// What RabbitMQ refuses access to: to everybody, or for want of a permission.
Failure explain_refused_access(std::string_view text, std::string_view what,
                               const AmqpEndpoint& endpoint) {
    if (text.contains("reserved prefix")) {
        return {.code = Code::invalid_request,
                .message = fmt::format("{} cannot be had at {}: names that begin with 'amq.' are "
                                       "the broker's; choose another",
                                       what, endpoint.display())};
    }
    if (text.contains("default exchange")) {
        return {.code = Code::invalid_request,
                .message = fmt::format("{} cannot be had at {}: the default exchange is the "
                                       "broker's, and stays as it is",
                                       what, endpoint.display())};
    }
    // RabbitMQ's word for a queue that somebody consumes exclusively.
    if (text.contains("in exclusive use")) {
        return {.code = Code::conflict,
                .message = fmt::format("{} is refused at {}: it has another consumer, and one of "
                                       "both has it alone (exclusive); end that one, or take "
                                       "another queue, as each client needs a reply_queue of its "
                                       "own or none",
                                       what, endpoint.display())};
    }
    if (text.contains("internal exchange")) {
        return {.code = Code::invalid_request,
                .message = fmt::format("{} is refused at {}: that exchange takes messages of other "
                                       "exchanges alone (internal)",
                                       what, endpoint.display())};
    }
    return {.code = Code::unauthenticated,
            .message = fmt::format(
                "{} is refused at {}: {} lacks the permission (configure, write or read)", what,
                endpoint.display(), login_of(endpoint))};
}

std::string what_was_asked(std::string_view doing) {
    return doing.empty() ? std::string{"What was asked"} : std::string{doing};
}

/// What RabbitMQ says of what it has given up: "Feature `transient_nonexcl_queues` is deprecated".
/// out  the name; empty when it says something else
std::string_view refused_feature(const amqp::ConnectionClosed& closed) noexcept {
    constexpr std::string_view before = "Feature `";
    const std::string_view text = closed.text;
    const std::size_t at = text.find(before);
    if (closed.code != amqp::reply_code::internal_error || at == std::string_view::npos) {
        return {};
    }
    const std::string_view rest = text.substr(at + before.size());
    const std::size_t end = rest.find('`');
    return end == std::string_view::npos || !rest.substr(end).contains("is deprecated")
               ? std::string_view{}
               : rest.substr(0, end);
}

ConnectFailure feature_refused(std::string_view feature, std::string_view peer_text,
                               const AmqpEndpoint& endpoint) {
    const bool is_queue = feature == "transient_nonexcl_queues";
    return {
        {.code = Code::contract_mismatch,
         .message = fmt::format(
             "The broker at {} refuses {}", endpoint.display(),
             is_queue ? "queues that are neither durable nor exclusive, as RabbitMQ 4.3 does "
                        "(transient_nonexcl_queues): say compat=4.3 in the address, or 'compat: "
                        "\"4.3\"' or 'durable: true' of the listener; or permit them in the "
                        "broker's configuration"
                      : fmt::format("what was declared ('{}'): leave out the 'arguments' of "
                                    "the queue that ask for it, or permit it in the broker's "
                                    "configuration (deprecated_features.permit)",
                                    peer_words(feature))),
         .peer_text = peer_words(peer_text)},
        RetryClass::permanent};
}

ConnectFailure closed_by_broker(const amqp::ConnectionClosed& closed,
                                const AmqpEndpoint& endpoint) {
    if (closed.code == amqp::reply_code::access_refused ||
        closed.code == amqp::reply_code::not_allowed) {
        return permanent(fmt::format("The broker at {} closed the connection with code {}: it does "
                                     "not allow what was asked, or a limit of it is reached",
                                     endpoint.display(), closed.code),
                         closed.text);
    }
    if (const std::string_view feature = refused_feature(closed); !feature.empty()) {
        return feature_refused(feature, closed.text, endpoint);
    }
    return passing(fmt::format("The broker at {} closed the connection with code {}",
                               endpoint.display(), closed.code),
                   closed.text);
}

}  // namespace

ConnectFailure explain(const amqp::Failed& failed, const AmqpEndpoint& endpoint) {
    const std::string where = endpoint.display();
    switch (failed.reason) {
    case amqp::FailedReason::access_refused:
        if (!endpoint.password_file.empty()) {
            // It may change before the broker does, or after it.
            return passing(
                fmt::format("The broker at {} refuses {} with the password in {}, which is read "
                            "again for the next attempt",
                            where, login_of(endpoint), endpoint.password_file),
                failed.peer_text);
        }
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
                RetryClass::permanent};
    case amqp::FailedReason::version_not_supported:
    case amqp::FailedReason::frame_max_too_small:
        return {{.code = Code::connection_lost,
                 .message = fmt::format("{} is not a broker to talk to: {}{}", where, failed.text,
                                        endpoint.tls ? "" : " in clear; for TLS, say amqps://"),
                 .peer_text = peer_words(failed.peer_text)},
                RetryClass::permanent};
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
        ConnectFailure closing =
            passing(fmt::format("The connection to {} was closed", endpoint.display()), {});
        closing.is_in_order = true;
        return closing;
    }
    ConnectFailure failure = closed_by_broker(closed, endpoint);
    failure.is_exception = closed.code != amqp::reply_code::connection_forced;
    return failure;
}

Failure explain(const amqp::ChannelClosed& closed, const AmqpEndpoint& endpoint,
                std::string_view doing) {
    const std::string where = endpoint.display();
    Failure failure{.code = Code::connection_lost};
    switch (closed.code) {
    case amqp::reply_code::access_refused:
        failure = explain_refused_access(closed.text, what_was_asked(doing), endpoint);
        break;
    case amqp::reply_code::not_found:
        failure.code = Code::no_responder;
        failure.message = fmt::format(
            "{}: no such exchange or queue at {}; is the server that "
            "declares it running?",
            what_was_asked(doing), where);
        break;
    case amqp::reply_code::resource_locked:
        failure.code = Code::conflict;
        failure.message = fmt::format(
            "{} is another connection's alone (exclusive) at {}, until that ends: end it, or take "
            "another name",
            what_was_asked(doing), where);
        break;
    case amqp::reply_code::precondition_failed:
        failure = explain_precondition(closed.text, what_was_asked(doing), where);
        break;
    default:
        failure.message = fmt::format("The broker at {} closed a channel with code {}{}{}", where,
                                      closed.code, doing.empty() ? "" : " over ", doing);
        break;
    }
    failure.peer_text = peer_words(closed.text);
    return failure;
}

bool refuses_user(const amqp::ChannelClosed& closed) noexcept {
    return closed.code == amqp::reply_code::precondition_failed && says_other_user(closed.text);
}

std::optional<RefusedSize> refused_size(std::string_view text) noexcept {
    const auto size_after = [text](std::string_view before) {
        const std::string_view digits = number_after(text, before);
        std::size_t number = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
        return number;
    };
    const RefusedSize size{.bytes = size_after("message size "),
                           .bytes_max = size_after("max size ")};
    return size.bytes > size.bytes_max && size.bytes_max != 0 ? std::optional{size} : std::nullopt;
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
