#include "endpoint/tracing/span_exporter.hpp"

#include "transport/memory/virtual_executor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace warren::endpoint {
namespace {

using namespace std::chrono_literals;

class KeptLines final : public Log {
public:
    void write(LogLevel, std::string_view line) override { lines.emplace_back(line); }
    std::vector<std::string> lines;
};

/// An exporter whose collector is the test.
class Exporting {
public:
    explicit Exporting(SpanExporterOptions options = {})
        : exporter{executor, log, post(), options} {}

    void add(std::size_t count) {
        std::vector<tracing::Span> spans(count);
        exporter.add(spans);
        executor.run_until_idle();
    }
    void answer(unsigned status, std::string body = "",
                std::optional<std::chrono::seconds> retry_after = std::nullopt) {
        end({{.status = status, .retry_after = retry_after, .body = std::move(body)}});
    }
    void lose(const std::string& message) {
        end(std::unexpected{Failure{.code = Code::connection_lost, .message = message}});
    }
    /// How many spans the requests so far had.
    std::vector<std::size_t> posted() const {
        std::vector<std::size_t> counts;
        for (const std::string& body : bodies) {
            std::size_t count = 0;
            for (std::size_t at = 0; (at = body.find("\"spanId\"", at)) != std::string::npos;
                 ++at) {
                ++count;
            }
            counts.push_back(count);
        }
        return counts;
    }

    transport::VirtualExecutor executor;
    KeptLines log;
    std::vector<std::string> bodies;
    SpanExporter exporter;

private:
    SpanExporter::Post post() {
        return [this](const std::string& body, SpanExporter::Done done) {
            EXPECT_EQ(done_, nullptr) << "one at a time";
            bodies.push_back(body);
            done_ = std::move(done);
        };
    }
    void end(std::expected<transport::HttpResponse, Failure> outcome) {
        ASSERT_NE(done_, nullptr);
        std::exchange(done_, nullptr)(std::move(outcome));
        executor.run_until_idle();
    }

    SpanExporter::Done done_;
};

using Counts = std::vector<std::size_t>;

TEST(SpanExporter, SendsWhatCameWithinADelay) {
    Exporting exporting;
    exporting.add(2);
    exporting.executor.advance(3s);
    exporting.add(1);
    exporting.executor.advance(1'999ms);
    EXPECT_TRUE(exporting.bodies.empty());
    exporting.executor.advance(1ms);
    EXPECT_EQ(exporting.posted(), Counts{3});
    exporting.answer(200);
    EXPECT_EQ(exporting.exporter.counters().exported, 3U);
    exporting.executor.advance(1h);
    EXPECT_EQ(exporting.posted(), Counts{3}) << "nothing more, and no timer";
    EXPECT_EQ(exporting.executor.next_deadline(), std::nullopt);
    exporting.add(1);
    exporting.executor.advance(5s);
    EXPECT_EQ(exporting.posted(), (Counts{3, 1}));
}

TEST(SpanExporter, SendsAFullBatchAtOnceAndTheRestWithTheNext) {
    Exporting exporting{{.batch_spans_max = 3}};
    exporting.add(2);
    EXPECT_TRUE(exporting.bodies.empty());
    exporting.add(2);
    EXPECT_EQ(exporting.posted(), Counts{3});
    exporting.add(6);
    EXPECT_EQ(exporting.posted(), Counts{3}) << "one at a time";
    exporting.answer(200);
    exporting.answer(202);
    EXPECT_EQ(exporting.posted(), (Counts{3, 3, 3}));
    exporting.answer(200);
    EXPECT_EQ(exporting.posted(), (Counts{3, 3, 3}));
    exporting.executor.advance(5s);
    EXPECT_EQ(exporting.posted(), (Counts{3, 3, 3, 1}));
}

TEST(SpanExporter, DropsWhatIsOverItsLimitAndSaysSo) {
    Exporting exporting{{.queue_spans_max = 4, .batch_spans_max = 4}};
    exporting.add(4);
    exporting.add(4);
    exporting.add(1);
    EXPECT_EQ(exporting.exporter.counters().dropped, 1U) << "4 are sent, 4 wait";
    EXPECT_TRUE(exporting.log.lines.empty());
    exporting.add(2);
    exporting.answer(200);
    EXPECT_EQ(exporting.log.lines,
              std::vector<std::string>{"tracing: 3 spans were dropped, as the collector does not "
                                       "keep up (queue_spans_max)"});
    exporting.add(3);
    exporting.add(2);
    EXPECT_EQ(exporting.exporter.counters().dropped, 5U) << "all of a call or nothing";
    exporting.add(1);
    EXPECT_EQ(exporting.exporter.counters().dropped, 5U);
}

TEST(SpanExporter, TriesAgainWhereThatMayHelp) {
    Exporting exporting{{.backoff = {.first = 1s, .max = 8s}}};
    exporting.add(1);
    exporting.executor.advance(5s);
    exporting.lose("Cannot connect");
    ASSERT_EQ(exporting.log.lines.size(), 1U);
    EXPECT_TRUE(exporting.log.lines[0].ends_with(": Cannot connect")) << exporting.log.lines[0];
    // Each pause is from half of its length on.
    exporting.executor.advance(499ms);
    EXPECT_EQ(exporting.bodies.size(), 1U);
    exporting.executor.advance(501ms);
    EXPECT_EQ(exporting.bodies.size(), 2U);
    exporting.answer(503);
    exporting.executor.advance(999ms);
    EXPECT_EQ(exporting.bodies.size(), 2U);
    exporting.executor.advance(1'001ms);
    EXPECT_EQ(exporting.bodies.size(), 3U);
    exporting.answer(429, "", 7s);
    exporting.executor.advance(6'999ms);
    EXPECT_EQ(exporting.bodies.size(), 3U);
    exporting.executor.advance(1ms);
    EXPECT_EQ(exporting.bodies.size(), 4U);
    exporting.answer(200);
    EXPECT_EQ(exporting.exporter.counters().exported, 1U);
    EXPECT_EQ(std::ranges::count(exporting.bodies, exporting.bodies[0]), 4) << "the same each time";
}

TEST(SpanExporter, WaitsForNoLongerThanItKeepsSpans) {
    Exporting exporting{{.backoff = {.first = 1s, .max = 8s}}};
    exporting.add(1);
    exporting.executor.advance(5s);
    exporting.answer(503, "", 86'400s);
    exporting.executor.advance(8s);
    EXPECT_EQ(exporting.bodies.size(), 2U);
}

TEST(SpanExporter, GivesUpInTheEndAndGoesOn) {
    Exporting exporting{{.attempts_max = 3}};
    exporting.add(2);
    for (int attempt = 0; attempt < 3; ++attempt) {
        exporting.executor.advance(10s);
        exporting.answer(504, "not\nhere");
    }
    EXPECT_EQ(exporting.exporter.counters().failed, 2U);
    EXPECT_EQ(exporting.log.lines.back(),
              "tracing: 2 spans are lost: it answers with status 504: not\\nhere");
    exporting.executor.advance(1h);
    EXPECT_EQ(exporting.bodies.size(), 3U);
    exporting.add(1);
    exporting.executor.advance(5s);
    exporting.answer(200);
    EXPECT_EQ(exporting.exporter.counters().exported, 1U);
}

TEST(SpanExporter, TriesNothingAgainThatWouldFailAgain) {
    for (const unsigned status : {301U, 400U, 401U, 404U, 413U, 500U, 501U}) {
        Exporting exporting;
        exporting.add(1);
        exporting.executor.advance(5s);
        exporting.answer(status);
        exporting.executor.advance(1h);
        EXPECT_EQ(exporting.bodies.size(), 1U) << status;
        EXPECT_EQ(exporting.exporter.counters().failed, 1U) << status;
    }
}

TEST(SpanExporter, CountsWhatTheCollectorRejects) {
    Exporting exporting;
    exporting.add(3);
    exporting.executor.advance(5s);
    exporting.answer(200, R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}})");
    EXPECT_EQ(exporting.exporter.counters().exported, 1U);
    EXPECT_EQ(exporting.exporter.counters().failed, 2U);
    EXPECT_EQ(exporting.log.lines,
              std::vector<std::string>{"tracing: the collector rejects 2 of 3 spans: too old"});
}

TEST(SpanExporter, FlushesWithoutADelay) {
    Exporting exporting{{.batch_spans_max = 2}};
    int flushed = 0;
    const auto flush = [&] {
        exporting.executor.post([&] { exporting.exporter.flush([&] { ++flushed; }); });
        exporting.executor.run_until_idle();
    };
    flush();
    EXPECT_EQ(flushed, 1) << "nothing waits";
    exporting.add(1);
    flush();
    EXPECT_EQ(exporting.posted(), Counts{1});
    EXPECT_EQ(flushed, 1);
    exporting.add(1);
    flush();
    exporting.answer(200);
    EXPECT_EQ(flushed, 1) << "what came meanwhile goes too";
    exporting.answer(200);
    EXPECT_EQ(flushed, 3);
    exporting.add(1);
    EXPECT_EQ(exporting.posted(), (Counts{1, 1})) << "and then there is a delay again";
}

TEST(SpanExporter, TriesNothingAgainAtItsEnd) {
    Exporting exporting{{.batch_spans_max = 2}};
    exporting.add(5);
    exporting.lose("Cannot connect");
    bool is_closed = false;
    exporting.executor.post([&] { exporting.exporter.close([&] { is_closed = true; }); });
    exporting.executor.run_until_idle();
    EXPECT_EQ(exporting.posted(), (Counts{2, 2})) << "without the pause";
    EXPECT_FALSE(is_closed);
    exporting.lose("Cannot connect");
    EXPECT_TRUE(is_closed);
    EXPECT_EQ(exporting.exporter.counters().failed, 5U);
    EXPECT_EQ(exporting.log.lines.back(), "tracing: 5 spans are lost: Cannot connect");
}

}  // namespace
}  // namespace warren::endpoint
