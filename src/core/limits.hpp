#pragma once

#include <chrono>
#include <cstddef>

namespace warren::core {

/// Every limit that a configuration may set, by name, with its default. Each is checked before the
/// memory it guards is taken; what is over a limit is refused, never truncated, unless the comment
/// says so.
struct Limits {
    // One message.
    std::size_t body_bytes_max = std::size_t{16} << 20;          // of a request or a reply
    std::size_t nesting_depth_max = 128;                         // lists and maps in one another
    std::size_t value_count_max = std::size_t{1} << 20;          // values in one body, keys apart
    std::size_t header_table_bytes_max = std::size_t{64} << 10;  // one AMQP field table
    std::size_t header_table_depth_max = 16;                     // tables and arrays in one another
    std::size_t method_name_bytes_max = 255;                     // an AMQP short string
    std::size_t correlation_id_bytes_max = 255;                  // an AMQP short string

    // One connection or listener.
    std::size_t in_flight_calls_max = 65'536;     // calls of a client without a response yet
    std::size_t simultaneous_requests_max = 256;  // handlers at once, where none is configured
    std::size_t lock_waiters_max = 65'536;        // requests queued for locks, all keys together
    std::size_t output_buffer_bytes_max = std::size_t{64} << 20;  // waiting for a slow peer

    // What a peer says about itself or about an error: escaped and cut, not refused.
    std::size_t peer_text_bytes_max = 512;
    // What one refused request reports: errors past this are counted, not listed.
    std::size_t field_errors_max = 100;

    std::chrono::milliseconds call_timeout{60'000};   // of a call that names none
    std::chrono::milliseconds drain_timeout{30'000};  // from SIGTERM until the end
};

}  // namespace warren::core
