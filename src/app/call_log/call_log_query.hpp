#pragma once

#include "app/call_log/call_log_store.hpp"

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

namespace warren::app {

/// What a form asks for.
struct CallLogQuery {
    CallLogFilter filter{};
    std::string since{};  // as they were written
    std::string until{};
    std::size_t page = 1;
};

/// Read what follows "?".
/// err  which part of it is wrong, and how it is written
std::expected<CallLogQuery, std::string> read_call_log_query(std::string_view query);

/// The same as text, for another page.
std::string query_text(const CallLogQuery& query, std::size_t page);

}  // namespace warren::app
