#include <warren/client.hpp>
#include <warren/server.hpp>

#include "integration/amqp_harness.hpp"
#include "support/http_peer.hpp"
#include "support/served.hpp"

#include <future>
#include <memory>
#include <string>

// Large messages between Warren's own, on every transport that has room to say how they are
// compressed.
namespace warren::test {
namespace {

struct Cell {
    std::string name;
    std::string url;  // empty: the broker's
    std::string protocol;
};

std::vector<Cell> cells() {
    std::vector<Cell> all{{"tcp", "tcp://127.0.0.1:0", "msgpack-rpc"},
                          {"zmq", "zmq+tcp://127.0.0.1:0", "msgpack-rpc"}};
    for (const std::string protocol : {"cyberfusion", "tutorial", "callme"}) {
        all.push_back({"memory_" + protocol, "memory:compression", protocol});
        all.push_back({"amqp_" + protocol, "", protocol});
    }
    return all;
}

/// A server that gives back what it gets.
class Compression : public testing::TestWithParam<Cell> {
protected:
    void serve(std::optional<std::size_t> least = std::size_t{64} << 10) {
        server_ = std::make_unique<Server>(ServerOptions{.admin_address = "127.0.0.1:0"});
        server_->method("give", [](const Dynamic& value) { return value; }, {"value"});
        const auto& [name, url, protocol] = GetParam();
        ListenerOptions listener{.url = url.empty() ? RabbitMq::shared().uri() : url,
                                 .protocol = protocol};
        listener.compress_bytes_min = least;
        if (protocol == "callme") {
            listener.callme.server_id = "compression";
        } else if (url.empty()) {
            listener.queue = {.name = "compression_" + protocol, .durable = true};
        }
        if (protocol == "tutorial") {
            listener.methods = {"give"};
        }
        server_->listen(listener);
        std::promise<void> ready;
        server_->on_ready([&ready] { ready.set_value(); });
        server_->start();
        ready.get_future().wait();
    }

    std::string address(const std::string& parameters) const {
        const std::string text = server_->addresses().front();
        return text + (text.contains('?') ? "&" : "?") + parameters;
    }

    static Dynamic give(Client& client, const Dynamic& value) {
        return client.call(
            "give", GetParam().protocol == "tutorial" ? value : Dynamic::map({{"value", value}}));
    }

    /// What went in both directions, as the server counts it.
    std::pair<double, double> bytes() const {
        const std::string text = http_get(server_->admin_address(), "/metrics");
        const auto of = [&text](const std::string& name) {
            const std::size_t at = text.find("\n" + name + "{");
            return at == std::string::npos ? 0.0 : std::stod(text.substr(text.find("} ", at) + 2));
        };
        return {of("warren_server_bytes_received_total"), of("warren_server_bytes_sent_total")};
    }

    std::unique_ptr<Server> server_;
};

const Dynamic large{std::string(1'000'000, 'x')};

TEST_P(Compression, WhatIsLargeGoesSmallBothWaysAndComesAsItWas) {
    serve();
    for (const char* const kind : {"zstd", "gzip"}) {
        Client client{address(std::string{"peer=warren&compress="} + kind)};
        const auto before = bytes();
        EXPECT_EQ(give(client, large), large);
        const auto after = bytes();
        EXPECT_LT(after.first - before.first, 10'000) << kind;
        EXPECT_LT(after.second - before.second, 10'000) << kind;
        EXPECT_EQ(give(client, Dynamic{"small"}), Dynamic{"small"});
    }
}

TEST_P(Compression, WhoDoesNotAskForItGetsWhatItAlwaysGot) {
    serve();
    Client client{address("peer=warren")};
    const auto before = bytes();
    EXPECT_EQ(give(client, large), large);
    const auto after = bytes();
    EXPECT_GE(after.first - before.first, 1'000'000);
    EXPECT_GE(after.second - before.second, 1'000'000);
}

TEST_P(Compression, AServerThatCompressesNothingReadsWhatIsCompressed) {
    serve(std::nullopt);
    Client client{address("peer=warren&compress=zstd")};
    const auto before = bytes();
    EXPECT_EQ(give(client, large), large);
    const auto after = bytes();
    EXPECT_LT(after.first - before.first, 10'000);
    EXPECT_GE(after.second - before.second, 1'000'000);
}

TEST_P(Compression, LimitsAreOfWhatComesOut) {
    serve();
    Client limited{address("peer=warren&compress=zstd&body_bytes_max=100000")};
    const Failure sent = failure_of([&] { give(limited, large); });
    EXPECT_EQ(sent.code, Code::invalid_request) << to_string(sent);
    EXPECT_TRUE(to_string(sent).contains("body_bytes_max")) << to_string(sent);
    EXPECT_EQ(give(limited, Dynamic{1}), Dynamic{1});
}

INSTANTIATE_TEST_SUITE_P(Transports, Compression, testing::ValuesIn(cells()),
                         [](const auto& cell) { return cell.param.name; });

TEST(CompressionAddress, IsRefusedWhereThereIsNoRoomForIt) {
    const auto refusal = [](const char* address) {
        return failure_of([&] { Client{address}; }).message;
    };
    EXPECT_TRUE(refusal("amqp://localhost/?queue=q&compress=zstd").contains("peer=warren"));
    EXPECT_TRUE(refusal("tcp://localhost:1?peer=foreign&compress=zstd").contains("peer=warren"));
    EXPECT_TRUE(refusal("tcp://localhost:1?compress=br").contains("gzip, zstd"));
    EXPECT_TRUE(refusal("arrpc://localhost:1?method=m&compress=zstd").contains("of the protocols"));
    EXPECT_TRUE(refusal("zmq+tcp://localhost:1?protocol=pyzmqrpc&compress=gzip")
                    .contains("of the protocols"));
}

}  // namespace
}  // namespace warren::test
