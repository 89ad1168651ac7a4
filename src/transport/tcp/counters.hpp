#pragma once

#include "runtime/single_writer_counter.hpp"

namespace warren::transport {

/// What a port has done, for metrics. Each number is exact; together they are no snapshot.
struct TcpCounters {
    runtime::SingleWriterCounter connections{};  // now; those that still shake hands among them
    runtime::SingleWriterCounter accepted{};     // or connected, of a client
    runtime::SingleWriterCounter refused_over_limit{};  // closed as soon as they came
    runtime::SingleWriterCounter bytes_in{};            // of messages, without TLS
    runtime::SingleWriterCounter bytes_out{};
    runtime::SingleWriterCounter tls_failures{};  // handshakes that failed or took too long
    runtime::SingleWriterCounter
        tls_resumptions{};  // handshakes that a session of before made short
    runtime::SingleWriterCounter
        closed_by_limit{};  // slow, silent, or not reading what they asked for
};

}  // namespace warren::transport
