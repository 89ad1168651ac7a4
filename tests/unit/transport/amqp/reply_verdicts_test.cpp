#include "transport/amqp/reply_verdicts.hpp"

#include "core/base64.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

namespace warren::transport {
namespace {

using namespace std::string_literals;

/// A direct address of a process of this node.
std::string at_node(const std::string& node, int process = 1) {
    std::string term = "\x83Xw"s;
    term.append(1, static_cast<char>(node.size())).append(node).append("\0\0\0"s);
    term.append(1, static_cast<char>(process)).append("\0\0\0\0\0\0\0\1"s);
    return "amq.rabbitmq.reply-to." + core::base64_encode(term) + ".key";
}

std::string unreadable(int number) {
    return "amq.rabbitmq.reply-to.AAAA" + std::to_string(number) + ".key";
}

class Verdicts : public testing::Test {
protected:
    protocol::MessageView reply(const std::string& address, std::size_t bytes = 0) {
        body_.resize(bytes);
        address_ = address;
        return {.routing_key = address_, .body = body_};
    }

    ReplyVerdicts verdicts;
    runtime::TimePoint now{std::chrono::hours{1}};

private:
    std::string address_;
    std::vector<std::byte> body_;
};

TEST_F(Verdicts, OfANodeCountForAllOfItsAddresses) {
    EXPECT_TRUE(verdicts.is_stranger(reply(at_node("a@b"))));
    EXPECT_FALSE(verdicts.is_good(reply(at_node("a@b"))));
    EXPECT_FALSE(verdicts.is_hopeless(reply(at_node("a@b")), now));
    verdicts.taken(reply(at_node("a@b", 1)));
    EXPECT_TRUE(verdicts.is_good(reply(at_node("a@b", 2))));
    EXPECT_FALSE(verdicts.is_stranger(reply(at_node("a@b", 2))));
    EXPECT_TRUE(verdicts.is_stranger(reply(at_node("c@d"))));

    EXPECT_TRUE(verdicts.is_calm(now));
    verdicts.cost_connection(reply(at_node("c@d", 1)), now);
    EXPECT_FALSE(verdicts.is_calm(now));
    EXPECT_TRUE(verdicts.is_hopeless(reply(at_node("c@d", 2)), now));
    EXPECT_FALSE(verdicts.is_hopeless(reply(at_node("a@b")), now));
    EXPECT_TRUE(verdicts.is_good(reply(at_node("a@b"))));
}

TEST_F(Verdicts, OfAQueueCountForItAlone) {
    EXPECT_FALSE(verdicts.is_stranger(reply("queue")));
    EXPECT_FALSE(verdicts.is_good(reply("queue")));
    verdicts.taken(reply("queue"));
    EXPECT_TRUE(verdicts.is_good(reply("queue")));
    EXPECT_FALSE(verdicts.is_good(reply("other")));
    verdicts.cost_connection(reply("other"), now);
    EXPECT_TRUE(verdicts.is_hopeless(reply("other"), now));
    EXPECT_FALSE(verdicts.is_hopeless(reply("queue"), now));
    protocol::MessageView through = reply("queue");
    through.exchange = "exchange";
    EXPECT_FALSE(verdicts.is_good(through));
}

TEST_F(Verdicts, OfWhatCannotBeReadCountAgainstAllOfIt) {
    verdicts.cost_connection(reply(unreadable(1)), now);
    EXPECT_TRUE(verdicts.is_hopeless(reply(unreadable(2)), now));
    EXPECT_FALSE(verdicts.is_hopeless(reply(at_node("a@b")), now));
}

TEST_F(Verdicts, OfABrokerThatReadsMoreThanWeDoCountForOneAddress) {
    verdicts.taken(reply(unreadable(1)));
    EXPECT_TRUE(verdicts.is_good(reply(unreadable(1))));
    EXPECT_TRUE(verdicts.is_stranger(reply(unreadable(2))));
    verdicts.cost_connection(reply(unreadable(2)), now);
    EXPECT_TRUE(verdicts.is_hopeless(reply(unreadable(2)), now));
    EXPECT_FALSE(verdicts.is_hopeless(reply(unreadable(3)), now));
}

TEST_F(Verdicts, StrangersCostSoManyConnectionsInATime) {
    verdicts.taken(reply(at_node("a@b")));
    for (int number = 0; number != ReplyVerdicts::breaks_max; ++number) {
        EXPECT_FALSE(verdicts.is_hopeless(reply(at_node("c@d")), now)) << number;
        verdicts.cost_connection(reply(at_node(std::to_string(number))), now);
    }
    EXPECT_TRUE(verdicts.is_hopeless(reply(at_node("c@d")), now));
    EXPECT_TRUE(verdicts.is_hopeless(reply(unreadable(1)), now));
    EXPECT_FALSE(verdicts.is_hopeless(reply(at_node("a@b")), now)) << "it is known";
    EXPECT_FALSE(verdicts.is_hopeless(reply("queue"), now));

    now += ReplyVerdicts::window - std::chrono::milliseconds{1};
    EXPECT_TRUE(verdicts.is_hopeless(reply(at_node("0")), now));
    now += std::chrono::milliseconds{1};
    EXPECT_FALSE(verdicts.is_hopeless(reply(at_node("c@d")), now));
    EXPECT_FALSE(verdicts.is_hopeless(reply(at_node("0")), now)) << "it may be there now";
    EXPECT_TRUE(verdicts.is_calm(now));
    EXPECT_TRUE(verdicts.is_good(reply(at_node("a@b"))));
}

TEST_F(Verdicts, SoManyNodesProveThemselvesInATime) {
    for (int number = 0; number != ReplyVerdicts::nodes_max; ++number) {
        EXPECT_FALSE(verdicts.is_hopeless(reply(at_node("c@d")), now)) << number;
        verdicts.taken(reply(at_node(std::to_string(number))));
        verdicts.taken(reply(at_node(std::to_string(number), 2)));
    }
    EXPECT_TRUE(verdicts.is_hopeless(reply(at_node("c@d")), now));
    EXPECT_TRUE(verdicts.is_good(reply(at_node("0"))));
    EXPECT_FALSE(verdicts.is_hopeless(reply(at_node("c@d")), now + ReplyVerdicts::window));
}

TEST_F(Verdicts, ARefusedSizeCountUntilOneIsTaken) {
    verdicts.taken(reply("queue"));
    verdicts.refused_size(100);
    verdicts.refused_size(200);
    EXPECT_TRUE(verdicts.is_good(reply("queue", 99)));
    EXPECT_FALSE(verdicts.is_good(reply("queue", 100)));
    EXPECT_TRUE(verdicts.is_too_large(reply("queue", 100)));
    verdicts.taken(reply("queue", 150));
    EXPECT_TRUE(verdicts.is_good(reply("queue", 150)));
    EXPECT_FALSE(verdicts.is_good(reply("queue", 151)));
}

TEST_F(Verdicts, TheGoodAreDoubtedWhenOneOfThemWasNot) {
    verdicts.taken(reply("queue"));
    verdicts.taken(reply(at_node("a@b")));
    verdicts.lost_channel(now);
    EXPECT_FALSE(verdicts.is_good(reply("queue")));
    EXPECT_TRUE(verdicts.is_good(reply(at_node("a@b")))) << "no direct address closes a channel";
    for (int number = 0; number != ReplyVerdicts::breaks_max; ++number) {
        verdicts.cost_connection(reply(at_node(std::to_string(number))), now);
    }
    verdicts.lost_connection(now);
    EXPECT_FALSE(verdicts.is_good(reply(at_node("a@b"))));
    EXPECT_FALSE(verdicts.is_hopeless(reply(at_node("a@b")), now)) << "it is tried again";
    EXPECT_FALSE(verdicts.is_calm(now));
}

TEST_F(Verdicts, DistrustEndsWithItsTimeAndRepliesGoAsBefore) {
    constexpr std::chrono::milliseconds moment{1};
    const std::string direct = at_node("a@b");
    EXPECT_FALSE(verdicts.is_suspect(reply("queue"), now)) << "nothing has broken yet";
    for (const bool is_channel : {true, false}) {
        if (is_channel) {
            verdicts.lost_channel(now);
        } else {
            verdicts.lost_connection(now);
        }
        EXPECT_TRUE(verdicts.is_suspect(reply("queue"), now));
        verdicts.taken(reply("other"));
        EXPECT_FALSE(verdicts.is_suspect(reply("other"), now)) << "its like was taken since";
        now += ReplyVerdicts::distrust_lasts - moment;
        EXPECT_TRUE(verdicts.is_suspect(reply("queue"), now));
        EXPECT_FALSE(verdicts.is_suspect(reply("queue"), now + moment));
        EXPECT_TRUE(verdicts.is_suspect(reply(direct), now + moment))
            << "a node that has taken none is a stranger at any time";
        now += moment;
    }
    verdicts.lost_channel(now);
    now += ReplyVerdicts::distrust_lasts - moment;
    verdicts.lost_channel(now);
    EXPECT_TRUE(verdicts.is_suspect(reply("queue"), now + moment)) << "each break begins it anew";
    verdicts.refused_size(100);
    now += ReplyVerdicts::distrust_lasts;
    EXPECT_FALSE(verdicts.is_suspect(reply("queue", 99), now));
    EXPECT_TRUE(verdicts.is_suspect(reply("queue", 100), now)) << "a size is no matter of time";
    verdicts.taken(reply(direct));
    EXPECT_FALSE(verdicts.is_suspect(reply(direct), now));
    EXPECT_FALSE(verdicts.is_suspect(reply(at_node("a@b", 2)), now));
}

}  // namespace
}  // namespace warren::transport
