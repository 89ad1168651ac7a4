#pragma once

#include "runtime/single_writer_counter.hpp"

namespace warren::transport {

/// What a port has done, for metrics. Each number is exact; together they are no snapshot.
struct ZmqCounters {
    runtime::SingleWriterCounter
        connections{};  // now; those that still shake hands among them; inproc's are not
    runtime::SingleWriterCounter accepted{};  // or connected, of a client or a subscriber
    runtime::SingleWriterCounter peers{};     // of a server, now: those that the runtime knows of
    runtime::SingleWriterCounter messages_in{};
    runtime::SingleWriterCounter messages_out{};
    runtime::SingleWriterCounter bytes_in{};  // of messages, without their envelopes
    runtime::SingleWriterCounter bytes_out{};
    runtime::SingleWriterCounter
        handshake_failures{};                    // wrong credentials, another mechanism, no ZeroMQ
    runtime::SingleWriterCounter turned_away{};  // as hardly any descriptor is left
    runtime::SingleWriterCounter reconnects{};   // of a subscriber, after silence or a loss
    runtime::SingleWriterCounter
        malformed_messages{};  // dropped: their frames are no request's or response's
    runtime::SingleWriterCounter
        refused_messages{};  // over a limit: of peers, or, dropped, of what may wait
    runtime::SingleWriterCounter
        dropped_messages{};  // not sent: the peer is gone, or does not read
};

}  // namespace warren::transport
