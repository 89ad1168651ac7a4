#include "endpoint/server/server_status.hpp"

#include <warren/module.hpp>
#include <warren/version.hpp>

#include "docs/html.hpp"
#include "endpoint/server/server_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace warren::endpoint {
namespace {

template <typename Items, typename ToData>
Dynamic list_of(const Items& items, const ToData& to_data) {
    Dynamic list = Dynamic::list({});
    for (const auto& item : items) {
        list.push_back(to_data(item));
    }
    return list;
}

Dynamic texts(const std::vector<std::string>& items) {
    return list_of(items, [](const std::string& text) { return Dynamic{text}; });
}

Dynamic method_data(const contract::MethodDocument& method) {
    return Dynamic::map({{"name", method.name},
                         {"module", method.module},
                         {"since", method.since},
                         {"fingerprint", method.fingerprint}});
}

Dynamic listener_data(const contract::ListenerDocument& listener) {
    return Dynamic::map({{"address", listener.address},
                         {"protocol", listener.protocol},
                         {"methods", texts(listener.methods)}});
}

Dynamic series_data(const metrics::CallSeries& series) {
    Dynamic failures = Dynamic::map({});
    std::uint64_t calls = series.successes();
    for (std::size_t code = 0; code < metrics::code_count; ++code) {
        if (const std::uint64_t count = series.failures(static_cast<Code>(code)); count != 0) {
            failures.insert_or_assign(name_of(static_cast<Code>(code)), count);
            calls += count;
        }
    }
    Dynamic buckets = Dynamic::list({});
    for (std::size_t bucket = 0; bucket <= metrics::DurationHistogram::bounds.size(); ++bucket) {
        buckets.push_back(series.durations().in_bucket(bucket));
    }
    return Dynamic::map({{"method", series.method()},
                         {"transport", series.route().transport},
                         {"protocol", series.route().protocol},
                         {"calls", calls},
                         {"failures", failures},
                         {"request_bytes", series.request_bytes()},
                         {"seconds", series.durations().sum_seconds()},
                         {"buckets", buckets}});
}

Dynamic counted(const std::optional<std::uint64_t>& count) {
    return count ? Dynamic{*count} : Dynamic{};
}

Dynamic route_data(const metrics::ListenerFigures& figures) {
    return Dynamic::map({{"transport", figures.route.transport},
                         {"protocol", figures.route.protocol},
                         {"connections", counted(figures.connections)},
                         {"bytes_received", counted(figures.bytes_received)},
                         {"bytes_sent", counted(figures.bytes_sent)},
                         {"reconnects", counted(figures.reconnects)}});
}

Dynamic buffer_data(const metrics::BufferFigures& buffer) {
    return Dynamic::map({{"proxy", buffer.proxy},
                         {"entries", buffer.entries},
                         {"bytes", buffer.bytes},
                         {"oldest_age_s", static_cast<double>(buffer.oldest_age.count()) / 1e3},
                         {"failed_entries", buffer.failed_entries}});
}

Dynamic store_data(const std::optional<metrics::StoreFigures>& store) {
    if (!store) {
        return {};
    }
    return Dynamic::map({{"failing", store->is_failing},
                         {"claims", store->claims},
                         {"replayed", store->replayed},
                         {"locks_held", store->locks_held},
                         {"lock_waiters", store->lock_waiters}});
}

Dynamic bounds_data() {
    return list_of(metrics::DurationHistogram::bounds, [](std::chrono::nanoseconds bound) {
        return Dynamic{std::chrono::duration<double>{bound}.count()};
    });
}

/// For people.
std::string shown(const Value& value) {
    std::string text;
    const auto add = [&text](const std::string& next) {
        text += (text.empty() ? "" : ", ") + next;
    };
    switch (value.kind()) {
    case Value::Kind::text:
        return std::string{value.as_text()};
    case Value::Kind::list:
        std::ranges::for_each(value.as_list(), [&](const Value& item) { add(shown(item)); });
        return text;
    case Value::Kind::map:
        std::ranges::for_each(value.as_map(), [&](const Member& member) {
            add(shown(member.key) + ": " + shown(member.value));
        });
        return text;
    default:
        return Dynamic{value}.to_json();
    }
}

/// A table of some members of each item.
void add_table(docs::Html& html, const Value& items, std::span<const std::string_view> members) {
    html.markup("<table><thead><tr>");
    for (const std::string_view member : members) {
        html.markup("<th>").text(member).markup("</th>");
    }
    html.markup("</tr></thead><tbody>");
    for (const Value& item : items.as_list()) {
        html.markup("<tr>");
        for (const std::string_view member : members) {
            const Value* const value = item.find(member);
            html.markup("<td>").text(value != nullptr ? shown(*value) : "").markup("</td>");
        }
        html.markup("</tr>");
    }
    html.markup("</tbody></table>");
}

}  // namespace

Dynamic status_data(const ServerState& state) {
    const metrics::ServerFigures& figures = state.figures;
    return Dynamic::map({{"server", name_of_this_server()},
                         {"version", WARREN_VERSION},
                         {"module_abi", abi::version},
                         {"uptime_s", state.uptime_s},
                         {"ready", state.not_ready.empty()},
                         {"not_ready", texts(state.not_ready)},
                         {"in_flight", figures.in_flight},
                         {"queued", figures.worker_queue_depth},
                         {"lock_waiters", figures.lock_waiters},
                         {"store", store_data(figures.store)},
                         {"serving", texts(state.displays)},
                         {"listeners", list_of(state.listeners, listener_data)},
                         {"routes", list_of(figures.listeners, route_data)},
                         {"buffers", list_of(figures.buffers, buffer_data)},
                         {"methods", list_of(state.methods.methods, method_data)},
                         {"bucket_bounds_s", bounds_data()},
                         {"series", list_of(state.series.all(), series_data)}});
}

std::string status_page(const Dynamic& status) {
    docs::Html html;
    html.markup(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">"
            "<meta name=\"viewport\" content=\"width=device-width\"><title>")
        .text(shown(status["server"]))
        .markup(
            "</title><style>body{font:1rem/1.5 system-ui,sans-serif;margin:2rem;"
            "color:#222;background:#fff}table{border-collapse:collapse;margin:.5rem 0 2rem}"
            "th,td{border:1px solid #bbb;padding:.25rem .6rem;text-align:left;"
            "overflow-wrap:anywhere}th{background:#eee}"
            "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}"
            "th{background:#333}th,td{border-color:#555}}</style></head><body><h1>")
        .text(shown(status["server"]))
        .markup("</h1><p>")
        .text(fmt::format(
            "Warren {}, {}, up {:.0f} s. In flight {}, queued {}, waiting for locks {}.",
            shown(status["version"]), status["ready"].as_boolean() ? "ready" : "NOT READY",
            status["uptime_s"].as_float64(), shown(status["in_flight"]), shown(status["queued"]),
            shown(status["lock_waiters"])))
        .markup("</p>");
    for (const Value& reason : status["not_ready"].as_list()) {
        html.markup("<p><strong>").text(shown(reason)).markup("</strong></p>");
    }
    constexpr std::array<std::string_view, 3> listeners{"address", "protocol", "methods"};
    constexpr std::array<std::string_view, 6> series{"method", "transport", "protocol",
                                                     "calls",  "failures",  "seconds"};
    constexpr std::array<std::string_view, 4> methods{"name", "module", "since", "fingerprint"};
    html.markup("<h2>Listeners</h2>");
    add_table(html, status["listeners"], listeners);
    html.markup("<h2>Calls</h2>");
    add_table(html, status["series"], series);
    html.markup("<h2>Methods</h2>");
    add_table(html, status["methods"], methods);
    html.markup(
        "<p>The same for programs: <a href=\"/status.json\">/status.json</a>; "
        "<a href=\"/metrics\">/metrics</a></p></body></html>\n");
    return html.str();
}

}  // namespace warren::endpoint
