#pragma once

#include <warren/options.hpp>

#include "app/output.hpp"

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace warren::app {

inline constexpr const char* call_timeout_default = "60s";

/// What was given on the command line.
struct CallCommand {
    std::string method;
    std::string arguments;
    std::string named;
    std::string to;
    std::string profile;             // instead of it
    std::string to_option = "--to";  // which option that is
    std::string timeout;             // empty: the profile's, or `call_timeout_default`
    std::vector<std::string> fernet_keys;
    std::vector<std::string> auth_secrets;
    std::string ca;
    std::string compress;
    std::string idempotency_key;
    std::string traceparent;
    std::string tracestate;
    std::string baggage;
    std::string contract;
    std::optional<unsigned> priority;
    bool insecure = false;
    bool one_way = false;
    bool wait = false;
    bool verbose = false;
    bool idempotent = false;
    OutputOptions output;
};

/// What a call is made with, once all that was given is read and checked.
struct PreparedCall {
    std::string address{};
    std::string arguments{};  // JSON
    std::string named{};      // JSON
    ClientOptions options{};
    bool has_parts = false;  // a server there may send them
};

/// Read the files that were named, and hold it all against each other. Sends nothing, and does not
/// know what comes back.
/// err  what to tell the user
std::expected<PreparedCall, std::string> prepare_call(const CallCommand& command);

}  // namespace warren::app
