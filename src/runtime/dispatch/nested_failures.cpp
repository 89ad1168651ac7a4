#include "runtime/dispatch/nested_failures.hpp"

#include <utility>

namespace warren::runtime {

std::optional<Failure> outcome_of_nested(const Failure& inner, bool is_late, bool is_stopped) {
    if (is_late) {
        return Failure{.code = Code::deadline_exceeded,
                       .message = "The deadline passed while a call of the handler's was made: " +
                                  inner.message};
    }
    switch (inner.code) {
    case Code::expired_in_queue:
    case Code::deadline_exceeded:
        return Failure{.code = Code::deadline_exceeded,
                       .message = "A call of the handler's took too long: " + inner.message};
    case Code::overloaded:
        return Failure{
            .code = Code::overloaded, .message = inner.message, .retry_after = inner.retry_after};
    case Code::failed:
        return Failure{.code = Code::failed, .message = inner.message};
    case Code::cancelled:
        return is_stopped
                   ? std::optional{Failure{.code = Code::cancelled, .message = inner.message}}
                   : std::nullopt;
    case Code::invalid_request:
    case Code::no_such_method:
    case Code::no_responder:
    case Code::connection_lost:
    case Code::broker_blocked:
    case Code::unauthenticated:
    case Code::permission_denied:
    case Code::contract_mismatch:
    case Code::conflict:
    case Code::outcome_unknown:
    case Code::reply_over_limit:
    case Code::internal:
        return std::nullopt;
    }
    std::unreachable();
}

}  // namespace warren::runtime
