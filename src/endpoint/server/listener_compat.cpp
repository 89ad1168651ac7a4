#include "endpoint/server/listener_compat.hpp"

#include "endpoint/failures.hpp"
#include "protocol/topology.hpp"

#include <string>
#include <utility>

namespace warren::endpoint {

std::expected<void, Failure> check_compat(const Address& address, const ListenerQueue& queue) {
    if (!address.compat) {
        return {};
    }
    const std::string compat =
        "'compat: \"" +
        std::string{protocol::broker_compat_words[std::to_underlying(*address.compat)]} + "\"'";
    if (!queue.durable.value_or(true) && !queue.exclusive.value_or(false)) {
        return refused("'durable: false' cannot be with " + compat +
                       ", as that broker refuses queues that are neither durable nor exclusive: "
                       "leave it out, or add 'exclusive: true'");
    }
    const std::string argument{refused_argument(*address.compat, queue.arguments)};
    return argument.empty()
               ? std::expected<void, Failure>{}
               : refused("The argument '" + argument + "' of the queue cannot be with " + compat +
                         ", as that broker refuses it: leave it out");
}

}  // namespace warren::endpoint
