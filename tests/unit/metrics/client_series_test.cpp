#include "metrics/client_series.hpp"

#include <gtest/gtest.h>

namespace warren::metrics {
namespace {

using namespace std::chrono_literals;

TEST(ClientSeries, count_methods_past_the_limit_together) {
    ClientSeries series{{.transport = "tcp", .protocol = "msgpack-rpc"}};
    for (std::size_t method = 0; method != ClientSeries::methods_max; ++method) {
        CallSeries& own = series.of("method" + std::to_string(method));
        EXPECT_EQ(own.method(), "method" + std::to_string(method));
    }
    CallSeries& other = series.of("one more");
    EXPECT_EQ(other.method(), ClientSeries::other_methods);
    EXPECT_EQ(&series.of("and another"), &other);
    EXPECT_EQ(series.of("method7").method(), "method7");
}

TEST(ClientSeries, show_what_the_transport_has_and_no_more) {
    ClientSeries series{{.transport = "amqp", .protocol = "cyberfusion"}};
    series.of("add").record(Code::no_responder, 2ms, 0);
    const std::string text = series.text({.in_flight = 2, .retries = 3});
    const std::string labels = R"({transport="amqp",protocol="cyberfusion"})";
    EXPECT_NE(text.find("warren_client_in_flight" + labels + " 2\n"), std::string::npos);
    EXPECT_NE(text.find("warren_client_retries_total" + labels + " 3\n"), std::string::npos);
    EXPECT_NE(text.find(R"(code="no_responder"} 1)"), std::string::npos);
    EXPECT_EQ(text.find("warren_client_connections"), std::string::npos);
    EXPECT_EQ(text.find("arrpc_client"), std::string::npos);
}

}  // namespace
}  // namespace warren::metrics
