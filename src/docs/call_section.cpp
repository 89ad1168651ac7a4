#include "docs/call_section.hpp"

#include "docs/commands.hpp"
#include "docs/pasted_request.hpp"

#include <algorithm>
#include <vector>

namespace warren::docs {
namespace {

using contract::ListenerDocument;

// Commands are told for so many; the rest is named.
constexpr std::size_t listeners_with_commands_max = 4;

std::vector<const ListenerDocument*> listeners_of(const contract::Document& document,
                                                  const contract::MethodDocument& method) {
    std::vector<const ListenerDocument*> found;
    for (const ListenerDocument& listener : document.listeners) {
        if (std::ranges::binary_search(listener.methods, method.name)) {
            found.push_back(&listener);
        }
    }
    return found;
}

void write_commands(Html& html, const std::vector<CallCommand>& commands) {
    bool is_first = true;
    for (const CallCommand& command : commands) {
        html.markup(is_first ? Markup{"<details class=\"command\" open>"}
                             : Markup{"<details class=\"command\">"})
            .markup("<summary>")
            .markup(command.title)
            .markup("</summary><div class=\"copied\"><pre tabindex=\"0\"><code>")
            .text(command.text)
            .markup(
                "</code></pre><button type=\"button\" class=\"copy\" hidden>Copy</button>"
                "</div></details>");
        is_first = false;
    }
}

void write_address(Html& html, const ListenerDocument& listener) {
    html.markup("<code>")
        .text(listener.address)
        .markup("</code> <span class=\"badge\">")
        .text(listener.protocol);
    html.markup("</span>");
    if (listener.is_mock) {
        html.markup(" <span class=\"badge warn\">mock: no handler runs</span>");
    }
}

}  // namespace

void write_calls(Html& html, const contract::Document& document, const CppNames& names,
                 const contract::MethodDocument& method, const std::string& anchor) {
    html.markup("<h3").attribute("id", anchor).markup(" tabindex=\"-1\">Call it</h3>");
    const PastedRequest request = pasted_request(document, method);
    const auto listeners = listeners_of(document, method);
    if (listeners.empty() && !document.listeners.empty()) {
        html.markup("<p class=\"note\">No listener serves it.</p>");
        return;
    }
    if (listeners.empty()) {
        const ListenerDocument imagined{.address = "tcp://localhost:8080",
                                        .protocol = {},
                                        .needs = {contract::CallerNeed::fernet_key}};
        html.markup("<p class=\"note\">Where it is served is not known here. At <code>")
            .text(imagined.address)
            .markup("</code>, for instance:</p>");
        write_commands(html, call_commands(document, names, imagined, method, request.request));
        write_call_notes(html, document, imagined, method, request.secrets);
        return;
    }
    for (std::size_t at = 0; at < listeners.size(); ++at) {
        if (at == listeners_with_commands_max) {
            html.markup("<p class=\"note\">Also at:</p>");
        }
        html.markup("<p class=\"listener\">");
        write_address(html, *listeners[at]);
        html.markup("</p>");
        if (at < listeners_with_commands_max) {
            write_commands(html,
                           call_commands(document, names, *listeners[at], method, request.request));
            write_call_notes(html, document, *listeners[at], method, request.secrets);
        }
    }
}

}  // namespace warren::docs
