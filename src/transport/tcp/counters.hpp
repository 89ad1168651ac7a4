#pragma once

#include "transport/port_counter.hpp"

namespace warren::transport {

/// What a port has done, for metrics. Each number is exact; together they are no snapshot.
struct TcpCounters {
    PortCounter connections{};         // now; those that still shake hands among them
    PortCounter accepted{};            // or connected, of a client
    PortCounter refused_over_limit{};  // closed as soon as they came
    PortCounter bytes_in{};            // of messages, without TLS
    PortCounter bytes_out{};
    PortCounter tls_failures{};     // handshakes that failed or took too long
    PortCounter tls_resumptions{};  // handshakes that a session of before made short
    PortCounter closed_by_limit{};  // slow, silent, or not reading what they asked for
};

}  // namespace warren::transport
