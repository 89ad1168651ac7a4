#include <warren/client.hpp>
#include <warren/server.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

/// What one caller may cost others, and what a client takes, over every transport without a broker.
namespace warren {
namespace {

constexpr int many = 1'000;
const Dynamic nothing = Dynamic::list({});

/// Handlers that wait here heed no stop token.
class Gate {
public:
    ~Gate() { open(); }

    void wait() {
        std::unique_lock lock{mutex_};
        ++waiting_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return is_open_; });
    }
    void await(int count) {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this, count] { return waiting_ >= count; });
    }
    void open() {
        const std::lock_guard lock{mutex_};
        is_open_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int waiting_ = 0;
    bool is_open_ = false;
};

class Limits : public testing::TestWithParam<std::string> {
protected:
    static constexpr int workers = 2;

    Limits() : server_{{.workers = workers}} {
        server_.method("block", [this] { gate_.wait(); });
        server_.method("heed", [this](Context& context) {
            std::promise<void> told;
            const std::stop_callback on_stop{context.stop, [&] { told.set_value(); }};
            heeding_.set_value();
            told.get_future().wait();
            stopped_.set_value(std::chrono::steady_clock::now());
        });
        server_.method("hello", [] { return 1; }).run_on_io_thread();
        server_.method("text",
                       [](int size) { return std::string(static_cast<std::size_t>(size), 'x'); },
                       {"size"});
        server_.method(
            "numbers",
            [](int count) { return std::vector<int>(static_cast<std::size_t>(count), 7); },
            {"count"});
        server_.method("deep",
                       [](int depth) {
                           Dynamic value;
                           for (int level = 0; level < depth; ++level) {
                               value = Dynamic::list({value});
                           }
                           return value;
                       },
                       {"depth"});
        server_.listen({.url = GetParam(), .max_simultaneous_requests = many});
        server_.start();
    }
    ~Limits() override {
        gate_.open();
        server_.stop_now(std::chrono::seconds{30});
    }

    std::string address(std::string_view parameters = {}) const {
        return server_.addresses().front() + std::string{parameters};
    }

    using Outcome = std::expected<Dynamic, Failure>;
    static std::future<Outcome> start(Client& client, std::string_view method,
                                      const CallOptions& options = {}) {
        auto promise = std::make_shared<std::promise<Outcome>>();
        client.start_call(
            method, nothing, [promise](auto outcome) { promise->set_value(std::move(outcome)); },
            options);
        return promise->get_future();
    }
    static std::vector<std::future<Outcome>> start_many(Client& client, std::string_view method,
                                                        const CallOptions& options = {}) {
        std::vector<std::future<Outcome>> started;
        for (int call = 0; call < many; ++call) {
            started.push_back(start(client, method, options));
        }
        return started;
    }
    static int overloaded(std::vector<std::future<Outcome>> calls) {
        int count = 0;
        for (std::future<Outcome>& call : calls) {
            const Outcome outcome = call.get();
            count += outcome ? 0 : 1;
            EXPECT_TRUE(outcome) << to_string(outcome.error());
        }
        return count;
    }

    Gate gate_;
    std::promise<void> heeding_;
    std::promise<std::chrono::steady_clock::time_point> stopped_;  // when it heard
    Server server_;
};

TEST_P(Limits, AThousandCancelledCallsTakeNoPlaceOfTheNextThousand) {
    Client client{address()};
    std::stop_source source;
    auto blocked = start_many(client, "block", {.stop = source.get_token()});
    gate_.await(workers);
    source.request_stop();
    for (auto& call : blocked) {
        EXPECT_EQ(call.get().error().code, Code::cancelled);
    }
    EXPECT_EQ(overloaded(start_many(client, "hello")), 0);
}

TEST_P(Limits, AHandlerHearsThatItsCallIsCancelled) {
    Client client{address()};
    std::stop_source source;
    auto call = start(client, "heed", {.stop = source.get_token()});
    heeding_.get_future().wait();
    const auto asked = std::chrono::steady_clock::now();
    source.request_stop();
    const std::chrono::duration<double, std::milli> took = stopped_.get_future().get() - asked;
    std::printf("from the caller's stop to the handler's: %f ms\n", took.count());
    EXPECT_EQ(call.get().error().code, Code::cancelled);
}

TEST_P(Limits, NorDoThoseOfAClientThatIsClosed) {
    auto closed = std::make_unique<Client>(address());
    auto blocked = start_many(*closed, "block");
    gate_.await(workers);
    closed.reset();
    Client client{address()};
    // Its end may reach the server after the first call of another.
    EXPECT_EQ(client.call("hello", nothing, {.idempotent = true}), Dynamic{1});
    EXPECT_EQ(overloaded(start_many(client, "hello", {.idempotent = true})), 0);
}

TEST_P(Limits, AReplyOverALimitOfTheClientFailsItsCallAlone) {
    struct Case {
        const char* parameters;
        const char* method;
        int at_limit;
        const char* named;
    };
    // Of a reply's message 20 bytes, 5 values and one level are not the data's.
    for (const Case& each : {Case{"?body_bytes_max=100000", "text", 90'000, "body_bytes_max"},
                             Case{"?value_count_max=1000", "numbers", 990, "value_count_max"},
                             Case{"?nesting_depth_max=10", "deep", 9, "nesting_depth_max"}}) {
        Client client{address(each.parameters)};
        const Dynamic fits = Dynamic::list({each.at_limit});
        const Dynamic over = Dynamic::list({2 * each.at_limit});
        EXPECT_NO_THROW(client.call(each.method, fits)) << each.named;
        auto other = start(client, "block");
        for (int round = 0; round < 3; ++round) {
            try {
                client.call(each.method, over);
                ADD_FAILURE() << each.named;
            } catch (const Error& error) {
                EXPECT_EQ(error.code(), Code::reply_over_limit) << error.what();
                EXPECT_NE(error.message().find(each.named), std::string::npos) << error.what();
                EXPECT_NE(error.message().find("this client"), std::string::npos);
            }
            EXPECT_EQ(client.call("hello", nothing), Dynamic{1});
        }
        gate_.open();
        EXPECT_TRUE(other.get()) << "others on the same connection are none the worse";
    }
}

INSTANTIATE_TEST_SUITE_P(Transports, Limits,
                         testing::Values("tcp://127.0.0.1:0", "zmq+tcp://127.0.0.1:0"),
                         [](const auto& transport) {
                             return transport.param.starts_with("zmq") ? std::string{"Zmq"}
                                                                       : std::string{"Tcp"};
                         });

}  // namespace
}  // namespace warren
