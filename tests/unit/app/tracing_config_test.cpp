#include "app/config/config.hpp"
#include "unit/app/config_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

using Texts = std::vector<std::string>;

class TracingConfiguration : public ConfigFile {
protected:
    TracingConfiguration() { forget(); }
    ~TracingConfiguration() override { forget(); }

    static void forget() {
        ::unsetenv("OTEL_EXPORTER_OTLP_ENDPOINT");
        ::unsetenv("OTEL_TRACES_SAMPLER_ARG");
    }
    static std::string with_listener(const std::string& tracing) {
        return tracing + "listeners: [{tcp: \"127.0.0.1:0\"}]\n";
    }
};

TEST_F(TracingConfiguration, IsOffWhereNobodyAsksForIt) {
    ::setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318", 1);
    EXPECT_FALSE(load(with_listener("")).tracing);
    EXPECT_FALSE(load(with_listener("tracing: false\n")).tracing);
    EXPECT_TRUE(load(with_listener("tracing: true\n")).tracing);
    EXPECT_TRUE(load(with_listener("tracing: {}\n")).tracing);
}

TEST_F(TracingConfiguration, IsReadAsItIs) {
    write("key", "of a file\n");
    ::setenv("OTEL_TRACES_SAMPLER_ARG", "nonsense that another value hides", 1);
    const Config config = load(with_listener(R"(tracing:
  endpoint: https://collector.example:4318
  service: shop
  sample: 0.25
  headers: {authorization: {file: key}, x-other: text}
)"));
    ASSERT_TRUE(config.tracing);
    EXPECT_EQ(config.tracing->endpoint, "https://collector.example:4318");
    EXPECT_EQ(config.tracing->service, "shop");
    EXPECT_EQ(config.tracing->sample, 0.25);
    using Headers = std::vector<std::pair<std::string, std::string>>;
    EXPECT_EQ(config.tracing->headers,
              (Headers{{"authorization", "of a file"}, {"x-other", "text"}}));
}

TEST_F(TracingConfiguration, SaysAllThatIsWrongAndShowsNoSecret) {
    EXPECT_EQ(
        problems(with_listener(R"(tracing:
  endpoint: localhost:4318
  sample: 1.5
  headers:
    content-length: hush
    x-key: "hush\nhush"
    x-other: {file: nowhere}
  speed: fast
)")),
        (Texts{"warren.yml:2: tracing.endpoint: A collector's address begins with http:// or "
               "https://",
               "warren.yml:3: tracing.sample: expected a share from 0 to 1, such as 0.1",
               "warren.yml:5: tracing.headers.content-length: A header cannot have that name, "
               "or not from here",
               "warren.yml:6: tracing.headers.x-key: The header 'x-key' has a character that "
               "none may",
               "warren.yml:7: tracing.headers.x-other: cannot read the file '" + directory_ +
                   "/nowhere': No such file or directory",
               "warren.yml:8: tracing.speed: unknown key (known: 'endpoint', "
               "'service', 'sample', 'headers')"}));
    for (const std::string sample : {"much", "-0.1", "nan", "\"\"", "[1]", "~"}) {
        EXPECT_EQ(problems(with_listener("tracing: {sample: " + sample + "}\n")).size(), 1U)
            << sample;
    }
}

TEST_F(TracingConfiguration, SaysWhatIsWrongInTheEnvironment) {
    ::setenv("OTEL_TRACES_SAMPLER_ARG", "much", 1);
    EXPECT_EQ(problems(with_listener("tracing: true\n")),
              Texts{"warren.yml:1: tracing: OTEL_TRACES_SAMPLER_ARG is no share from 0 to 1"});
    ::unsetenv("OTEL_TRACES_SAMPLER_ARG");
    ::setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://collector:4317", 1);
    EXPECT_EQ(problems(with_listener("tracing: {service: shop}\n")).size(), 1U);
    EXPECT_TRUE(load(with_listener("tracing: {endpoint: http://localhost}\n")).tracing);
}

}  // namespace
}  // namespace warren::app
