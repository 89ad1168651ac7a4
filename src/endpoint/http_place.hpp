#pragma once

#include <warren/error.hpp>

#include "transport/http/http_client.hpp"

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::endpoint {

/// A place over HTTP that takes what this process has to tell.
struct HttpPlace {
    transport::HttpClientOptions client;
    std::string path;
};

struct HttpPlaceOptions {
    std::string address{};    // http:// or https://
    std::string_view peer{};  // what is there, for messages; a literal
    std::vector<std::pair<std::string, std::string>> headers{};
    std::chrono::milliseconds timeout{};
};

/// How to reach it with JSON.
/// err  invalid_request: its address or a header cannot be; shows no header's value
std::expected<HttpPlace, Failure> http_place(const HttpPlaceOptions& options);

}  // namespace warren::endpoint
