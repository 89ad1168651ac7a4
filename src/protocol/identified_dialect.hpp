#pragma once

#include <memory>

#include "protocol/stream_dialect.hpp"

namespace warren::protocol {

/// The client's side of a dialect over a transport that sends an id apart from the message and puts
/// the same before the answer: four bytes with the call's id, big end first, come before either.
/// in   inner: of messages that are kept apart, with answers in any order
std::unique_ptr<StreamDialect> make_identified_dialect(std::unique_ptr<StreamDialect> inner);

}  // namespace warren::protocol
