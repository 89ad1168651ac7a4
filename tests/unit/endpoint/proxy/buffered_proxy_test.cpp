#include <warren/client.hpp>
#include <warren/server.hpp>

#include "support/http_peer.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

// A server that keeps calls on a disk until the server behind it has had them.
namespace buffered_proxy_test {

using namespace std::chrono_literals;
using namespace warren;

constexpr auto patience = 30s;  // with what hangs; no measurement

using Numbers = std::vector<int>;

class BufferedProxyTest : public testing::Test {
protected:
    static std::string target_url() {
        return std::string{"memory:"} +
               testing::UnitTest::GetInstance()->current_test_info()->name();
    }

    ForwardOptions to_target(BufferOptions buffer) const {
        if (buffer.file.empty()) {
            buffer.file = directory_.file("calls");
        }
        return {.to = target_url() + "?queue=target", .name = "kept", .buffer = std::move(buffer)};
    }

    /// Begin to take calls on to the target.
    static void start(Server& proxy, ForwardOptions to) {
        proxy.forward({.url = "tcp://127.0.0.1:0"}, std::move(to));
        proxy.start();
    }

    static std::expected<std::string, Failure> send(const Server& proxy, int number) {
        try {
            Client client{proxy.addresses().front()};
            return client.call_for_reply("take", Dynamic::map({{"number", number}})).message;
        } catch (const Error& error) {
            return std::unexpected{error.failure()};
        }
    }

    void start_target() {
        target_.method("take",
                       [this](int number) {
                           const std::lock_guard lock{mutex_};
                           taken_.push_back(number);
                           changed_.notify_all();
                       },
                       {"number"});
        target_.listen({.url = target_url(), .methods = {"take"}, .queue = {.name = "target"}});
        target_.start();
    }

    /// out  what the target has taken, once that is so many
    Numbers await(std::size_t count) {
        std::unique_lock lock{mutex_};
        EXPECT_TRUE(changed_.wait_for(lock, patience, [&] { return taken_.size() >= count; }));
        return taken_;
    }

    test::TemporaryDirectory directory_;

private:
    std::mutex mutex_;  // of what follows
    std::condition_variable changed_;
    Numbers taken_;
    Server target_;
};

TEST_F(BufferedProxyTest, AcceptsWithoutTheOtherSideAndKeepsOrderOverARestart) {
    {
        Server proxy;
        start(proxy, to_target({}));
        for (const int number : {1, 2, 3}) {
            EXPECT_EQ(send(proxy, number), "accepted");
        }
        EXPECT_TRUE(proxy.drain(patience));
    }
    Server proxy;
    start(proxy, to_target({}));
    EXPECT_EQ(send(proxy, 4), "accepted");
    start_target();
    EXPECT_EQ(await(4), (Numbers{1, 2, 3, 4}));
}

TEST_F(BufferedProxyTest, RefusesOverItsLimitAndShowsWhatWaits) {
    Server proxy{{.admin_address = "127.0.0.1:0"}};
    start(proxy, to_target({.entries_max = 2}));
    EXPECT_EQ(send(proxy, 1), "accepted");
    EXPECT_EQ(send(proxy, 2), "accepted");
    const auto refused = send(proxy, 3);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::overloaded);
    EXPECT_TRUE(refused.error().message.contains("entries_max")) << refused.error().message;
    const std::string text = test::http_get(proxy.admin_address(), "/metrics");
    EXPECT_TRUE(text.contains("warren_buffer_entries{proxy=\"kept\"} 2")) << text;
    start_target();
    EXPECT_EQ(await(2), (Numbers{1, 2}));
}

TEST_F(BufferedProxyTest, SaysWhyAFileCannotBeHad) {
    const auto refusal = [this](const std::string& file) {
        Server proxy;
        try {
            start(proxy, to_target({.file = file}));
        } catch (const Error& error) {
            return error.message();
        }
        return std::string{"(started)"};
    };
    const std::string absent = directory_.file("absent") + "/calls";
    EXPECT_TRUE(refusal(absent).contains(absent)) << refusal(absent);
    Server first;
    start(first, to_target({}));
    const std::string second = refusal(directory_.file("calls"));
    EXPECT_TRUE(second.contains("another proxy")) << second;
    ForwardOptions nameless = to_target({});
    nameless.buffer->file.clear();
    Server proxy;
    EXPECT_THROW(proxy.forward({.url = "tcp://127.0.0.1:0"}, nameless), Error);
}

}  // namespace buffered_proxy_test
