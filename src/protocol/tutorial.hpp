#pragma once

#include "core/limits.hpp"
#include "protocol/message_protocol.hpp"

#include <memory>
#include <string>

namespace warren::protocol {

/// One method behind one plain queue on the default exchange; the body is its argument and the
/// reply's body its result, each a bare JSON value or text.
///
/// Without a content type, as the tutorial's programs send, a body is JSON when it reads as JSON
/// and text when it does not. "application/json" and its like are JSON only and "text/..." is text
/// only; Warren's own messages say which. A failure is the JSON object {"error": {"code",
/// "message", ...}}, marked by the headers of `reply_headers.hpp`.
/// in   the method that a server answers with; a client's may be empty
std::unique_ptr<MessageProtocol> make_tutorial_protocol(std::string method,
                                                        const core::Limits& limits = {});

}  // namespace warren::protocol
