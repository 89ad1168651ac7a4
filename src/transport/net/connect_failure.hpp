#pragma once

#include <warren/error.hpp>

#include "runtime/stream_transports.hpp"

namespace warren::transport {

/// Whether an attempt to connect is worth repeating soon.
using RetryClass = runtime::RetryClass;

struct ConnectFailure {
    Failure failure;
    RetryClass retry = RetryClass::passing;
    bool is_exception = false;  // the peer ended the connection over something that we sent
    bool is_in_order = false;   // we asked for it, and the peer agreed
};

}  // namespace warren::transport
