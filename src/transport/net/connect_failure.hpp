#pragma once

#include <warren/error.hpp>

#include "runtime/stream_ports.hpp"

namespace warren::transport {

/// Whether an attempt to connect is worth repeating soon.
using Refusal = runtime::ConnectRefusal;

struct ConnectFailure {
    Failure failure;
    Refusal refusal = Refusal::passing;
};

}  // namespace warren::transport
