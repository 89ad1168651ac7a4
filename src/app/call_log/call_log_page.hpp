#pragma once

#include "app/call_log/call_log_query.hpp"
#include "app/call_log/call_log_store.hpp"

#include <span>
#include <string>

namespace warren::app {

// Pages for people. What a call says is never more than text there.

/// in   has_more: there is another page
std::string call_list_page(const CallLogQuery& query, std::span<const LoggedCall> calls,
                           bool has_more);
std::string call_page(const LoggedCall& call);
std::string call_log_problem_page(const std::string& problem);

}  // namespace warren::app
