#include "app/call_log/call_log_query.hpp"

#include "core/percent.hpp"
#include "core/timestamp.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <utility>

namespace warren::app {
namespace {

constexpr std::size_t page_max = 1'000'000;

/// As a form writes it.                                [HTML, application/x-www-form-urlencoded]
std::optional<std::string> form_decode(std::string_view text) {
    std::string spaced{text};
    std::ranges::replace(spaced, '+', ' ');
    return core::percent_decode(spaced);
}

/// A time as a form has it, which may leave out seconds and is in UTC.
std::optional<std::int64_t> read_time(std::string_view text) {
    constexpr std::size_t minutes_end = 16;
    constexpr std::size_t seconds_end = 19;
    std::string whole{text};
    whole += whole.size() == minutes_end ? ":00Z" : whole.size() == seconds_end ? "Z" : "";
    const auto time = core::parse_timestamp(whole);
    if (!time) {
        return std::nullopt;
    }
    return std::chrono::floor<std::chrono::milliseconds>(*time).time_since_epoch().count();
}

std::optional<std::string> take_time(const std::string& name, std::string value, std::string& text,
                                     std::optional<std::int64_t>& time_ms) {
    text = std::move(value);
    if (text.empty()) {
        return std::nullopt;
    }
    time_ms = read_time(text);
    return time_ms ? std::nullopt
                   : std::optional{name + ": write a time of UTC, such as 2026-01-31T23:59"};
}

/// out  what is wrong with it
std::optional<std::string> take_part(CallLogQuery& query, const std::string& name,
                                     std::string value) {
    if (name == "method") {
        query.filter.method = std::move(value);
    } else if (name == "host") {
        query.filter.host = std::move(value);
    } else if (name == "code") {
        query.filter.code = std::move(value);
    } else if (name == "text") {
        query.filter.text = std::move(value);
    } else if (name == "since") {
        return take_time(name, std::move(value), query.since, query.filter.since_ms);
    } else if (name == "until") {
        return take_time(name, std::move(value), query.until, query.filter.until_ms);
    } else if (name == "page") {
        const char* const end = value.data() + value.size();
        const auto [stopped, error] = std::from_chars(value.data(), end, query.page);
        if (error != std::errc{} || stopped != end || query.page == 0 || query.page > page_max) {
            return "page: write a number from 1 on";
        }
    } else {
        return "There is no '" + name + "': there are method, host, code, since, until, text, page";
    }
    return std::nullopt;
}

}  // namespace

std::expected<CallLogQuery, std::string> read_call_log_query(std::string_view query) {
    CallLogQuery read;
    while (!query.empty()) {
        const std::string_view each = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), each.size() + 1));
        const std::size_t equals = std::min(each.find('='), each.size());
        const auto name = form_decode(each.substr(0, equals));
        auto value = form_decode(each.substr(std::min(equals + 1, each.size())));
        if (!name || !value) {
            return std::unexpected{"This is not encoded as a form encodes it"};
        }
        if (name->empty()) {
            continue;
        }
        if (auto wrong = take_part(read, *name, std::move(*value))) {
            return std::unexpected{std::move(*wrong)};
        }
    }
    return read;
}

std::string query_text(const CallLogQuery& query, std::size_t page) {
    std::string text = "page=" + std::to_string(page);
    const auto add = [&text](std::string_view name, const std::string& value) {
        if (!value.empty()) {
            text.append("&").append(name).append("=").append(core::percent_encode(value));
        }
    };
    add("method", query.filter.method);
    add("host", query.filter.host);
    add("code", query.filter.code);
    add("since", query.since);
    add("until", query.until);
    add("text", query.filter.text);
    return text;
}

}  // namespace warren::app
