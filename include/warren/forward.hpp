#pragma once

#include <warren/options.hpp>

#include <cstdint>
#include <string>

namespace warren {

/// What becomes of the outcome of a call that a server forwards.
enum class ForwardReplies : std::uint8_t {
    carried,  // the caller gets the reply as it is, its message and its data
    dropped,  // the caller gets a plain success, or the failure
};

/// How a server takes calls on.
enum class ForwardCalls : std::uint8_t {
    answered,  // as calls with an answer, also those that came one-way
    one_way,   // without an answer: the caller's success says that they are on their way
};

/// Where the calls of a listener go on to, instead of to methods of this server.
struct ForwardOptions {
    /// An address as a client's, of any transport.
    std::string to;
    /// What it is called in metrics and in the log; empty: after both addresses.
    std::string name{};
    ForwardReplies replies = ForwardReplies::carried;
    ForwardCalls calls = ForwardCalls::answered;
    /// Of the client that takes them on. `timeout` is for calls that come without a deadline.
    /// Secrets pass as they came, so there are no `fernet_keys`.
    ClientOptions client{};
};

}  // namespace warren
