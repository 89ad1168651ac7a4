#include "docs/commands.hpp"

#include "docs/caller.hpp"
#include "docs/cpp_call.hpp"
#include "docs/python_call.hpp"
#include "docs/quoting.hpp"

#include <fmt/format.h>

#include <string_view>

namespace warren::docs {
namespace {

using contract::CallerNeed;
using contract::Document;
using contract::ListenerDocument;
using contract::MethodDocument;

constexpr std::size_t command_columns_max = 72;

std::string warren_call(const Document& document, const ListenerDocument& listener,
                        const MethodDocument& method, const Dynamic& request) {
    std::string to = "--to " + shell_word(caller_address(listener));
    if (is_one_way(listener)) {
        to = "--one-way " + to;
    }
    if (encrypted_secrets(document, listener, method) != Secrets::none) {
        to += fmt::format(" --fernet-key @{}", fernet_key_file);
    }
    if (has_need(listener, CallerNeed::auth_secret)) {
        to += fmt::format(" --auth-secret @{}", auth_secret_file);
    }
    const std::string name = shell_word(method.name);
    const std::string arguments = shell_word(json_line(request.value()));
    // What begins like an option is none behind two dashes.
    const std::string first =
        method.name.starts_with('-') ? "warren call " + to : "warren call " + name;
    const std::string rest =
        method.name.starts_with('-') ? "-- " + name + ' ' + arguments : arguments + ' ' + to;
    if (first.size() + rest.size() < command_columns_max) {
        return first + ' ' + rest;
    }
    constexpr std::string_view next_line = " \\\n    ";
    return method.name.starts_with('-')
               ? fmt::format("{}{}{}", first, next_line, rest)
               : fmt::format("{}{}{}{}{}", first, next_line, arguments, next_line, to);
}

void write_secret(Html& html, const SecretPlaceholder& secret) {
    html.markup("<li><code>")
        .text(secret.is_text ? secret.name : '"' + secret.name + '"')
        .markup("</code>: ");
    if (secret.field.empty()) {
        html.markup("a secret");
    } else {
        html.markup("the value of <code>").text(secret.field).markup("</code>, a secret");
    }
    if (!secret.is_text) {
        html.markup(", which has no quotes");
    }
    html.markup("</li>");
}

void write_placeholders(Html& html, const std::vector<Placeholder>& placeholders,
                        const std::vector<SecretPlaceholder>& secrets) {
    if (placeholders.empty() && secrets.empty()) {
        return;
    }
    html.markup("<p class=\"note\">Put in:</p><ul class=\"placeholders\">");
    for (const Placeholder& placeholder : placeholders) {
        html.markup("<li><code>")
            .text(placeholder.text)
            .markup("</code>: ")
            .markup(placeholder.meaning)
            .markup("</li>");
    }
    for (const SecretPlaceholder& secret : secrets) {
        write_secret(html, secret);
    }
    html.markup("</ul>");
}

}  // namespace

std::vector<CallCommand> call_commands(const Document& document, const CppNames& names,
                                       const ListenerDocument& listener,
                                       const MethodDocument& method, const Dynamic& request) {
    std::vector<CallCommand> commands;
    if (is_within_process(listener)) {
        return commands;
    }
    if (encrypted_secrets(document, listener, method) != Secrets::by_type) {
        commands.push_back({"Command line", warren_call(document, listener, method, request)});
    }
    if (auto python = python_call(document, listener, method, request)) {
        commands.push_back({"Python", std::move(*python)});
    }
    commands.push_back({"C++", cpp_call(document, names, listener, method, request)});
    return commands;
}

void write_call_notes(Html& html, const Document& document, const ListenerDocument& listener,
                      const MethodDocument& method, const std::vector<SecretPlaceholder>& secrets) {
    if (is_within_process(listener)) {
        html.markup(
                "<p class=\"note\">Only programs in the server's process can call it, with the "
                "client <code>")
            .text(fmt::format("warren::Client client{{{}}}", cpp_quoted(listener.address)))
            .markup("</code>.</p>");
        return;
    }
    const Secrets encrypted = encrypted_secrets(document, listener, method);
    write_placeholders(html, placeholders_of(listener, encrypted != Secrets::none), secrets);
    if (encrypted == Secrets::by_type) {
        html.markup(
            "<p class=\"note\">The command line, which knows secrets by the names of their fields, "
            "cannot encrypt those of this method.</p>");
    }
}

}  // namespace warren::docs
