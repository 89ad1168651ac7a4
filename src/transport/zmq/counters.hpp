#pragma once

#include "transport/port_counter.hpp"

namespace warren::transport {

/// What a port has done, for metrics. Each number is exact; together they are no snapshot.
struct ZmqCounters {
    PortCounter connections{};  // now; those that still shake hands among them; inproc's are not
    PortCounter accepted{};     // or connected, of a client or a subscriber
    PortCounter peers{};        // of a server, now: those that the runtime knows of
    PortCounter messages_in{};
    PortCounter messages_out{};
    PortCounter bytes_in{};  // of messages, without their envelopes
    PortCounter bytes_out{};
    PortCounter handshake_failures{};  // wrong credentials, another mechanism, no ZeroMQ
    PortCounter turned_away{};         // as hardly any descriptor is left
    PortCounter reconnects{};          // of a subscriber, after silence or a loss
    PortCounter malformed_messages{};  // dropped: their frames are no request's or answer's
    PortCounter refused_messages{};    // over a limit: of peers, or, dropped, of what may wait
    PortCounter dropped_messages{};    // not sent: the peer is gone, or does not read
};

}  // namespace warren::transport
