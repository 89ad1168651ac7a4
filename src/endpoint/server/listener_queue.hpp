#pragma once

#include <warren/error.hpp>
#include <warren/listener.hpp>

#include "endpoint/address/address.hpp"

#include <expected>
#include <string>

// What a listener's queue at a broker may be, as far as that is known without the broker.
namespace warren::endpoint {

/// Take the type of the queue out of its arguments (x-queue-type), where only they name it.
void name_queue_type(ListenerOptions& options);

/// in   options: after `name_queue_type`
/// err  invalid_request: a type that serves no requests, or what the type cannot be; a name that is
///      the broker's
std::expected<void, Failure> check_queue(const ListenerOptions& options, const Address& address);

/// The queue's name as the broker knows it.
std::string queue_at_broker(const Address& address);

}  // namespace warren::endpoint
