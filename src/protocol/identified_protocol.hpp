#pragma once

#include "protocol/stream_protocol.hpp"

#include <memory>

namespace warren::protocol {

/// The client's side of a protocol over a transport that sends an id apart from the message and
/// puts the same before the response: four bytes with the call's id, big end first, come before
/// either.
/// in   inner: of messages that are kept apart, with answers in any order
std::unique_ptr<StreamProtocol> make_identified_protocol(std::unique_ptr<StreamProtocol> inner);

}  // namespace warren::protocol
