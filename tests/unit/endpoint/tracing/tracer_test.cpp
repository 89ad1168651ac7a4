#include <warren/tracing.hpp>

#include "support/http_server.hpp"

#include <gtest/gtest.h>

#include <any>
#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace tracer_test {

using namespace warren;
using namespace std::chrono_literals;
using test::http_answer;
using test::HttpServer;
using Texts = std::vector<std::string>;

class KeptLog final : public Log {
public:
    void write(LogLevel, std::string_view line) override {
        const std::lock_guard lock{mutex_};
        lines_.emplace_back(line);
    }
    Texts lines() const {
        const std::lock_guard lock{mutex_};
        return lines_;
    }

private:
    mutable std::mutex mutex_;
    Texts lines_;
};

TracerOptions options_for(const std::string& url) {
    return {.endpoint = url,
            .service = "a \"service\"",
            .sample = 1,
            .headers = {{"authorization", "Bearer secret"}},
            .batch_delay = 1h};
}

void record(const std::shared_ptr<Tracer>& tracer) {
    CallOptions options;
    std::any state;
    CallAtClient call{.method = "called", .options = options, .address = "x", .state = state};
    const auto tracing = client_tracing(tracer);
    tracing->begin(call);
    tracing->end(call, {});
}

TEST(Tracer, SendsWhatWaitsWhenItIsAsked) {
    HttpServer server{[](const std::string&) { return http_answer("200 OK"); }};
    const auto tracer = make_tracer(options_for(server.url()));
    EXPECT_TRUE(tracer->flush(30s)) << "there is nothing";
    record(tracer);
    record(tracer);
    EXPECT_TRUE(tracer->flush(30s));
    const Texts requests = server.wait_for(1);
    ASSERT_EQ(requests.size(), 1U);
    EXPECT_TRUE(requests[0].starts_with("POST /v1/traces HTTP/1.1\r\nHost: 127.0.0.1:"));
    EXPECT_NE(requests[0].find("\r\nauthorization: Bearer secret\r\n"), std::string::npos);
    EXPECT_NE(requests[0].find("\r\nContent-Type: application/json\r\n"), std::string::npos);
    EXPECT_NE(requests[0].find(R"({"key":"service.name","value":{"stringValue":"a \"service\""}})"),
              std::string::npos);
    EXPECT_EQ(tracer->counters().exported, 2U);
}

TEST(Tracer, SendsTheRestAtItsEnd) {
    HttpServer server{[](const std::string&) { return http_answer("200 OK"); }};
    record(make_tracer(options_for(server.url())));
    EXPECT_NE(server.wait_for(1)[0].find("\"called\""), std::string::npos);
}

TEST(Tracer, EndsWithoutItsCollector) {
    const auto log = std::make_shared<KeptLog>();
    std::string url;
    {
        const HttpServer server{[](const std::string&) { return std::string{}; }};
        url = server.url();
    }
    TracerOptions options = options_for(url);
    options.log = log;
    record(make_tracer(options));
    const Texts lines = log->lines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].starts_with("tracing: 1 spans are lost: Cannot connect to " + url))
        << lines[0];
}

TEST(Tracer, EndsThoughItsCollectorHangs) {
    const auto log = std::make_shared<KeptLog>();
    std::atomic<bool> is_over = false;
    HttpServer server{[&is_over](const std::string&) {
        is_over.wait(false);
        return std::string{};
    }};
    TracerOptions options = options_for(server.url());
    options.log = log;
    options.flush_timeout = 20ms;
    record(make_tracer(options));
    EXPECT_EQ(log->lines(),
              Texts{"tracing: the end came before all spans were sent (flush_timeout)"});
    is_over = true;
    is_over.notify_all();
}

}  // namespace tracer_test
