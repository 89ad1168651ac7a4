#pragma once

#include <warren/arena.hpp>
#include <warren/tracing.hpp>
#include <warren/value.hpp>

#include "format/json/json.hpp"
#include "support/http_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace warren::test {

struct SeenSpan {
    std::string service{};
    std::string name{};
    std::string trace{};
    std::string id{};
    std::string parent{};  // empty: none
    std::int64_t kind = 0;
    std::int64_t began_ns = 0;
    std::int64_t ended_ns = 0;
    std::int64_t status = 0;
    std::string message{};
    std::map<std::string, std::string> attributes{};
};

/// Plays a collector of OpenTelemetry.
class CollectorServer {
public:
    /// in  options: without an endpoint
    std::shared_ptr<Tracer> tracer(const std::string& service, TracerOptions options = {}) {
        options.endpoint = server_.url();
        options.service = service;
        options.sample = options.sample.value_or(1);
        options.batch_delay = std::chrono::hours{1};
        tracers_.push_back(make_tracer(options));
        return tracers_.back();
    }

    /// What all tracers have recorded so far.
    std::vector<SeenSpan> spans() {
        for (const auto& tracer : tracers_) {
            EXPECT_TRUE(tracer->flush(std::chrono::seconds{30}));
        }
        std::vector<SeenSpan> seen;
        for (const std::string& request : server_.wait_for(0)) {
            EXPECT_TRUE(request.starts_with("POST /v1/traces HTTP/1.1\r\n"));
            EXPECT_NE(request.find("\r\nContent-Type: application/json\r\n"), std::string::npos);
            read(std::string_view{request}.substr(request.find("\r\n\r\n") + 4), seen);
        }
        return seen;
    }
    std::vector<std::string> requests() { return server_.wait_for(0); }

private:
    static std::string text(const Value* value) {
        return value != nullptr && value->is_text() ? std::string{value->as_text()} : std::string{};
    }
    static std::int64_t number(const Value* value) {
        return value == nullptr   ? 0
               : value->is_text() ? std::stoll(text(value))
                                  : value->as_int64();
    }
    static std::map<std::string, std::string> attributes(const Value& owner) {
        std::map<std::string, std::string> found;
        for (const Value& each : owner.find("attributes")->as_list()) {
            found[text(each.find("key"))] = text(&each.find("value")->as_map()[0].value);
        }
        return found;
    }
    static void read(std::string_view body, std::vector<SeenSpan>& seen) {
        Arena arena;
        const auto document = format::json_decode(body, arena);
        ASSERT_TRUE(document) << body;
        for (const Value& resource : document->find("resourceSpans")->as_list()) {
            const auto of_service = attributes(*resource.find("resource"));
            for (const Value& scope : resource.find("scopeSpans")->as_list()) {
                for (const Value& span : scope.find("spans")->as_list()) {
                    const Value* const status = span.find("status");
                    seen.push_back(
                        {.service = of_service.at("service.name"),
                         .name = text(span.find("name")),
                         .trace = text(span.find("traceId")),
                         .id = text(span.find("spanId")),
                         .parent = text(span.find("parentSpanId")),
                         .kind = number(span.find("kind")),
                         .began_ns = number(span.find("startTimeUnixNano")),
                         .ended_ns = number(span.find("endTimeUnixNano")),
                         .status = status == nullptr ? 0 : number(status->find("code")),
                         .message = status == nullptr ? "" : text(status->find("message")),
                         .attributes = attributes(span)});
                }
            }
        }
    }

    HttpServer server_{[](const std::string&) { return http_answer("200 OK"); }};
    std::vector<std::shared_ptr<Tracer>> tracers_;
};

}  // namespace warren::test
