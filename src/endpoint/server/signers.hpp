#pragma once

#include <warren/error.hpp>
#include <warren/listener.hpp>

#include "endpoint/protocols/descriptor.hpp"
#include "runtime/server/stream_server.hpp"

#include <expected>
#include <vector>

// Who calls, where requests are signed.
namespace warren::endpoint {

/// Whether the names of a listener's secrets can be.
/// err  invalid_request
std::expected<void, Failure> check_signers(const ListenerOptions& options);

/// Who has each of its secrets.
std::vector<runtime::Signer> signers_of(const ListenerOptions& options,
                                        const ProtocolDescriptor& protocol);

}  // namespace warren::endpoint
