#include "tracing/sampler.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace warren::tracing {
namespace {

TraceId id_ending_with(std::uint64_t number) {
    TraceId id{};
    id.fill(std::byte{0xff});
    for (std::size_t at = id.size(); at > id.size() - sizeof number; --at) {
        id[at - 1] = static_cast<std::byte>(number & 0xff);
        number >>= 8;
    }
    return id;
}

std::string traceparent(std::string_view flags) {
    return "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-" + std::string{flags};
}

TEST(Sampler, DecidesByTheLastBytesOfTheTraceAsOthersDo) {
    // As OpenTelemetry's SDKs for Go and Java: the last 64 bits without the lowest, below the
    // share.
    const Sampler quarter{0.25};
    EXPECT_TRUE(quarter.samples(id_ending_with(0)));
    EXPECT_TRUE(quarter.samples(id_ending_with(0x3fff'ffff'ffff'ffff)));
    EXPECT_FALSE(quarter.samples(id_ending_with(0x4000'0000'0000'0000)));
    EXPECT_FALSE(quarter.samples(id_ending_with(0xffff'ffff'ffff'ffff)));
    EXPECT_TRUE(Sampler{1}.samples(id_ending_with(0xffff'ffff'ffff'ffff)));
    EXPECT_FALSE(Sampler{0}.samples(id_ending_with(0)));
}

TEST(Sampler, LeavesToParentsWhatTheyDecided) {
    for (const double ratio : {0.0, 1.0}) {
        const Sampler sampler{ratio};
        for (const auto& [flags, is_sampled] : {std::pair{"00", false}, {"01", true}}) {
            const auto begun = sampler.begin(traceparent(flags));
            ASSERT_TRUE(begun);
            const auto parent = parse_traceparent(traceparent(flags));
            EXPECT_EQ(begun->context.is_sampled, is_sampled) << ratio;
            EXPECT_EQ(begun->context.trace_id, parent->trace_id);
            EXPECT_EQ(begun->parent, parent->span_id);
            EXPECT_NE(begun->context.span_id, parent->span_id);
        }
    }
}

TEST(Sampler, BeginsATraceWithoutAParent) {
    std::set<TraceId> traces;
    std::set<SpanId> spans;
    for (const std::string_view parent : {"", "nonsense", "00-0-0-01"}) {
        const auto begun = Sampler{1}.begin(parent);
        ASSERT_TRUE(begun);
        EXPECT_FALSE(begun->parent);
        EXPECT_TRUE(begun->context.is_sampled);
        traces.insert(begun->context.trace_id);
        spans.insert(begun->context.span_id);
        const auto child = child_of(begun->context);
        ASSERT_TRUE(child);
        EXPECT_EQ(child->trace_id, begun->context.trace_id);
        spans.insert(child->span_id);
    }
    EXPECT_EQ(traces.size(), 3U);
    EXPECT_EQ(spans.size(), 6U);
}

TEST(Sampler, RecordsItsShare) {
    const Sampler half{0.5};
    int sampled = 0;
    for (int i = 0; i < 10'000; ++i) {
        sampled += half.begin("")->context.is_sampled ? 1 : 0;
    }
    // 10 standard deviations.
    EXPECT_GT(sampled, 4'500);
    EXPECT_LT(sampled, 5'500);
}

}  // namespace
}  // namespace warren::tracing
