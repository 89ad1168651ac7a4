#pragma once

#include "core/limits.hpp"
#include "protocol/stream_protocol.hpp"

#include <memory>
#include <string>
#include <vector>

namespace warren::protocol {

/// arrpc: see `arrpc.hpp`. One request at a time, without ids; every one is answered.
/// in   method: what a server's requests call; a client's are sent without it
///      auth_secrets: each of at least one byte; a server takes requests signed under any, a client
///      signs under the first; none: nothing is signed
/// thread with secrets, `encode_call` one at a time
std::unique_ptr<StreamProtocol> make_arrpc_protocol(
    std::string method, const std::vector<std::string>& auth_secrets = {},
    const core::Limits& limits = {});

}  // namespace warren::protocol
