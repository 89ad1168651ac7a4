#include <warren/error.hpp>

#include <array>
#include <utility>

namespace warren {
namespace {

struct Entry {
    Code code;
    std::string_view name;
    Retry retry;
};

constexpr std::array catalogue{
    Entry{Code::invalid_request, "invalid_request", Retry::useless},
    Entry{Code::no_such_method, "no_such_method", Retry::useless},
    Entry{Code::no_responder, "no_responder", Retry::safe},
    Entry{Code::expired_in_queue, "expired_in_queue", Retry::safe},
    Entry{Code::deadline_exceeded, "deadline_exceeded", Retry::if_idempotent},
    Entry{Code::connection_lost, "connection_lost", Retry::if_idempotent},
    Entry{Code::broker_blocked, "broker_blocked", Retry::safe},
    Entry{Code::overloaded, "overloaded", Retry::safe},
    Entry{Code::unauthenticated, "unauthenticated", Retry::useless},
    Entry{Code::permission_denied, "permission_denied", Retry::useless},
    Entry{Code::contract_mismatch, "contract_mismatch", Retry::useless},
    Entry{Code::conflict, "conflict", Retry::useless},
    Entry{Code::cancelled, "cancelled", Retry::if_idempotent},
    Entry{Code::outcome_unknown, "outcome_unknown", Retry::useless},
    Entry{Code::failed, "failed", Retry::useless},
    Entry{Code::reply_over_limit, "reply_over_limit", Retry::useless},
    Entry{Code::internal, "internal", Retry::if_idempotent},
};

constexpr bool in_order() {
    for (std::size_t at = 0; at < catalogue.size(); ++at) {
        if (static_cast<std::size_t>(catalogue[at].code) != at) {
            return false;
        }
    }
    return true;
}
static_assert(in_order(), "the catalogue is indexed by code");

}  // namespace

std::string_view name_of(Code code) noexcept {
    return catalogue[static_cast<std::size_t>(code)].name;
}

std::optional<Code> code_named(std::string_view name) noexcept {
    for (const Entry& entry : catalogue) {
        if (entry.name == name) {
            return entry.code;
        }
    }
    return std::nullopt;
}

Retry retry_of(Code code) noexcept {
    return catalogue[static_cast<std::size_t>(code)].retry;
}

std::string to_string(const std::vector<PathStep>& location) {
    std::string text;
    for (const PathStep& step : location) {
        if (const auto* index = std::get_if<std::size_t>(&step)) {
            text += '[' + std::to_string(*index) + ']';
            continue;
        }
        if (!text.empty()) {
            text += '.';
        }
        text += std::get<std::string>(step);
    }
    return text;
}

std::string to_string(const Failure& failure) {
    std::string text{name_of(failure.code)};
    text += ": " + failure.message;
    for (const FieldError& error : failure.errors) {
        text += "\n  " + to_string(error.location);
        text += (error.location.empty() ? "" : ": ") + error.message + " [" + error.type + ']';
    }
    if (!failure.peer_text.empty()) {
        text += " (" + failure.peer_text + ')';
    }
    return text;
}

Error::Error(Failure failure) : failure_{std::move(failure)}, text_{to_string(failure_)} {}

Error::Error(Code code, std::string message, Dynamic data)
    : Error{Failure{.code = code, .message = std::move(message), .data = std::move(data)}} {}

}  // namespace warren
