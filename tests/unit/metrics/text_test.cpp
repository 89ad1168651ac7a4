#include "metrics/text.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

namespace warren::metrics {
namespace {

using namespace std::chrono_literals;

const Route tcp{.transport = "tcp", .protocol = "msgpack-rpc"};

bool has_line(const std::string& text, std::string_view line) {
    return ("\n" + text).find("\n" + std::string{line} + "\n") != std::string::npos;
}

std::size_t count_of(std::string_view text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + 1)) {
        ++count;
    }
    return count;
}

TEST(DurationHistogram, counts_a_bound_into_its_own_bucket) {
    DurationHistogram histogram;
    for (const auto bound : DurationHistogram::bounds) {
        histogram.observe(bound);
    }
    histogram.observe(0ns);
    histogram.observe(DurationHistogram::bounds.back() + 1ns);
    EXPECT_EQ(histogram.in_bucket(0), 2U);
    for (std::size_t bucket = 1; bucket <= DurationHistogram::bounds.size(); ++bucket) {
        EXPECT_EQ(histogram.in_bucket(bucket), 1U) << bucket;
    }
}

TEST(MetricsText, has_each_outcome_and_the_durations_of_a_method) {
    CallSeriesTable table;
    const ListenerSeries series = table.listener_series({"add"}, tcp);
    series.of("add").record({}, 7us, 10);
    series.of("add").record({}, 3ms, 10);
    series.of("add").record(Code::invalid_request, 1us, 10);
    series.unknown().record(Code::no_such_method, 1us, 10);
    const std::string text = server_text(table, {});
    const std::string labels = R"(method="add",transport="tcp",protocol="msgpack-rpc")";
    EXPECT_TRUE(has_line(text, "warren_server_requests_total{" + labels + R"(,code="ok"} 2)"));
    EXPECT_TRUE(
        has_line(text, "warren_server_requests_total{" + labels + R"(,code="invalid_request"} 1)"));
    EXPECT_TRUE(has_line(text,
                         R"x(warren_server_requests_total{method="(unknown)",transport="tcp",)x"
                         R"(protocol="msgpack-rpc",code="no_such_method"} 1)"));
    const std::string buckets = "warren_server_request_duration_seconds_bucket{" + labels;
    EXPECT_TRUE(has_line(text, buckets + R"(,le="5e-06"} 1)")) << text;
    EXPECT_TRUE(has_line(text, buckets + R"(,le="1e-05"} 2)"));
    EXPECT_TRUE(has_line(text, buckets + R"(,le="0.001"} 2)"));
    EXPECT_TRUE(has_line(text, buckets + R"(,le="0.0025"} 2)"));
    EXPECT_TRUE(has_line(text, buckets + R"(,le="0.005"} 3)"));
    EXPECT_TRUE(has_line(text, buckets + R"(,le="+Inf"} 3)"));
    EXPECT_TRUE(has_line(text, "warren_server_request_duration_seconds_count{" + labels + "} 3"));
    EXPECT_TRUE(
        has_line(text, "warren_server_request_duration_seconds_sum{" + labels + "} 0.003008"));
    EXPECT_TRUE(has_line(text, "# TYPE warren_server_requests_total counter"));
    EXPECT_TRUE(has_line(text, "# TYPE warren_server_request_duration_seconds histogram"));
    EXPECT_EQ(text.find("arrpc"), std::string::npos);
}

TEST(MetricsText, shows_listeners_that_are_alike_as_one) {
    CallSeriesTable table;
    Route secured = tcp;
    secured.has_tls = true;
    table.listener_series({"add"}, tcp).of("add").record({}, 1us, 10);
    table.listener_series({"add"}, secured).of("add").record({}, 1us, 10);
    ServerFigures figures{.in_flight = 3, .worker_queue_depth = 2, .lock_waiters = 1};
    figures.listeners = {{.route = tcp, .connections = 4, .bytes_received = 100},
                         {.route = secured, .connections = 5, .bytes_received = 11},
                         {.route = {.transport = "amqp", .protocol = "tutorial"}, .reconnects = 6}};
    const std::string text = server_text(table, figures);
    const std::string labels = R"({transport="tcp",protocol="msgpack-rpc"})";
    EXPECT_TRUE(has_line(text, "warren_server_connections" + labels + " 9"));
    EXPECT_TRUE(has_line(text, "warren_server_bytes_received_total" + labels + " 111"));
    EXPECT_EQ(text.find("bytes_sent"), std::string::npos) << "what there is not is not shown as 0";
    EXPECT_TRUE(has_line(
        text, R"(warren_server_reconnects_total{transport="amqp",protocol="tutorial"} 6)"));
    EXPECT_TRUE(has_line(text, "warren_server_in_flight 3"));
    EXPECT_TRUE(has_line(text, "warren_server_worker_queue_depth 2"));
    EXPECT_TRUE(has_line(text, "warren_server_lock_waiters 1"));
    EXPECT_EQ(count_of(text, R"(method="add",transport="tcp",protocol="msgpack-rpc",code="ok"} 2)"),
              1U);
}

TEST(MetricsText, shows_each_buffer_by_its_proxy) {
    ServerFigures figures;
    figures.buffers = {{.proxy = "orders",
                        .entries = 3,
                        .bytes = 400,
                        .oldest_age = 1'500ms,
                        .failed_entries = 2,
                        .failed_discarded = 1,
                        .forwarded = 10,
                        .failed = 5,
                        .retries = 7},
                       {.proxy = "mail"}};
    const std::string text = server_text(CallSeriesTable{}, figures);
    EXPECT_TRUE(has_line(text, R"(warren_buffer_entries{proxy="orders"} 3)"));
    EXPECT_TRUE(has_line(text, R"(warren_buffer_entries{proxy="mail"} 0)"));
    EXPECT_TRUE(has_line(text, R"(warren_buffer_bytes{proxy="orders"} 400)"));
    EXPECT_TRUE(has_line(text, R"(warren_buffer_oldest_age_seconds{proxy="orders"} 1.5)"));
    EXPECT_TRUE(has_line(text, R"(warren_buffer_failed_entries{proxy="orders"} 2)"));
    EXPECT_TRUE(has_line(text, R"(warren_buffer_failed_discarded_total{proxy="orders"} 1)"));
    EXPECT_TRUE(has_line(text, R"(warren_buffer_forwarded_total{proxy="orders"} 10)"));
    EXPECT_TRUE(has_line(text, R"(warren_buffer_failed_total{proxy="orders"} 5)"));
    EXPECT_TRUE(has_line(text, R"(warren_buffer_retries_total{proxy="orders"} 7)"));
    EXPECT_TRUE(has_line(text, "# TYPE warren_buffer_entries gauge"));
}

TEST(MetricsText, shows_locks_where_there_is_a_store) {
    ServerFigures figures;
    EXPECT_EQ(count_of(server_text({}, figures), "warren_store_"), 0U);
    figures.store = StoreFigures{
        .dead_too_old = 4, .dead_too_much = 5, .locks_held = 3, .lock_waiters = 2, .locks_lost = 1};
    const std::string text = server_text({}, figures);
    EXPECT_TRUE(has_line(text, R"(warren_store_dead_deleted_total{why="age"} 4)")) << text;
    EXPECT_TRUE(has_line(text, R"(warren_store_dead_deleted_total{why="bytes"} 5)"));
    EXPECT_TRUE(has_line(text, "warren_store_locks_held 3")) << text;
    EXPECT_TRUE(has_line(text, "warren_store_lock_waiters 2"));
    EXPECT_TRUE(has_line(text, "warren_store_locks_lost_total 1"));
}

TEST(MetricsText, has_the_names_and_labels_of_arrpc) {
    CallSeriesTable table;
    const Route route{.transport = "tcp", .protocol = "arrpc", .has_tls = true, .is_signed = true};
    const ListenerSeries series = table.listener_series({"echo"}, route);
    series.of("echo").record({}, 2ms, 10);
    series.of("echo").record(Code::unauthenticated, 1ms, 30);
    const std::string text =
        server_text(table, {}, HostLabels{.hostname = "host", .k8s_namespace = "space"});
    const std::string labels = R"({hostname="host",k8s_namespace="space",remote_address="",)"
                               R"(signed_payload="True",tls="True",handler_func="echo")";
    EXPECT_TRUE(has_line(text, "# TYPE arrpc_server_req_seconds summary"));
    EXPECT_TRUE(has_line(text, "arrpc_server_req_seconds_count" + labels + "} 2"));
    EXPECT_TRUE(has_line(text, "arrpc_server_req_seconds_sum" + labels + "} 0.003")) << text;
    EXPECT_TRUE(has_line(text, "arrpc_server_req_bytes_count" + labels + "} 2"));
    EXPECT_TRUE(has_line(text, "arrpc_server_req_bytes_sum" + labels + "} 40"));
    EXPECT_TRUE(
        has_line(text, "arrpc_server_errors_total" + labels + R"(,reason="unauthenticated"} 1)"));
}

TEST(MetricsText, says_no_sample_twice_under_the_names_of_arrpc) {
    CallSeriesTable table;
    table.listener_series({"echo"}, tcp).of("echo").record({}, 1us, 1);
    table.listener_series({"echo"}, {.transport = "amqp", .protocol = "cyberfusion"})
        .of("echo")
        .record({}, 1us, 1);
    const std::string text = server_text(table, {}, HostLabels{});
    EXPECT_EQ(count_of(text, R"(handler_func="echo"} )"), 4U) << text;
}

TEST(MetricsText, escapes_labels) {
    CallSeriesTable table;
    table.listener_series({"a\"b\\c\nd"}, tcp);
    EXPECT_NE(server_text(table, {}).find(R"(method="a\"b\\c\nd")"), std::string::npos);
}

TEST(CallSeries, loses_no_call_of_many_threads) {
    CallSeriesTable table;
    CallSeries& series = table.series_of("add", tcp);
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread != 4; ++thread) {
            threads.emplace_back([&series] {
                for (int call = 0; call != 1000; ++call) {
                    series.record(call % 2 == 0 ? std::nullopt : std::optional{Code::failed}, 1us,
                                  3);
                }
            });
        }
    }
    EXPECT_EQ(series.successes(), 2000U);
    EXPECT_EQ(series.failures(Code::failed), 2000U);
    EXPECT_EQ(series.request_bytes(), 12'000U);
    EXPECT_EQ(series.durations().in_bucket(0), 4000U);
}

TEST(HostLabels, are_read_where_the_machine_has_them) {
    const std::filesystem::path root =
        std::filesystem::path{testing::TempDir()} / "warren_host_labels";
    std::filesystem::remove_all(root);
    EXPECT_EQ(host_labels(root).hostname, "");
    std::filesystem::create_directories(root / "etc");
    std::ofstream{root / "etc/hostname"} << "machine\n";
    const auto account = root / "var/run/secrets/kubernetes.io/serviceaccount";
    std::filesystem::create_directories(account);
    std::ofstream{account / "namespace"} << "space";
    EXPECT_EQ(host_labels(root).hostname, "machine");
    EXPECT_EQ(host_labels(root).k8s_namespace, "space");
    std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace warren::metrics
