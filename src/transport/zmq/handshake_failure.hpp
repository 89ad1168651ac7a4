#pragma once

#include "transport/net/connect_failure.hpp"
#include "transport/zmq/endpoint.hpp"
#include "transport/zmq/monitor.hpp"
#include "transport/zmq/options.hpp"

#include <string>

namespace warren::transport {

/// Why a server did not shake hands, with what to do.
/// in  event: one of ZMQ_EVENT_HANDSHAKE_FAILED_*
ConnectFailure handshake_failure(const ZmqEvent& event, const ZmqEndpoint& endpoint,
                                 const ZmqClientSecurity& security);

/// The same as a server sees it, which knows nothing of who came. For the log.
std::string handshake_failure_text(const ZmqEvent& event, const ZmqServerSecurity& security);

}  // namespace warren::transport
