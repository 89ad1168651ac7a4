#pragma once

#include "contract/document.hpp"
#include "docs/cpp_names.hpp"
#include "docs/html.hpp"
#include "docs/pasted_request.hpp"

#include <string>
#include <vector>

namespace warren::docs {

/// A way to call a method, ready to be pasted.
struct CallCommand {
    Markup title;  // the program or language
    std::string text;
};

/// How to call a method of a listener: from the command line, Python where its protocol is one that
/// Python programs speak with nothing but pika, and C++. None where only its own process can.
/// in   names: of the document; request: what is sent
std::vector<CallCommand> call_commands(const contract::Document& document, const CppNames& names,
                                       const contract::ListenerDocument& listener,
                                       const contract::MethodDocument& method,
                                       const Dynamic& request);

/// What stands for something else in these commands, and what they cannot do.
/// in   secrets: those in the request
void write_call_notes(Html& html, const contract::Document& document,
                      const contract::ListenerDocument& listener,
                      const contract::MethodDocument& method,
                      const std::vector<SecretPlaceholder>& secrets);

}  // namespace warren::docs
