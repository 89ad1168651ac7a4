#include "app/call_log/call_log_page.hpp"

#include <warren/arena.hpp>
#include <warren/error.hpp>

#include "core/timestamp.hpp"
#include "docs/html.hpp"
#include "format/json/json.hpp"
#include "metrics/call_series.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>

namespace warren::app {
namespace {

using docs::Html;

constexpr docs::Markup head_start =
    "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\"><title>";
constexpr docs::Markup head_end =
    "</title><style>body{font:1rem/1.5 system-ui,sans-serif;margin:1rem 2rem;color:#222;"
    "background:#fff}a{color:#0645ad}table{border-collapse:collapse;margin:1rem 0}"
    "th,td{border:1px solid #bbb;padding:.25rem .6rem;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere}th{background:#eee}pre{white-space:pre-wrap;overflow-wrap:anywhere;"
    "background:#f4f4f4;padding:.6rem;border:1px solid #ccc}form{display:flex;flex-wrap:wrap;"
    "gap:.6rem;align-items:end}label{display:flex;flex-direction:column}"
    "input,select,button{font:inherit;color:inherit;background:inherit;border:1px solid #767676;"
    "padding:.2rem .4rem}.failed{color:#a00000}nav{display:flex;gap:1rem}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#8ab4f8}"
    "th{background:#333}th,td{border-color:#555}pre{background:#242424;border-color:#555}"
    "input{color-scheme:dark}.failed{color:#ff9d9d}}</style></head><body><main><h1>";
constexpr docs::Markup page_end = "</main></body></html>\n";

Html log_page(std::string_view title) {
    Html html;
    html.markup(head_start).text(title).markup(head_end).text(title).markup("</h1>");
    return html;
}

std::string call_time(std::int64_t unix_ms) {
    const Timestamp time{std::chrono::milliseconds{unix_ms}};
    return core::in_range(time) ? core::to_string(time) : std::to_string(unix_ms);
}

std::string call_code(const LoggedCall& call) {
    return call.response ? call.response->code : std::string{unanswered_code};
}

std::string call_took(const LoggedCall& call) {
    return call.response ? fmt::format("{} ms", call.answered_ms - call.came_ms) : std::string{};
}

void add_code(Html& html, const LoggedCall& call) {
    const std::string code = call_code(call);
    html.markup("<span").attribute("class", code == "ok" ? "ok" : "failed").markup(">");
    html.text(code).markup("</span>");
}

void add_field(Html& html, docs::Markup type, std::string_view name, docs::Markup shown,
               const std::string& value) {
    html.markup("<label>").markup(shown).markup("<input type=\"").markup(type).markup("\"");
    html.attribute("name", name).attribute("value", value).markup("></label>");
}

void add_codes(Html& html, const std::string& chosen) {
    html.markup("<label>Code<select name=\"code\">");
    bool is_listed = chosen.empty();
    const auto add = [&](std::string_view code, std::string_view shown) {
        html.markup("<option").attribute("value", code);
        if (code == chosen) {
            html.markup(" selected");
            is_listed = true;
        }
        html.markup(">").text(shown).markup("</option>");
    };
    add("", "any");
    add("ok", "ok");
    add(unanswered_code, unanswered_code);
    for (std::size_t code = 0; code != metrics::code_count; ++code) {
        const std::string_view name = name_of(static_cast<Code>(code));
        add(name, name);
    }
    if (!is_listed) {
        add(chosen, chosen);
    }
    html.markup("</select></label>");
}

void add_form(Html& html, const CallLogQuery& query) {
    html.markup("<form method=\"get\" action=\"/rpc-requests\">");
    add_field(html, "text", "method", "Method", query.filter.method);
    add_field(html, "text", "host", "Host", query.filter.host);
    add_codes(html, query.filter.code);
    add_field(html, "datetime-local", "since", "Since (UTC)", query.since);
    add_field(html, "datetime-local", "until", "Until (UTC)", query.until);
    add_field(html, "search", "text", "Text", query.filter.text);
    html.markup("<button type=\"submit\">Show</button><a href=\"/rpc-requests\">All</a></form>");
}

void add_call_row(Html& html, const LoggedCall& call) {
    const LoggedRequest& request = call.request;
    html.markup("<tr><td>").text(call_time(call.came_ms)).markup("</td><td>");
    html.text(request.method).markup("</td><td>");
    add_code(html, call);
    html.markup("</td><td>").text(call_took(call)).markup("</td><td>");
    html.text(request.host).markup("</td><td>").text(request.virtual_host).markup("</td><td><a");
    html.attribute("href", "/rpc-requests/" + request.correlation_id).markup(">");
    html.text(request.correlation_id).markup("</a></td></tr>");
}

void add_page_link(Html& html, docs::Markup shown, const CallLogQuery& query, std::size_t page) {
    html.markup("<a").attribute("href", "/rpc-requests?" + query_text(query, page)).markup(">");
    html.markup(shown).markup("</a>");
}

/// For people; what is no JSON, as it is.
std::string pretty_payload(const std::string& json) {
    constexpr std::size_t shown_depth_max = 300;
    Arena arena;
    std::string text;
    const auto value = format::json_decode(json, arena, {.depth_max = shown_depth_max});
    return value && format::json_encode_pretty(*value, text, {.depth_max = shown_depth_max}) ? text
                                                                                             : json;
}

void add_fact(Html& html, docs::Markup name, std::string_view value) {
    html.markup("<tr><th scope=\"row\">").markup(name).markup("</th><td>");
    html.text(value).markup("</td></tr>");
}

}  // namespace

std::string call_list_page(const CallLogQuery& query, std::span<const LoggedCall> calls,
                           bool has_more) {
    Html html = log_page("Calls");
    add_form(html, query);
    if (calls.empty()) {
        html.markup("<p>There are none.</p>");
    } else {
        html.markup(
            "<table><thead><tr><th scope=\"col\">Time (UTC)</th><th scope=\"col\">Method</th>"
            "<th scope=\"col\">Code</th><th scope=\"col\">Took</th><th scope=\"col\">Host</th>"
            "<th scope=\"col\">Virtual host</th><th scope=\"col\">Correlation id</th></tr>"
            "</thead><tbody>");
        for (const LoggedCall& call : calls) {
            add_call_row(html, call);
        }
        html.markup("</tbody></table>");
    }
    html.markup("<nav aria-label=\"Pages\">");
    if (query.page > 1) {
        add_page_link(html, "Later", query, query.page - 1);
    }
    if (has_more) {
        add_page_link(html, "Earlier", query, query.page + 1);
    }
    html.markup("</nav>").markup(page_end);
    return std::move(html).str();
}

std::string call_page(const LoggedCall& call) {
    const LoggedRequest& request = call.request;
    Html html = log_page("Call of " + request.method);
    html.markup("<table><tbody>");
    add_fact(html, "Correlation id", request.correlation_id);
    add_fact(html, "Time (UTC)", call_time(call.came_ms));
    add_fact(html, "Code", call_code(call));
    add_fact(html, "Took", call_took(call));
    add_fact(html, "Host", request.host);
    add_fact(html, "Virtual host", request.virtual_host);
    add_fact(html, "Queue", request.queue);
    add_fact(html, "User", request.user);
    html.markup("</tbody></table><h2>Request</h2><pre id=\"request\">");
    html.text(pretty_payload(request.payload)).markup("</pre>");
    if (call.response) {
        html.markup("<h2>Response</h2><pre id=\"response\">");
        html.text(pretty_payload(call.response->payload)).markup("</pre>");
        if (call.response->traceback) {
            html.markup("<h2>Traceback</h2><pre id=\"traceback\">");
            html.text(*call.response->traceback).markup("</pre>");
        }
    } else {
        html.markup("<p>There is no response yet.</p>");
    }
    html.markup("<p><a href=\"/rpc-requests\">All calls</a></p>").markup(page_end);
    return std::move(html).str();
}

std::string call_log_problem_page(const std::string& problem) {
    Html html = log_page("Calls");
    html.markup("<p>").text(problem).markup("</p><p><a href=\"/rpc-requests\">All calls</a></p>");
    return std::move(html.markup(page_end)).str();
}

}  // namespace warren::app
