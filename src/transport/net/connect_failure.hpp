#pragma once

#include <warren/error.hpp>

#include "runtime/stream_ports.hpp"

namespace warren::transport {

/// Whether an attempt to connect is worth repeating soon.
using Refusal = runtime::ConnectRefusal;

struct ConnectFailure {
    Failure failure;
    Refusal refusal = Refusal::passing;
    bool is_exception = false;  // the peer ended the connection over something that we sent
    bool is_in_order = false;   // we asked for it, and the peer agreed
};

}  // namespace warren::transport
