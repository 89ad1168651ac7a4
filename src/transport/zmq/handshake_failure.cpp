#include "transport/zmq/handshake_failure.hpp"

#include "transport/zmq/socket_options.hpp"

#include <fmt/format.h>
#include <zmq.h>

#include <string>
#include <utility>

namespace warren::transport {
namespace {

ConnectFailure permanent(std::string message) {
    return {{.code = Code::unauthenticated, .message = std::move(message)}, RetryClass::permanent};
}

ConnectFailure passing_refusal(std::string message) {
    return {{.code = Code::connection_lost, .message = std::move(message)}, RetryClass::passing};
}

ConnectFailure refused(const ZmqEvent& event, const ZmqEndpoint& endpoint,
                       const ZmqClientSecurity& security) {
    constexpr std::uint32_t wrong_credentials = 400;  // RFC 27; 300 and 500 are troubles of its own
    if (event.value != wrong_credentials) {
        return passing_refusal(
            fmt::format("The server at {} could not check who we are for now (status {})",
                        endpoint.text, event.value));
    }
    if (std::holds_alternative<ZmqPlain>(security)) {
        return permanent(
            fmt::format("The server at {} refuses our user name or password", endpoint.text));
    }
    if (std::holds_alternative<ZmqCurveClient>(security)) {
        return permanent(
            fmt::format("The server at {} does not know our public key: it must be among its "
                        "clients' keys",
                        endpoint.text));
    }
    return permanent(fmt::format("The server at {} refuses clients from here", endpoint.text));
}

}  // namespace

ConnectFailure handshake_failure(const ZmqEvent& event, const ZmqEndpoint& endpoint,
                                 const ZmqClientSecurity& security) {
    if (event.what == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
        return refused(event, endpoint, security);
    }
    if (event.what == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL &&
        event.value == ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH) {
        return permanent(
            fmt::format("The server at {} asks for other credentials than ours, which "
                        "are {}",
                        endpoint.text, name_of(security)));
    }
    if (std::holds_alternative<ZmqCurveClient>(security)) {
        return permanent(
            fmt::format("The server at {} cannot read what we encrypt for it: the public key that "
                        "we have of it is not its own, or it asks for other credentials",
                        endpoint.text));
    }
    return passing_refusal(
        fmt::format("Cannot connect to {}: what is there ended the handshake; does it speak ZeroMQ "
                    "(check the port), and ask for our credentials, which are {}?",
                    endpoint.text, name_of(security)));
}

std::string handshake_failure_text(const ZmqEvent& event, const ZmqServerSecurity& security) {
    if (event.what == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
        return std::holds_alternative<ZmqPlain>(security)
                   ? "its user name or password is wrong"
                   : "its public key is not among those of the clients";
    }
    if (event.what == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) {
        switch (event.value) {
        case ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH:
            return fmt::format("it does not come with {}", name_of(security));
        case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC:
            return "it has another public key of this server, or none";
        default:
            return "it does not keep to ZeroMQ's protocol";
        }
    }
    return "it ended before hands were shaken, or does not speak ZeroMQ";
}

}  // namespace warren::transport
