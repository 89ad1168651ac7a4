#pragma once

#include "runtime/transports.hpp"
#include "transport/amqp/link.hpp"
#include "transport/amqp/reply_queue.hpp"

#include <memory>

namespace warren::transport {

/// Publishes requests, mandatory and confirmed, and consumes their replies. A token published while
/// it is not ready is refused with no_responder; bindings asked for then are made before it is.
///
/// `ClientSink::on_lost` also comes after an attempt to connect failed, with the reason;
/// `on_failed` when the reason is one that a person has to put right. In both cases attempts go on,
/// and `on_ready` ends the state.
class AmqpClientTransport : public runtime::ClientTransport {
public:
    /// Connect, for ever.
    /// in  the sink outlives the transport
    virtual void start(runtime::ClientSink& sink) = 0;
};

std::unique_ptr<AmqpClientTransport> make_amqp_client_transport(std::shared_ptr<Link> link,
                                                                AmqpClientOptions options = {});

}  // namespace warren::transport
