#include "app/config/config.hpp"
#include "support/dated_certificate.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

// `proxies` of a configuration.
namespace warren::app {
namespace {

using Lines = std::vector<std::string>;

class ProxiesOfAConfiguration : public testing::Test {
protected:
    ProxiesOfAConfiguration() { setenv("STATE_DIRECTORY", path("state").c_str(), 1); }
    ~ProxiesOfAConfiguration() override { unsetenv("STATE_DIRECTORY"); }

    std::string path(const std::string& name) const { return directory_.file(name); }

    std::vector<ProxyEntry> load(const std::string& content) const {
        std::ofstream{path("warren.yml")} << content;
        auto config = load_config(path("warren.yml"));
        if (!config) {
            for (const std::string& problem : config.error()) {
                ADD_FAILURE() << problem;
            }
            return {};
        }
        return std::move(config->proxies);
    }

    /// The problems, each without the directory in front.
    Lines problems(const std::string& content) const {
        std::ofstream{path("warren.yml")} << content;
        const auto config = load_config(path("warren.yml"));
        if (config) {
            return {};
        }
        Lines lines = config.error();
        for (std::string& line : lines) {
            line.erase(0, directory_.path().string().size() + 1);
        }
        return lines;
    }

    /// The one problem of the only proxy, without the file and its line.
    std::string problem(const std::string& proxy) const {
        const Lines lines = problems("proxies: [" + proxy + "]\n");
        EXPECT_EQ(lines.size(), 1U) << testing::PrintToString(lines);
        return lines.empty() ? "" : lines.front().substr(std::string{"warren.yml:1: "}.size());
    }

private:
    test::TemporaryDirectory directory_;
};

TEST_F(ProxiesOfAConfiguration, AreReadWithAllTheirKeys) {
    const auto proxies = load(R"(proxies:
  - from: {tcp: "127.0.0.1:0", methods: [add], connections_max: 8}
    to: tcp://one:1,two:2?connections=3
    name: first
    reply: dropped
    timeout: 5s
  - {from: "memory:front?protocol=tutorial&method=add", to: memory:back, calls: one_way}
)");
    ASSERT_EQ(proxies.size(), 2U);
    EXPECT_EQ(proxies[0].from.options.url, "tcp://127.0.0.1:0");
    EXPECT_EQ(proxies[0].from.options.methods, Lines{"add"});
    EXPECT_EQ(proxies[0].from.options.limits.connections_max, 8U);
    EXPECT_TRUE(proxies[0].from.options.origin.ends_with("warren.yml:2: proxies[0].from.tcp"));
    const ForwardOptions& first = proxies[0].to;
    EXPECT_EQ(first.to, "tcp://one:1,two:2?connections=3");
    EXPECT_EQ(first.name, "first");
    EXPECT_EQ(first.replies, ForwardReplies::dropped);
    EXPECT_EQ(first.calls, ForwardCalls::answered);
    EXPECT_EQ(first.client.timeout, std::chrono::seconds{5});
    EXPECT_FALSE(first.buffer);
    EXPECT_EQ(proxies[1].to.replies, ForwardReplies::carried);
    EXPECT_EQ(proxies[1].to.calls, ForwardCalls::one_way);
}

TEST_F(ProxiesOfAConfiguration, HaveAddressesInPartsToo) {
    std::ofstream{path("secret")} << "a secret of enough bytes\n";
    std::ofstream{path("address")} << "amqp://user:hush@broker/?queue=q\n";
    test::write_dated_certificate(path("ca.pem"), std::chrono::hours{-1}, std::chrono::hours{1});
    const auto proxies = load(R"(proxies:
  - {from: {tcp: "a:1"}, to: {tcp: "server:2", tls: {ca: ca.pem, verify: none}, connections: 2,
     auth_secret: {file: secret}}}
  - {from: {tcp: "a:2"}, to: {amqp: "amqp://broker/v?heartbeat=5", queue: "a b", protocol: tutorial,
     method: m}}
  - {from: {tcp: "a:3"}, to: {amqp: "amqps://broker/", queue: q, tls: {ca: ca.pem}}}
  - {from: {tcp: "a:4"}, to: {memory: back}}
  - {from: {tcp: "a:5"}, to: {file: address}}
)");
    ASSERT_EQ(proxies.size(), 5U);
    const std::string ca = path("ca.pem");
    const auto encoded = [](std::string text) {
        for (std::size_t at = 0; (at = text.find('/', at)) != std::string::npos;) {
            text.replace(at, 1, "%2F");
        }
        return text;
    };
    EXPECT_EQ(proxies[0].to.to, "tls://server:2?ca=" + encoded(ca) + "&verify=none&connections=2");
    EXPECT_EQ(proxies[0].to.client.auth_secrets, Lines{"a secret of enough bytes"});
    EXPECT_EQ(proxies[1].to.to,
              "amqp://broker/v?heartbeat=5&queue=a%20b&protocol=tutorial&method=m");
    EXPECT_EQ(proxies[2].to.to, "amqps://broker/?queue=q&cacertfile=" + encoded(ca));
    EXPECT_EQ(proxies[3].to.to, "memory:back");
    EXPECT_EQ(proxies[4].to.to, "amqp://user:hush@broker/?queue=q");
}

TEST_F(ProxiesOfAConfiguration, GoOverZeroMQ) {
    const auto proxies = load(R"(proxies:
  - {from: {zmq: "tcp://*:30002", socket: rep}, to: {zmq: "tcp://server:30000", socket: req}, buffered: true}
  - {from: {zmq: "tcp://one:1", socket: sub, protocol: pyzmqrpc}, to: {zmq: ["tcp://*:2", "ipc:///a b"],
     socket: pub, protocol: pyzmqrpc, username: u, password: p, wait_for_subscriber: false}}
  - {from: {zmq: "inproc://x"}, to: {zmq: "tcp://server:3", curve: {server_key:
     "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"}}}
)");
    ASSERT_EQ(proxies.size(), 3U);
    EXPECT_EQ(proxies[0].to.to, "zmq+tcp://server:30000?socket=req");
    EXPECT_TRUE(proxies[0].to.buffer);
    EXPECT_EQ(proxies[1].to.to,
              "zmq+tcp://*:2,zmq+ipc://%2Fa%20b?socket=pub&protocol=pyzmqrpc&username=u&password=p&"
              "wait_for_subscriber=false");
    EXPECT_TRUE(proxies[2].to.to.starts_with("zmq+tcp://server:3?server_key=rq%3A"));
    EXPECT_TRUE(problem("{from: {zmq: 'tcp://*:1'}, to: {zmq: 'tcp://localhost:1'}}")
                    .ends_with("would forward to itself"));
    EXPECT_TRUE(problem("{from: {zmq: 'tcp://localhost:1', socket: sub}, "
                        "to: {zmq: 'tcp://*:1', socket: pub}}")
                    .ends_with("would forward to itself"));
    EXPECT_TRUE(problem("{from: {zmq: 'inproc://x'}, to: {zmq: 'inproc://x'}}")
                    .ends_with("would forward to itself"));
    EXPECT_TRUE(problem("{from: {zmq: 'tcp://*:1'}, to: {zmq: 'tcp://a:1', socket: rep}}")
                    .starts_with("proxies[0].to: The socket 'rep' is a listener's"));
    EXPECT_TRUE(problem("{from: {zmq: 'tcp://*:1'}, to: {zmq: 'a:1'}}")
                    .starts_with("proxies[0].to.zmq: expected an endpoint"));
}

TEST_F(ProxiesOfAConfiguration, MayBeBuffered) {
    const auto proxies = load(R"(proxies:
  - {from: {tcp: "a:1"}, to: tcp://b:1, buffered: true, reply: dropped}
  - {from: {tcp: "a:2"}, to: tcp://b:1, buffered: true, name: orders}
  - {from: {tcp: "a:3"}, to: tcp://b:1, buffer: {file: calls, entries_max: 1, bytes_max: 2,
     failed_entries_max: 3, failed_bytes_max: 4}}
  - {from: {tcp: "a:4"}, to: tcp://b:1, buffered: false}
)");
    ASSERT_EQ(proxies.size(), 4U);
    ASSERT_TRUE(proxies[0].to.buffer && proxies[1].to.buffer && proxies[2].to.buffer);
    EXPECT_EQ(proxies[0].to.buffer->file,
              path("state") + "/tcp%3A%2F%2Fa%3A1%20to%20tcp%3A%2F%2Fb%3A1.buffer");
    EXPECT_EQ(proxies[1].to.buffer->file, path("state") + "/orders.buffer");
    EXPECT_EQ(proxies[1].to.buffer->entries_max, BufferOptions{}.entries_max);
    const BufferOptions& limited = *proxies[2].to.buffer;
    EXPECT_EQ(limited.file, path("calls"));
    EXPECT_EQ(limited.entries_max, 1U);
    EXPECT_EQ(limited.bytes_max, 2U);
    EXPECT_EQ(limited.failed_entries_max, 3U);
    EXPECT_EQ(limited.failed_bytes_max, 4U);
    EXPECT_FALSE(proxies[3].to.buffer);
}

TEST_F(ProxiesOfAConfiguration, AreToldWhatIsWrongAndWhere) {
    const std::string from = "from: {tcp: 'a:1'}";
    const std::string to = "to: 'tcp://b:1'";
    const std::string both = "{" + from + ", " + to;
    EXPECT_EQ(problem("{" + to + "}"), "proxies[0].from: missing");
    EXPECT_EQ(problem("{" + from + "}"), "proxies[0].to: missing");
    EXPECT_EQ(problem(both + ", bufered: true}"),
              "proxies[0].bufered: unknown key (did you mean 'buffered'?)");
    EXPECT_EQ(problem(both + ", x: 1}"),
              "proxies[0].x: unknown key (known: 'from', 'to', 'name', 'reply', 'calls', "
              "'buffered', 'buffer', 'timeout')");
    EXPECT_TRUE(problem("{from: {udp: 1}, " + to + "}").contains("says not where to listen"));
    EXPECT_TRUE(problem("{from: {tcp: 'a'}, " + to + "}").starts_with("proxies[0].from.tcp: "));
    EXPECT_TRUE(problem("{" + from + ", to: nowhere}").starts_with("proxies[0].to: "));
    EXPECT_TRUE(problem("{" + from + ", to: {protocol: arrpc}}").contains("says not where"));
    EXPECT_EQ(problem("{" + from + ", to: {tcp: 'b:1', memory: c}}"),
              "proxies[0].to: is either 'tcp' or 'memory'");
    EXPECT_TRUE(problem("{" + from + ", to: {tcp: 'b:1', colour: red}}")
                    .starts_with("proxies[0].to.colour: Unknown parameter 'colour'"));
    EXPECT_TRUE(problem("{" + from + ", to: {tcp: 'b:1', tls: {colour: red}}}")
                    .starts_with("proxies[0].to.tls.colour: unknown key"));
    EXPECT_TRUE(problem(both + ", reply: lost}").starts_with("proxies[0].reply: 'lost'"));
    EXPECT_TRUE(problem(both + ", calls: lost}").starts_with("proxies[0].calls: 'lost'"));
    EXPECT_TRUE(problem(both + ", buffered: true, reply: carried}")
                    .starts_with("proxies[0].reply: a buffered proxy"));
    EXPECT_EQ(problem(both + ", buffered: false, buffer: {}}"),
              "proxies[0].buffer: stands beside 'buffered: false'");
    EXPECT_TRUE(problem(both + ", buffer: {entries_max: 0}}")
                    .starts_with("proxies[0].buffer.entries_max: must be"));
    EXPECT_TRUE(problem(both + ", buffer: {file: absent/calls}}")
                    .starts_with("proxies[0].buffer.file: there is no directory"));
    EXPECT_TRUE(problem("{from: {tcp: '*:1'}, to: 'tcp://localhost:1'}")
                    .ends_with("would forward to itself"));
}

TEST_F(ProxiesOfAConfiguration, MayStandWithTheirBufferInTheWorkingDirectory) {
    std::ofstream{path("warren.yml")}
        << "proxies: [{from: {tcp: 'a:1'}, to: tcp://b:1, buffer: {file: calls}}]\n";
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(std::filesystem::path{path("warren.yml")}.parent_path());
    const auto config = load_config("warren.yml");
    std::filesystem::current_path(before);
    ASSERT_TRUE(config) << testing::PrintToString(config.error());
    EXPECT_EQ(config->proxies.at(0).to.buffer.value().file, "calls");
}

TEST_F(ProxiesOfAConfiguration, AreHeldAgainstEachOtherAndTheListeners) {
    const Lines found = problems(R"(listeners: [{tcp: "a:1"}]
proxies:
  - {from: {tcp: "a:1"}, to: tcp://b:1}
  - {from: {tcp: "a:2"}, to: tcp://b:1, buffer: {file: calls}}
  - {from: {tcp: "a:2"}, to: tcp://b:2, name: one}
  - {from: {tcp: "a:3"}, to: tcp://b:2, name: one}
  - {from: {tcp: "a:4"}, to: tcp://b:2, buffer: {file: ./calls}}
mock: true
)");
    ASSERT_EQ(found.size(), 5U) << testing::PrintToString(found);
    EXPECT_TRUE(found[0].contains("'mock'")) << found[0];
    EXPECT_EQ(found[1],
              "warren.yml:3: proxies[0].from.tcp: this port is taken by listeners[0] in line 1");
    EXPECT_EQ(found[2],
              "warren.yml:5: proxies[2].from.tcp: this port is taken by proxies[1].from in line 4");
    EXPECT_TRUE(found[3].starts_with("warren.yml:6: proxies[3]: Two proxies are named 'one'"));
    EXPECT_TRUE(found[4].starts_with("warren.yml:7: proxies[4]: Two proxies have the buffer"));
}

TEST_F(ProxiesOfAConfiguration, PublishWhereNobodyElseListens) {
    const Lines found = problems(R"(listeners: [{tcp: "127.0.0.1:1"}]
proxies:
  - {from: {tcp: "a:2"}, to: "zmq+tcp://*:1?socket=pub"}
  - {from: {tcp: "127.0.0.1:3"}, to: "zmq+tcp://127.0.0.1:3?socket=pub"}
  - {from: {tcp: "a:4"}, to: {zmq: "tcp://127.0.0.1:5", socket: pub}}
  - {from: {tcp: "a:6"}, to: "zmq+tcp://127.0.0.1:5?socket=pub"}
  - {from: {tcp: "127.0.0.1:5"}, to: "tcp://127.0.0.1:1"}
admin: {address: "127.0.0.1:7"}
)");
    const Lines wanted{
        "warren.yml:3: proxies[0].to: this port is taken by listeners[0] in line 1",
        "warren.yml:4: proxies[1].to: this port is taken by proxies[1].from in line 4",
        "warren.yml:6: proxies[3].to: this port is taken by proxies[2].to in line 5",
        "warren.yml:7: proxies[4].from.tcp: this port is taken by proxies[2].to in line 5"};
    EXPECT_EQ(found, wanted);
    EXPECT_EQ(load(R"(listeners: [{tcp: "127.0.0.1:1"}]
proxies: [{from: {tcp: "a:2"}, to: "zmq+tcp://127.0.0.1:1?socket=dealer"}]
)")
                  .size(),
              1U);
}

TEST_F(ProxiesOfAConfiguration, BufferInNoOtherFile) {
    const auto proxy_with = [this](const std::string& begin) {
        std::ofstream{path("calls")} << begin;
        return "proxies: [{from: {tcp: 'a:1'}, to: tcp://b:1, buffer: {file: " + path("calls") +
               "}}]\n";
    };
    const std::string sqlite{"SQLite format 3\0", 16};
    for (const std::string& other : {std::string{"hello"}, sqlite + std::string(84, '\0')}) {
        const Lines found = problems(proxy_with(other));
        ASSERT_EQ(found.size(), 1U);
        EXPECT_TRUE(found[0].ends_with("is no buffer of Warren's: name another file")) << found[0];
    }
    EXPECT_EQ(load(proxy_with(sqlite + std::string(52, '\0') + "WQUE")).size(), 1U);
    EXPECT_EQ(load(proxy_with("")).size(), 1U);
}

TEST_F(ProxiesOfAConfiguration, AreNotOfOneVirtualHostAlone) {
    const std::string text = R"(server: {host: h, username: u, password: p}
virtual_hosts: {a: {queue: q, exchanges: {m: null}}}
proxies: [{from: {tcp: "a:1"}, to: tcp://b:1}]
)";
    EXPECT_EQ(load(text).size(), 1U);
    const auto alone = load_config(path("warren.yml"), "a");
    ASSERT_TRUE(alone);
    EXPECT_EQ(alone->listeners.size(), 1U);
    EXPECT_TRUE(alone->proxies.empty());
}

TEST_F(ProxiesOfAConfiguration, NoProblemShowsASecret) {
    const Lines found = problems(R"(proxies:
  - {from: {tcp: "a:1"}, to: "amqp://user:hush@b:port/?queue=q"}
  - {from: {tcp: "a:2"}, to: {amqp: "amqp://user:hush@b/", queues: q}}
  - {from: "amqp://user:hush@b:port/?queue=q", to: {tcp: "b:1", auth_secret: hush, connections: x}}
)");
    ASSERT_GE(found.size(), 3U);
    for (const std::string& problem : found) {
        EXPECT_FALSE(problem.contains("hush")) << problem;
    }
}

}  // namespace
}  // namespace warren::app
