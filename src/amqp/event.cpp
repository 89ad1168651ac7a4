#include "amqp/event.hpp"

namespace warren::amqp {

std::string_view name_of(FailedReason reason) noexcept {
    switch (reason) {
    case FailedReason::invalid_options:
        return "invalid_options";
    case FailedReason::version_not_supported:
        return "version_not_supported";
    case FailedReason::mechanism_not_offered:
        return "mechanism_not_offered";
    case FailedReason::access_refused:
        return "access_refused";
    case FailedReason::vhost_refused:
        return "vhost_refused";
    case FailedReason::frame_max_too_small:
        return "frame_max_too_small";
    case FailedReason::protocol_violation:
        return "protocol_violation";
    case FailedReason::heartbeats_missed:
        return "heartbeats_missed";
    case FailedReason::handshake_timeout:
        return "handshake_timeout";
    case FailedReason::close_timeout:
        return "close_timeout";
    case FailedReason::closed_during_login:
        return "closed_during_login";
    case FailedReason::closed_without_warning:
        return "closed_without_warning";
    }
    return "unknown";
}

}  // namespace warren::amqp
