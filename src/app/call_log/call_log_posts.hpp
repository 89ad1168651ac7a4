#pragma once

#include "app/call_log/call_log_store.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace warren::app {

// What is posted to a log of calls, as JSON.
// err  what is wrong with which member: the body of an answer with status 422

std::expected<LoggedRequest, std::string> read_logged_request(std::string_view body);
std::expected<LoggedResponse, std::string> read_logged_response(std::string_view body);

}  // namespace warren::app
