#include "endpoint/tracing/collector.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace warren::endpoint {
namespace {

constexpr const char* names[] = {
    "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_SERVICE_NAME",           "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",     "OTEL_EXPORTER_OTLP_HEADERS"};

/// What the environment has of OpenTelemetry is what a test says.
class Collector : public testing::Test {
protected:
    void SetUp() override { set({}); }
    void TearDown() override { set({}); }

    static void set(const std::map<std::string, std::string>& variables) {
        for (const char* const name : names) {
            ::unsetenv(name);
        }
        for (const auto& [name, value] : variables) {
            ::setenv(name.c_str(), value.c_str(), 1);
        }
    }
    static TracerOptions completed(TracerOptions options = {}) {
        return with_environment(std::move(options)).value();
    }
};

using Headers = std::vector<std::pair<std::string, std::string>>;

TEST_F(Collector, IsTheLocalOneWhereNobodySaysAnother) {
    const TracerOptions options = completed();
    EXPECT_EQ(options.endpoint, "http://localhost:4318/v1/traces");
    EXPECT_TRUE(options.service.starts_with("unit_endpoint")) << options.service;
    EXPECT_EQ(options.sample, 1);
    EXPECT_EQ(options.headers, Headers{});
}

TEST_F(Collector, IsWhatTheEnvironmentSaysWhereTheOptionsAreSilent) {
    set({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://all.example/base/"},
         {"OTEL_SERVICE_NAME", "shop"},
         {"OTEL_TRACES_SAMPLER_ARG", "0.25"},
         {"OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20key , x-other = 2,nonsense"}});
    EXPECT_EQ(completed().endpoint, "https://all.example/base/v1/traces");
    EXPECT_EQ(completed().service, "shop");
    EXPECT_EQ(completed().sample, 0.25);
    EXPECT_EQ(completed().headers, (Headers{{"api-key", "a key"}, {"x-other", "2"}}));
    const TracerOptions own = completed({.endpoint = "http://own.example:4318",
                                         .service = "till",
                                         .sample = 0.5,
                                         .headers = {{"x", "1"}}});
    EXPECT_EQ(own.endpoint, "http://own.example:4318/v1/traces");
    EXPECT_EQ(own.service, "till");
    EXPECT_EQ(own.sample, 0.5);
    EXPECT_EQ(own.headers, (Headers{{"x", "1"}}));
    set({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://all.example/base/"},
         {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces.example/spans"}});
    EXPECT_EQ(completed().endpoint, "https://traces.example/spans") << "as it is";
}

TEST_F(Collector, HasItsPathOnce) {
    for (const std::string path : {"", "/", "/v1/traces", "/v1/traces/"}) {
        EXPECT_EQ(completed({.endpoint = "http://own.example" + path}).endpoint,
                  "http://own.example/v1/traces");
    }
}

TEST_F(Collector, SamplesAsTheEnvironmentsSamplerDoes) {
    const auto sample = [](const std::string& sampler, const std::string& argument) {
        set({{"OTEL_TRACES_SAMPLER", sampler}, {"OTEL_TRACES_SAMPLER_ARG", argument}});
        return completed().sample;
    };
    EXPECT_EQ(sample("always_on", "0.5"), 1);
    EXPECT_EQ(sample("parentbased_always_on", "0.5"), 1);
    EXPECT_EQ(sample("always_off", "0.5"), 0);
    EXPECT_EQ(sample("parentbased_always_off", ""), 0);
    EXPECT_EQ(sample("traceidratio", "0.5"), 0.5);
    EXPECT_EQ(sample("parentbased_traceidratio", "0.5"), 0.5);
    EXPECT_EQ(sample("traceidratio", ""), 1);
    EXPECT_EQ(sample("parentbased_jaeger_remote", "endpoint=http://x"), 1);
    for (const std::string argument : {"many", "-0.1", "1.1", "0.5x", "nan", "inf"}) {
        set({{"OTEL_TRACES_SAMPLER_ARG", argument}});
        EXPECT_FALSE(with_environment({})) << argument;
    }
}

TEST_F(Collector, IsReachedAsItsAddressSays) {
    const auto plain = collector_of(completed({.endpoint = "http://[::1]:4318/base"})).value();
    EXPECT_EQ(plain.client.target.host, "::1");
    EXPECT_EQ(plain.client.target.port, 4318);
    EXPECT_FALSE(plain.client.target.tls);
    EXPECT_EQ(plain.client.host, "[::1]:4318");
    EXPECT_EQ(plain.path, "/base/v1/traces");
    EXPECT_EQ(collector_of(completed({.endpoint = "http://x"}))->client.target.port, 80);
    const auto secured =
        collector_of(completed({.endpoint = "https://x", .headers = {{"key", "1"}}})).value();
    EXPECT_EQ(secured.client.target.port, 443);
    ASSERT_TRUE(secured.client.target.tls);
    EXPECT_EQ(secured.client.target.tls->verify, transport::TlsVerify::peer);
    EXPECT_EQ(secured.client.headers, (Headers{{"key", "1"},
                                               {"Content-Type", "application/json"},
                                               {"User-Agent", "warren/" WARREN_VERSION}}));
}

TEST_F(Collector, IsRefusedWhereItCannotBe) {
    for (const std::string endpoint :
         {"localhost:4318", "tcp://localhost:4318", "http://", "http://user:hush@x", "http://x?a=b",
          "http://x:99999", "http://x/a b"}) {
        const auto refused = collector_of(completed({.endpoint = endpoint}));
        ASSERT_FALSE(refused) << endpoint;
        EXPECT_EQ(refused.error().code, Code::invalid_request);
        EXPECT_FALSE(refused.error().message.contains("hush"));
    }
    for (const auto& header : Headers{{"", "x"},
                                      {"two words", "x"},
                                      {"key:", "x"},
                                      {"Content-Length", "3"},
                                      {"host", "x"},
                                      {"key", "x\r\nother: y"},
                                      {"key", std::string{"x\0y", 3}}}) {
        const auto refused = collector_of(completed({.endpoint = "http://x", .headers = {header}}));
        EXPECT_FALSE(refused) << header.first;
    }
    EXPECT_FALSE(with_environment({.sample = 1.5}));
    EXPECT_FALSE(with_environment({.queue_spans_max = 0}));
    EXPECT_FALSE(with_environment({.batch_spans_max = 0}));
    EXPECT_FALSE(with_environment({.attempts_max = 0}));
    EXPECT_THROW(make_tracer({.sample = -1}), Error);
    EXPECT_THROW(make_tracer({.endpoint = "nowhere"}), Error);
}

}  // namespace
}  // namespace warren::endpoint
