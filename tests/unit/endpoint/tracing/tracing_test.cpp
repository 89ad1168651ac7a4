#include <warren/client.hpp>
#include <warren/lazy_call.hpp>
#include <warren/server.hpp>

#include "support/served.hpp"
#include "unit/endpoint/tracing/collector_server.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <set>
#include <stdexcept>

namespace warren {
namespace {

using test::address_of;
using test::CollectorServer;
using test::SeenSpan;

constexpr std::int64_t internal = 1;
constexpr std::int64_t server_kind = 2;
constexpr std::int64_t client_kind = 3;
constexpr std::int64_t error = 2;

constexpr std::string_view parent_trace = "0af7651916cd43dd8448eb211c80319c";
constexpr std::string_view parent_span = "b7ad6b7169203331";

std::string traceparent(std::string_view flags) {
    return "00-" + std::string{parent_trace} + '-' + std::string{parent_span} + '-' +
           std::string{flags};
}

/// in  spans: of which one is of that service, and of that name
SeenSpan find(const std::vector<SeenSpan>& spans, std::string_view service, std::string_view name) {
    const auto is_it = [&](const SeenSpan& span) {
        return span.service == service && span.name == name;
    };
    EXPECT_EQ(std::ranges::count_if(spans, is_it), 1) << service << ": " << name;
    const auto found = std::ranges::find_if(spans, is_it);
    return found == spans.end() ? SeenSpan{} : *found;
}

class KeptLog final : public Log {
public:
    void write(LogLevel, std::string_view line) override {
        const std::lock_guard lock{mutex_};
        lines_.emplace_back(line);
    }
    std::vector<std::string> lines() const {
        const std::lock_guard lock{mutex_};
        return lines_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
};

void add_methods(Server& server) {
    server.method("add", [](int a, int b) { return a + b; }, {"a", "b"});
    server.method("fail", []() -> int { throw Error{Code::conflict, "not today"}; });
    server.method("break", []() -> int { throw std::runtime_error{"boom"}; });
    server.method("trace", [](Context& context) { return std::string{context.traceparent}; });
    server.method("say", [](Context& context) {
        context.log->info("said");
        return std::string{context.traceparent};
    });
}

const Dynamic two_and_forty = Dynamic::map({{"a", 2}, {"b", 40}});

TEST(Tracing, FollowsACallThroughClientProxyAndServer) {
    CollectorServer collector;
    Server server;
    add_methods(server);
    server.use(server_tracing(collector.tracer("server")));
    server.listen("tcp://127.0.0.1:0");
    server.start();
    Server proxy;
    proxy.use(server_tracing(collector.tracer("proxy")));
    proxy.forward({.url = "tcp://127.0.0.1:0"}, {.to = address_of(server)});
    proxy.start();
    Client client{address_of(proxy)};
    client.use(client_tracing(collector.tracer("client")));
    EXPECT_EQ(client.call("add", two_and_forty), Dynamic{42});

    const std::vector<SeenSpan> spans = collector.spans();
    EXPECT_EQ(spans.size(), 5U);
    std::set<std::string> traces;
    std::set<std::string> ids;
    for (const SeenSpan& span : spans) {
        traces.insert(span.trace);
        ids.insert(span.id);
        EXPECT_LE(span.began_ns, span.ended_ns) << span.name;
        EXPECT_EQ(span.status, 0) << span.name;
    }
    EXPECT_EQ(traces.size(), 1U);
    EXPECT_EQ(ids.size(), spans.size());

    const SeenSpan of_client = find(spans, "client", "add");
    EXPECT_EQ(of_client.kind, client_kind);
    EXPECT_EQ(of_client.parent, "");
    EXPECT_EQ(of_client.attributes.at("rpc.system"), "warren");
    EXPECT_EQ(of_client.attributes.at("rpc.method"), "add");
    EXPECT_EQ(of_client.attributes.at("warren.address"), address_of(proxy));

    const SeenSpan of_proxy = find(spans, "proxy", "add");
    EXPECT_EQ(of_proxy.kind, server_kind);
    EXPECT_EQ(of_proxy.parent, of_client.id);
    EXPECT_EQ(of_proxy.attributes.at("warren.forwards_to"), address_of(server));
    EXPECT_TRUE(of_proxy.attributes.at("network.peer.address").starts_with("127.0.0.1:"));

    const SeenSpan of_server = find(spans, "server", "add");
    EXPECT_EQ(of_server.kind, server_kind);
    EXPECT_EQ(of_server.parent, of_proxy.id);
    EXPECT_FALSE(of_server.attributes.contains("warren.forwards_to"));

    const SeenSpan queue = find(spans, "server", "handler queue");
    const SeenSpan handler = find(spans, "server", "handler");
    EXPECT_EQ(queue.kind, internal);
    EXPECT_EQ(queue.parent, of_server.id);
    EXPECT_EQ(handler.parent, of_server.id);
    EXPECT_EQ(queue.began_ns, of_server.began_ns);
    EXPECT_EQ(queue.ended_ns, handler.began_ns);
    EXPECT_LE(handler.ended_ns, of_server.ended_ns);
}

TEST(Tracing, ShowsTheWaitAtABroker) {
    CollectorServer collector;
    Server server;
    add_methods(server);
    server.use(server_tracing(collector.tracer("server")));
    server.listen("memory:tracing_broker");
    server.start();
    Client client{"memory:tracing_broker"};
    client.use(client_tracing(collector.tracer("client")));
    EXPECT_EQ(client.call("add", two_and_forty), Dynamic{42});
    const std::vector<SeenSpan> spans = collector.spans();
    EXPECT_EQ(spans.size(), 5U);
    const SeenSpan queue = find(spans, "server", "broker queue");
    EXPECT_EQ(queue.parent, find(spans, "client", "add").id) << "beside the server's span";
    EXPECT_EQ(queue.ended_ns, find(spans, "server", "add").began_ns);
}

TEST(Tracing, RecordsWhatTheCallerRecords) {
    for (const auto& [sample, flags, is_sampled] :
         {std::tuple{0.0, "01", true}, {1.0, "00", false}, {0.0, "", false}, {1.0, "", true}}) {
        SCOPED_TRACE(std::to_string(sample) + flags);
        CollectorServer collector;
        Server server;
        add_methods(server);
        server.use(server_tracing(collector.tracer("server", {.sample = sample})));
        server.listen("memory:tracing_parents");
        server.start();
        Client client{"memory:tracing_parents"};
        const bool has_parent = *flags != '\0';
        const Dynamic found =
            client.call("trace", Dynamic::map({}),
                        {.traceparent = has_parent ? traceparent(flags) : std::string{}});
        const std::string seen{found.value().as_text()};
        EXPECT_TRUE(seen.ends_with(is_sampled ? "-01" : "-00"))
            << seen << ": handlers find it, too";
        EXPECT_EQ(seen.contains(parent_trace), has_parent);
        EXPECT_FALSE(seen.contains(parent_span)) << "but the server's own";
        const std::vector<SeenSpan> spans = collector.spans();
        EXPECT_EQ(spans.empty(), !is_sampled);
        if (is_sampled) {
            const SeenSpan span = find(spans, "server", "trace");
            EXPECT_EQ(seen, "00-" + span.trace + '-' + span.id + "-01");
            EXPECT_EQ(span.parent, has_parent ? parent_span : "");
        }
    }
}

TEST(Tracing, SaysHowCallsFail) {
    CollectorServer collector;
    Server server;
    add_methods(server);
    server.use(server_tracing(collector.tracer("server")));
    server.listen("tcp://127.0.0.1:0");
    server.start();
    Client client{address_of(server)};
    client.use(client_tracing(collector.tracer("client")));
    EXPECT_EQ(test::failure_of([&] { client.call("fail", Dynamic::map({})); }).code,
              Code::conflict);
    EXPECT_EQ(test::failure_of([&] { client.call("none", Dynamic::map({})); }).code,
              Code::no_such_method);
    EXPECT_EQ(test::failure_of([&] { client.call("add", 7); }).code, Code::invalid_request);
    const std::vector<SeenSpan> spans = collector.spans();
    for (const std::string_view side : {"client", "server"}) {
        for (const auto& [method, code] : {std::pair{"fail", "conflict"},
                                           {"none", "no_such_method"},
                                           {"add", "invalid_request"}}) {
            const SeenSpan span = find(spans, side, method);
            EXPECT_EQ(span.status, error);
            EXPECT_EQ(span.attributes.at("error.type"), code);
        }
        EXPECT_EQ(find(spans, side, "fail").message, "not today");
    }
    EXPECT_EQ(std::ranges::count(spans, "handler", &SeenSpan::name), 1) << "others had none";
}

TEST(Tracing, PutsItsIdsBehindWhatIsLoggedOfACall) {
    const auto log = std::make_shared<KeptLog>();
    CollectorServer collector;
    std::string seen;
    {
        Server server{{.log = log}};
        add_methods(server);
        server.use(server_tracing(collector.tracer("server", {.sample = 0})));
        server.listen("memory:tracing_lines");
        server.start();
        Client client{"memory:tracing_lines"};
        seen = client.call("say", Dynamic::map({})).value().as_text();
        EXPECT_EQ(test::failure_of([&] {
                      client.call("break", Dynamic::map({}), {.traceparent = traceparent("00")});
                  }).code,
                  Code::internal);
    }
    ASSERT_EQ(seen.size(), 55U);
    const std::string line =
        "said trace_id=" + seen.substr(3, 32) + " span_id=" + seen.substr(36, 16);
    const std::vector<std::string> lines = log->lines();
    EXPECT_EQ(std::ranges::count(lines, line), 1) << "also where nothing is recorded";
    const std::string of_server = ": boom trace_id=" + std::string{parent_trace} + " span_id=";
    EXPECT_TRUE(std::ranges::any_of(lines, [&](const std::string& each) {
        return each.starts_with("break (") && each.contains(of_server);
    })) << "and what the server says of a call";
}

TEST(Tracing, LeavesCallsAloneThatCannotCarryIt) {
    CollectorServer collector;
    Server server;
    add_methods(server);
    server.listen({.url = "tcp://127.0.0.1:0", .protocol = "arrpc", .methods = {"trace"}});
    server.start();
    Client client{address_of(server)};
    client.use(client_tracing(collector.tracer("client")));
    EXPECT_EQ(client.call("trace", Dynamic::map({})), Dynamic{""});
    EXPECT_EQ(find(collector.spans(), "client", "trace").status, 0);
}

TEST(Tracing, TakesACallersTraceOn) {
    CollectorServer collector;
    Server server;
    add_methods(server);
    server.listen("memory:tracing_on");
    server.start();
    Client client{"memory:tracing_on"};
    client.use(client_tracing(collector.tracer("client")));
    const std::string seen{
        client.call("trace", Dynamic::map({}), {.traceparent = traceparent("01")})
            .value()
            .as_text()};
    const SeenSpan span = find(collector.spans(), "client", "trace");
    EXPECT_EQ(span.trace, parent_trace);
    EXPECT_EQ(span.parent, parent_span);
    EXPECT_EQ(seen, "00-" + span.trace + '-' + span.id + "-01");
}

TEST(Tracing, HasWhatHandlersCallBelowThem) {
    CollectorServer collector;
    Server inner;
    add_methods(inner);
    inner.use(server_tracing(collector.tracer("inner")));
    inner.listen("memory:tracing_inner");
    inner.start();
    Client client{"memory:tracing_inner"};
    client.use(client_tracing(collector.tracer("client")));
    Server outer;
    outer.method("nest", [&client](Context& context) {
        return context.call(client, "add", two_and_forty).get();
    });
    outer.use(server_tracing(collector.tracer("outer")));
    outer.listen("memory:tracing_outer");
    outer.start();
    EXPECT_EQ(Client{"memory:tracing_outer"}.call("nest", Dynamic::map({})), Dynamic{42});
    const std::vector<SeenSpan> spans = collector.spans();
    const SeenSpan of_call = find(spans, "client", "add");
    EXPECT_EQ(of_call.parent, find(spans, "outer", "nest").id);
    EXPECT_EQ(find(spans, "inner", "add").parent, of_call.id);
}

TEST(Tracing, IsOneWay) {
    CollectorServer collector;
    Server server;
    add_methods(server);
    server.use(server_tracing(collector.tracer("server")));
    server.listen("tcp://127.0.0.1:0");
    server.start();
    Client client{address_of(server)};
    client.use(client_tracing(collector.tracer("client")));
    client.notify("fail", Dynamic::map({}));
    client.call("add", two_and_forty);
    server.stop();
    const std::vector<SeenSpan> spans = collector.spans();
    EXPECT_EQ(find(spans, "server", "fail").parent, find(spans, "client", "fail").id);
    EXPECT_EQ(find(spans, "client", "fail").status, 0);
    EXPECT_EQ(find(spans, "server", "fail").status, error);
}

}  // namespace
}  // namespace warren
