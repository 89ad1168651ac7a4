#include "endpoint/client_transport.hpp"

#include <utility>
#include <variant>

namespace warren::endpoint {

std::unique_ptr<ClientTransport> make_client_transport(const Address& address, ReplyMode reply_mode,
                                                       std::string reply_queue,
                                                       std::shared_ptr<Log> log) {
    if (const auto* memory = std::get_if<MemoryAddress>(&address.broker)) {
        return make_memory_client(*memory, reply_mode, std::move(reply_queue));
    }
    return make_amqp_client(std::get<transport::AmqpEndpoint>(address.broker), reply_mode,
                            std::move(reply_queue), std::move(log));
}

}  // namespace warren::endpoint
