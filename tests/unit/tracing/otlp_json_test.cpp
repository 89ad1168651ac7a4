#include "tracing/otlp_json.hpp"

#include <warren/version.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace warren::tracing {
namespace {

Span server_span() {
    const auto parent =
        parse_traceparent("00-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b173-01");
    const auto own = parse_traceparent("00-5b8efff798038103d269b633813fc60c-eee19b7ec3c1b174-01");
    return {.context = *own,
            .parent = parent->span_id,
            .tracestate = "vendor=1",
            .name = "say \"hello\"",
            .kind = SpanKind::server,
            .began_ns = 1'544'712'660'000'000'000,
            .ended_ns = 1'544'712'661'000'000'001,
            .attributes = {{"rpc.method", std::string{"say"}}, {"warren.attempt", std::int64_t{2}}},
            .failure = "it\nfailed"};
}

TEST(OtlpJson, IsWhatTheSpecificationHas) {
    const std::vector<Attribute> resource{{"service.name", std::string{"my.service"}}};
    const std::vector<Span> spans{server_span()};
    EXPECT_EQ(
        otlp_json(resource, spans),
        R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":)"
        R"({"stringValue":"my.service"}}]},"scopeSpans":[{"scope":{"name":"warren","version":")" +
            std::string{WARREN_VERSION} +
            R"("},"spans":[{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",)"
            R"("parentSpanId":"eee19b7ec3c1b173","traceState":"vendor=1","name":"say \"hello\"",)"
            R"("kind":2,"startTimeUnixNano":"1544712660000000000",)"
            R"("endTimeUnixNano":"1544712661000000001","attributes":[{"key":"rpc.method",)"
            R"("value":{"stringValue":"say"}},{"key":"warren.attempt","value":{"intValue":"2"}}],)"
            R"("status":{"code":2,"message":"it\nfailed"}}]}]}]})");
}

TEST(OtlpJson, LeavesOutWhatThereIsNot) {
    Span root = server_span();
    root.parent.reset();
    root.tracestate.clear();
    root.attributes.clear();
    root.failure.reset();
    root.kind = SpanKind::client;
    const std::vector<Span> spans{root, root};
    const std::string one =
        R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174",)"
        R"("name":"say \"hello\"","kind":3,"startTimeUnixNano":"1544712660000000000",)"
        R"("endTimeUnixNano":"1544712661000000001","attributes":[]})";
    EXPECT_TRUE(otlp_json({}, spans).ends_with(R"("spans":[)" + one + ',' + one + "]}]}]}"));
    EXPECT_TRUE(otlp_json({}, {}).ends_with(R"("spans":[]}]}]})"));
}

TEST(OtlpJson, ReadsWhatACollectorRejects) {
    const auto rejected = [](std::string_view body) {
        return read_otlp_response(body).rejected_spans;
    };
    EXPECT_EQ(rejected(R"({"partialSuccess":{"rejectedSpans":"5","errorMessage":"too old"}})"), 5);
    EXPECT_EQ(rejected(R"({"partialSuccess":{"rejectedSpans":5}})"), 5);
    EXPECT_EQ(read_otlp_response(R"({"partialSuccess":{"errorMessage":"slow down"}})").message,
              "slow down");
    for (const std::string_view body :
         {"", "{}", "null", "not JSON", R"({"partialSuccess":null})", R"({"partialSuccess":[1]})",
          R"({"partialSuccess":{"rejectedSpans":"many","errorMessage":7}})"}) {
        EXPECT_EQ(rejected(body), 0) << body;
        EXPECT_EQ(read_otlp_response(body).message, "") << body;
    }
}

}  // namespace
}  // namespace warren::tracing
