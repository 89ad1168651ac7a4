#pragma once

#include <warren/dynamic.hpp>

#include "app/config/config.hpp"
#include "app/contract_source.hpp"
#include "app/prepared_call.hpp"
#include "contract/document.hpp"

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace warren::app {

struct TryCall {
    const contract::Document& document;
    const contract::MethodDocument& method;  // of the document
    const Dynamic& request;                  // secrets in plaintext
    std::chrono::milliseconds timeout;
    std::stop_token stop{};
};

struct TryReply {
    Dynamic response{};
    std::vector<Dynamic> parts{};
    bool has_more_parts = false;  // than are shown: the call was given up
    std::string message{};
};

/// Makes calls that somebody tries, and waits for what comes of each.
/// err  throws Error, as `Client::call`
using TryTarget = std::function<TryReply(const TryCall& call)>;

// More than anybody reads.
inline constexpr std::size_t tried_parts_max = 100;
inline constexpr std::size_t tried_reply_bytes_max = std::size_t{1} << 20;

/// No handler runs: requests are bound by a server of the source's modules, and answers are mock.
/// err  what to tell the user
std::expected<TryTarget, std::string> mock_target(const ContractSource& source);
/// The same by the modules of a configuration that was read, and of the command line.
std::expected<TryTarget, std::string> mock_target(const Config& config,
                                                  const std::vector<std::string>& modules);

/// Calls through a client: to the address that is given, or else where the source's configuration
/// serves the method, with its credentials and keys, or to the server that was asked for the
/// contract.
/// in   given: `to` may be empty; `to_option` names it
/// err  what to tell the user
std::expected<TryTarget, std::string> call_target(const ContractSource& source,
                                                  const CallCommand& given);
/// The same where a configuration that was read serves the method, and nowhere else.
std::expected<TryTarget, std::string> call_target(const Config& config);

}  // namespace warren::app
