#pragma once

#include "contract/document.hpp"
#include "docs/html.hpp"

#include <string>
#include <vector>

namespace warren::docs {

/// A way to call a method, ready to be pasted.
struct CallCommand {
    Markup title;  // the program or language
    std::string text;
};

/// How to call a method of a listener: from the command line, Python where its protocol is one that
/// Python programs speak with nothing but pika, and C++.
/// in   request: what is sent
std::vector<CallCommand> call_commands(const contract::Document& document,
                                       const contract::ListenerDocument& listener,
                                       const contract::MethodDocument& method,
                                       const Dynamic& request);

}  // namespace warren::docs
