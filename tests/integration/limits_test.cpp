#include <warren/client.hpp>
#include <warren/server.hpp>

#include "integration/amqp_harness.hpp"
#include "support/served.hpp"
#include "unit/transport/tcp/certificates.hpp"

#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// What is over a limit, on every transport, in both directions and on both sides: the call fails
// alone, and its failure says which limit of whom it is.
namespace warren::test {
namespace {

constexpr std::size_t bytes_max = 100'000;
constexpr std::size_t count_max = 1'000;
constexpr std::size_t depth_max = 12;

/// What there is much of.
struct Kind {
    std::string_view name;
    const char* limit;
    std::size_t max;
};
constexpr std::array kinds{Kind{"bytes", "body_bytes_max", bytes_max},
                           Kind{"values", "value_count_max", count_max},
                           Kind{"levels", "nesting_depth_max", depth_max}};

Dynamic much(std::string_view kind, std::size_t size) {
    if (kind == "bytes") {
        return Dynamic{std::string(size, 'x')};
    }
    Dynamic value{7};
    if (kind == "levels") {
        for (std::size_t level = 0; level < size; ++level) {
            value = Dynamic::list({value});
        }
        return value;
    }
    Arena arena;
    const auto items = arena.array<Value>(size);
    std::ranges::fill(items, Value::integer(7));
    return Dynamic{Value::list(items)};
}

struct Transport {
    std::string name;
    std::string url;
    std::string protocol;
};

std::vector<Transport> transports() {
    std::vector<Transport> all{{"tcp", "tcp://127.0.0.1:0", "msgpack-rpc"},
                               {"tls", "tls://127.0.0.1:0", "msgpack-rpc"},
                               {"arrpc", "tcp://127.0.0.1:0", "arrpc"},
                               {"zmq", "zmq+tcp://127.0.0.1:0", "msgpack-rpc"},
                               {"pyzmqrpc", "zmq+tcp://127.0.0.1:0", "pyzmqrpc"}};
    for (const std::string protocol : {"cyberfusion", "tutorial", "callme"}) {
        all.push_back({"memory_" + protocol, "memory:limits", protocol});
        all.push_back({"amqp_" + protocol, "", protocol});
    }
    return all;
}

/// A server that gives back as much as it is asked for.
class Limits : public testing::TestWithParam<Transport> {
protected:
    void serve(ServerOptions options = {}) {
        server_ = std::make_unique<Server>(options);
        const auto& [name, url, protocol] = GetParam();
        server_->method("make",
                        [](const Dynamic& what) {
                            if (!what.value().is_text()) {
                                return Dynamic{1};
                            }
                            const std::string_view text = what.value().as_text();
                            std::size_t size = 0;
                            const std::size_t at = text.find(' ');
                            if (at == std::string_view::npos) {
                                return Dynamic{1};
                            }
                            std::from_chars(text.data() + at + 1, text.data() + text.size(), size);
                            return much(text.substr(0, at), size);
                        },
                        {"what"});
        ListenerOptions listener{.url = is_amqp() ? RabbitMq::shared().uri() : url,
                                 .protocol = protocol};
        if (name == "tls") {
            const auto& made = transport::test::Certificates::shared();
            listener.tcp.tls = ListenerTls{.certificate_file = made.path("server.pem"),
                                           .key_file = made.path("server.key")};
        }
        if (protocol == "callme") {
            listener.callme.server_id = "limits";
        } else if (is_amqp()) {
            listener.queue = {.name = "limits_" + protocol, .durable = true};
        }
        if (protocol == "tutorial" || protocol == "arrpc") {
            listener.methods = {"make"};
        }
        server_->listen(listener);
        std::promise<void> ready;
        server_->on_ready([&ready] { ready.set_value(); });
        server_->start();
        ready.get_future().wait();
    }

    std::string address(std::string_view limit = {}, std::size_t max = 0) const {
        std::string text = server_->addresses().front();
        const auto add = [&text](const std::string& parameter) {
            text += (text.contains('?') ? "&" : "?") + parameter;
        };
        if (GetParam().name == "tls") {
            add("ca=" + transport::test::Certificates::shared().path("ca.pem"));
        }
        if (!limit.empty()) {
            add(std::string{limit} + "=" + std::to_string(max));
        }
        return text;
    }

    static Dynamic call(Client& client, const Dynamic& what) {
        const std::string& protocol = GetParam().protocol;
        const bool is_bare = protocol == "tutorial" || protocol == "arrpc";
        return client.call("make", is_bare ? Dynamic{what} : Dynamic::map({{"what", what}}),
                           {.idempotent = true});
    }

    /// The call fails with this, and the next one does not.
    static void expect(Client& client, const Dynamic& what, Code code, const Kind& kind,
                       std::string_view side) {
        for (int round = 0; round < 2; ++round) {
            const Failure failure = failure_of([&] { call(client, what); });
            const std::string text = to_string(failure);
            EXPECT_TRUE(failure.code == code && text.contains(kind.limit) && text.contains(side))
                << kind.name << ": " << text;
            EXPECT_NO_THROW(call(client, Dynamic{1})) << kind.name;
        }
    }

    /// What a server answers has no codes in arrpc.
    static Code refusal(Code code) { return GetParam().protocol == "arrpc" ? Code::failed : code; }
    static bool is_amqp() { return GetParam().url.empty(); }

    std::unique_ptr<Server> server_;
};

ServerOptions limited(const Kind& kind) {
    ServerOptions options;
    (kind.name == "bytes"    ? options.body_bytes_max
     : kind.name == "values" ? options.value_count_max
                             : options.nesting_depth_max) = kind.max;
    return options;
}

Dynamic ask_for(const Kind& kind, std::size_t size) {
    return Dynamic{std::string{kind.name} + " " + std::to_string(size)};
}

TEST_P(Limits, OfARequestAtItsClient) {
    serve();
    for (const Kind& kind : kinds) {
        Client client{address(kind.limit, kind.max)};
        EXPECT_NO_THROW(call(client, much(kind.name, kind.max / 2))) << kind.name;
        expect(client, much(kind.name, 2 * kind.max), Code::invalid_request, kind, "are sent");
    }
}

TEST_P(Limits, OfARequestAtItsServer) {
    for (const Kind& kind : kinds) {
        serve(limited(kind));
        Client client{address()};
        EXPECT_NO_THROW(call(client, much(kind.name, kind.max / 2))) << kind.name;
        expect(client, much(kind.name, 2 * kind.max), refusal(Code::invalid_request), kind,
               GetParam().protocol == "pyzmqrpc" ? "marshalled command" : "take");
    }
}

TEST_P(Limits, OfAReplyAtItsClient) {
    serve();
    for (const Kind& kind : kinds) {
        Client client{address(kind.limit, kind.max)};
        EXPECT_NO_THROW(call(client, ask_for(kind, kind.max / 2))) << kind.name;
        expect(client, ask_for(kind, 2 * kind.max), Code::reply_over_limit, kind, "this client");
    }
}

TEST_P(Limits, OfAReplyAtItsServer) {
    const Kind& bytes = kinds.front();
    serve(limited(bytes));
    Client client{address()};
    EXPECT_NO_THROW(call(client, ask_for(bytes, bytes.max / 2)));
    expect(client, ask_for(bytes, 2 * bytes.max), refusal(Code::internal), bytes, "are sent");
}

INSTANTIATE_TEST_SUITE_P(Transports, Limits, testing::ValuesIn(transports()),
                         [](const auto& transport) { return transport.param.name; });

}  // namespace
}  // namespace warren::test
