#pragma once

#include <warren/options.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace warren {

/// What becomes of the outcome of a call that a server forwards.
enum class ForwardReplies : std::uint8_t {
    carried,  // the caller gets the reply as it is, its message and its data
    dropped,  // the caller gets a plain success, or the failure
};

/// How a server forwards calls.
enum class ForwardCalls : std::uint8_t {
    answered,  // as calls with a response, also those that came one-way
    one_way,   // without a response: the caller's success says that they are on their way
};

/// A buffer on a disk, in front of where calls are forwarded to.
struct BufferOptions {
    /// Made when it is not there; its directory must be. One process has it at a time.
    std::string file;
    // What waits; over one of these callers are refused as `overloaded`.
    std::uint64_t entries_max = 1'000'000;
    std::uint64_t bytes_max = std::uint64_t{1} << 30;
    // What the other side refused for good; over one of these the oldest go.
    std::uint64_t failed_entries_max = 10'000;
    std::uint64_t failed_bytes_max = std::uint64_t{256} << 20;
};

/// Where the calls of a listener are forwarded to, instead of to methods of this server.
struct ForwardOptions {
    /// An address as a client's, of any transport.
    std::string to;
    /// What it is called in metrics and in the log; empty: after both addresses.
    std::string name{};
    ForwardReplies replies = ForwardReplies::carried;
    ForwardCalls calls = ForwardCalls::answered;
    /// Answer calls with success once they are on a disk, and forward them from there: in order,
    /// one at a time, at least once each, however long the other side is away. There are no replies
    /// to carry then. See docs/guide/proxies.md.
    std::optional<BufferOptions> buffer{};
    /// Of the client that forwards them. `timeout` is for calls that come without a deadline.
    /// Secrets pass as they came, so there are no `fernet_keys`.
    ClientOptions client{};
};

}  // namespace warren
