#pragma once

#include <warren/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

// What calls over a stream of bytes fail with, beside what all clients' calls do.
namespace warren::runtime {

/// What a call was waiting for when its deadline passed.
struct StreamWait {
    std::string_view where;            // the address, or all of them where none is chosen
    bool is_sent = false;              // a response is awaited
    bool is_connected = false;         // there is a connection
    bool is_busy = false;              // though none was free
    const Failure* attempt = nullptr;  // what became of the attempt before
    const Failure* connect = nullptr;  // why the last attempt to connect failed
    std::string_view progress{};       // what the one under way waits for
    std::string_view unread{};         // why nothing that came was taken for an answer
};

[[gnu::cold]] Failure stream_deadline_failure(const StreamWait& wait,
                                              std::chrono::milliseconds timeout);
/// The peer of a request that was sent cannot be understood.
[[gnu::cold]] Failure stream_broken_failure(std::string_view where, const Failure& why);
/// The connection of a request that was sent is gone, and nothing was ever answered on it. Of a
/// server that refuses us it is known that it took nothing, though TLS 1.3 tells only after the
/// first request has left.
[[gnu::cold]] Failure unanswered_failure(std::string_view where, const Failure& why);
/// A one-way call is not sent, because a server does not read what was sent to it before.
[[gnu::cold]] Failure unread_failure(std::string_view where, std::size_t bytes_max);

}  // namespace warren::runtime
