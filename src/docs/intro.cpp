#include "docs/intro.hpp"

#include <warren/error.hpp>

#include "docs/changes.hpp"

#include <array>

namespace warren::docs {
namespace {

using contract::Document;
using contract::ListenerDocument;

struct CodeMeaning {
    Code code;
    Markup meaning;
};

// As docs/guide/calling.md has them.
constexpr std::array meanings{
    CodeMeaning{Code::invalid_request,
                "The request breaks the contract; each field that is wrong is named."},
    CodeMeaning{Code::no_such_method, "The server does not serve the method."},
    CodeMeaning{Code::no_responder, "Nobody consumes there; nothing was sent."},
    CodeMeaning{Code::expired_in_queue, "The time was over before a handler started."},
    CodeMeaning{Code::deadline_exceeded, "The time was over; a handler may have run."},
    CodeMeaning{Code::connection_lost, "The connection broke; a handler may have run."},
    CodeMeaning{Code::broker_blocked, "The broker takes no messages."},
    CodeMeaning{Code::overloaded, "A limit was reached; nothing was done."},
    CodeMeaning{Code::unauthenticated, "Credentials were refused."},
    CodeMeaning{Code::permission_denied, "The server does not allow this caller to do it."},
    CodeMeaning{Code::contract_mismatch, "The two sides were built from different contracts."},
    CodeMeaning{Code::conflict, "The same idempotency key came with another request."},
    CodeMeaning{Code::cancelled, "The caller cancelled."},
    CodeMeaning{Code::outcome_unknown,
                "It was begun once, and how it ended is not known; it is not done again."},
    CodeMeaning{Code::failed, "The handler said so; its message says why."},
    CodeMeaning{Code::reply_over_limit, "The reply is larger than the caller takes."},
    CodeMeaning{Code::internal, "A defect of the server; its log has the details."},
};

Markup again_words(Retry retry) {
    switch (retry) {
    case Retry::safe:
        return "does no harm";
    case Retry::if_idempotent:
        return "if the method is idempotent";
    case Retry::useless:
        return "fails the same way";
    }
    return "";
}

void write_failure_table(Html& html) {
    html.markup(
        "<details class=\"more\" id=\"page:failures\"><summary><h2>What every method may "
        "fail with</h2></summary><div class=\"wide\" tabindex=\"0\" role=\"region\" "
        "aria-label=\"Failures\"><table><thead><tr><th scope=\"col\">Code</th>"
        "<th scope=\"col\">Meaning</th><th scope=\"col\">Calling again</th></tr></thead>"
        "<tbody>");
    for (const CodeMeaning& each : meanings) {
        html.markup("<tr><td><code>")
            .text(name_of(each.code))
            .markup("</code></td><td>")
            .markup(each.meaning)
            .markup("</td><td>")
            .markup(again_words(retry_of(each.code)))
            .markup("</td></tr>");
    }
    html.markup("</tbody></table></div></details>");
}

void write_listener(Html& html, const Document& document, const ListenerDocument& listener) {
    html.markup("<tr><td><code>")
        .text(listener.address)
        .markup("</code></td><td>")
        .text(listener.protocol);
    if (listener.is_mock) {
        html.markup(" <span class=\"badge warn\">mock</span>");
    }
    html.markup("</td><td>");
    if (listener.methods.size() == document.methods.size() && document.methods.size() > 1) {
        html.markup("all");
    } else if (listener.methods.size() == 1) {
        html.markup("<code>").text(listener.methods.front()).markup("</code>");
    } else {
        html.number(listener.methods.size());
    }
    html.markup("</td></tr>");
}

void write_listeners(Html& html, const Document& document) {
    if (document.listeners.empty() && document.proxies.empty()) {
        return;
    }
    html.markup("<h2>Where to call</h2>");
    if (!document.listeners.empty()) {
        html.markup(
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Listeners\">"
            "<table><thead><tr><th scope=\"col\">Address</th><th scope=\"col\">Protocol"
            "</th><th scope=\"col\">Methods</th></tr></thead><tbody>");
        for (const ListenerDocument& listener : document.listeners) {
            write_listener(html, document, listener);
        }
        html.markup("</tbody></table></div>");
    }
    for (const contract::ProxyDocument& proxy : document.proxies) {
        html.markup("<p class=\"listener\">What comes to <code>")
            .text(proxy.from)
            .markup("</code> goes on to");
        for (const std::string& to : proxy.to) {
            html.markup(" <code>").text(to).markup("</code>");
        }
        html.markup("</p>");
    }
}

}  // namespace

void write_intro(Html& html, const Document& document, const PageOptions& options,
                 std::span<const std::string> documents) {
    html.markup("<section class=\"intro\" id=\"page:top\" tabindex=\"-1\"><h1>")
        .text(options.title)
        .markup("</h1><p class=\"lead\">")
        .number(document.methods.size())
        .markup(document.methods.size() == 1 ? Markup{" method"} : Markup{" methods"});
    if (!document.warren_version.empty()) {
        html.markup(", Warren ").text(document.warren_version);
    }
    if (!document.fingerprint.empty()) {
        html.markup(", contract <code")
            .attribute("title", document.fingerprint)
            .markup(">")
            .text(std::string_view{document.fingerprint}.substr(0, 12))
            .markup("</code>");
    }
    html.markup("</p>");
    if (options.changes != nullptr) {
        write_changes_summary(html, *options.changes);
    }
    write_listeners(html, document);
    html.markup("<h2>For programs</h2><ul class=\"links\">");
    for (const std::string& address : documents) {
        html.markup("<li><a")
            .attribute("href", address)
            .markup(">")
            .text(address)
            .markup("</a></li>");
    }
    html.markup("</ul>");
    write_failure_table(html);
    html.markup("</section>");
}

}  // namespace warren::docs
