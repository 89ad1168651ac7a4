#include "transport/amqp/reply_trials.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace warren::transport {
namespace {

using boost::asio::ip::tcp;

/// Beside a broker that never answers: what is to be tried there waits.
class Trials : public testing::Test, public ReplyTrialsUser {
protected:
    void add(const std::string& address, std::size_t bytes = 0) {
        body_.resize(bytes);
        trials.add({.generation = 1, .tag = ++last_tag_},
                   {.routing_key = address, .body = body_, .body_bytes = bytes});
    }

    /// What was asked for so far is done.
    void turn() {
        executor.post([this] { executor.stop(); });
        executor.run();
    }

    void on_tried(runtime::DeliveryId delivery, const protocol::MessageView&,
                  const Failure* why) override {
        ASSERT_NE(why, nullptr);
        EXPECT_EQ(why->code, Code::overloaded);
        EXPECT_EQ(why->message, "Too many replies wait to be tried on a second connection");
        refused.push_back(delivery.tag);
    }
    void on_untried(runtime::DeliveryId, const protocol::MessageView&, const Failure&) override {
        FAIL();
    }
    void on_hopeless(runtime::DeliveryId, const protocol::MessageView&) override { FAIL(); }
    void on_unroutable(const protocol::MessageView&) override { FAIL(); }

    AmqpEndpoint silent() const {
        AmqpEndpoint endpoint;
        endpoint.host = "127.0.0.1";
        endpoint.port = acceptor_.local_endpoint().port();
        return endpoint;
    }

private:
    boost::asio::io_context context_;
    tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
    std::vector<std::byte> body_;
    std::uint64_t last_tag_ = 0;

protected:
    AsioExecutor executor;
    const std::shared_ptr<Link> link = make_link(executor, silent());
    Link& main = *link;
    ReplyVerdicts verdicts;
    ReplyTrials trials{main, verdicts, *this};
    std::vector<std::uint64_t> refused;  // tags
};

TEST_F(Trials, KeepSoManyReplies) {
    for (std::size_t count = 0; count != ReplyTrials::kept_max; ++count) {
        add("queue");
    }
    turn();
    EXPECT_TRUE(refused.empty());
    add("queue");
    turn();
    EXPECT_EQ(refused, std::vector<std::uint64_t>{ReplyTrials::kept_max + 1});
}

TEST_F(Trials, KeepSoManyBytes) {
    constexpr std::uint64_t replies = 64;
    for (std::uint64_t count = 0; count != replies; ++count) {
        add("queue", ReplyTrials::kept_bytes_max / replies);
    }
    turn();
    EXPECT_TRUE(refused.empty());
    add("queue", 1);
    add("queue", 0);
    turn();
    EXPECT_EQ(refused, std::vector<std::uint64_t>{replies + 1}) << "an empty one takes no room";
}

TEST_F(Trials, KeepSoManyStrangers) {
    const std::string stranger = "amq.rabbitmq.reply-to.AAAA.key";
    for (std::size_t count = 0; count != ReplyTrials::strangers_max; ++count) {
        add(stranger);
    }
    turn();
    EXPECT_TRUE(refused.empty());
    add(stranger);
    add("queue");
    turn();
    EXPECT_EQ(refused, std::vector<std::uint64_t>{ReplyTrials::strangers_max + 1})
        << "others than strangers have room";
}

}  // namespace
}  // namespace warren::transport
