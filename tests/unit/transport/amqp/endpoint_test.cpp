#include "transport/amqp/endpoint.hpp"

#include "transport/amqp/refusal.hpp"

#include <gtest/gtest.h>

namespace warren::transport {
namespace {

std::expected<AmqpEndpoint, Failure> read(std::string_view text) {
    return amqp_endpoint(core::parse_uri(text).value());
}

TEST(AmqpEndpoint, TakesDefaults) {
    const AmqpEndpoint endpoint = read("amqp://broker").value();
    EXPECT_EQ(endpoint.port, 5672);
    EXPECT_FALSE(endpoint.tls);
    EXPECT_EQ(endpoint.connection.vhost, "/");
    EXPECT_EQ(endpoint.connection.heartbeat, std::chrono::seconds{5});
    EXPECT_EQ(endpoint.reconnect_pause_max, std::chrono::seconds{2});
    EXPECT_EQ(endpoint.topology_check, std::chrono::seconds{10});
    EXPECT_EQ(std::get<amqp::PlainLogin>(endpoint.connection.login).user, "guest");
    EXPECT_EQ(endpoint.display(), "amqp://broker:5672");
}

TEST(AmqpEndpoint, ReadsEveryParameter) {
    const AmqpEndpoint endpoint =
        read(
            "amqps://us%40er:p%2Fw@[::1]:7/a%2Fb?cacertfile=/ca&certfile=/c&keyfile=/k"
            "&verify=verify_none&server_name_indication=n&auth_mechanism=external&heartbeat=5"
            "&connection_timeout=250&channel_max=9&reconnect_pause_max=1s&topology_check=0s")
            .value();
    ASSERT_TRUE(endpoint.tls);
    EXPECT_EQ(endpoint.tls->ca_file, "/ca");
    EXPECT_EQ(endpoint.tls->certificate_file, "/c");
    EXPECT_EQ(endpoint.tls->key_file, "/k");
    EXPECT_EQ(endpoint.tls->verify, TlsVerify::none);
    EXPECT_EQ(endpoint.tls->server_name, "n");
    EXPECT_TRUE(std::holds_alternative<amqp::ExternalLogin>(endpoint.connection.login));
    EXPECT_EQ(endpoint.connection.heartbeat, std::chrono::seconds{5});
    EXPECT_EQ(endpoint.connect_timeout, std::chrono::milliseconds{250});
    EXPECT_EQ(endpoint.connection.channel_max, 9);
    EXPECT_EQ(endpoint.reconnect_pause_max, std::chrono::seconds{1});
    EXPECT_EQ(endpoint.topology_check, std::chrono::seconds{0});
    EXPECT_EQ(endpoint.display(), "amqps://[::1]:7/a%2Fb");
}

TEST(AmqpEndpoint, TakesTheNodesOfACluster) {
    const AmqpEndpoint endpoint = read("amqps://u:p@a,b:7,[::1]/v?heartbeat=9").value();
    EXPECT_EQ(endpoint.display(), "amqps://a:5671,b:7,[::1]:5671/v");
    const std::vector<AmqpEndpoint> nodes = endpoint.nodes();
    ASSERT_EQ(nodes.size(), 3U);
    EXPECT_EQ(nodes[0].display(), "amqps://a:5671/v");
    EXPECT_EQ(nodes[1].dial_target().display, "amqps://b:7/v");
    EXPECT_EQ(nodes[2].host, "::1");
    EXPECT_EQ(nodes[2].connection.heartbeat, std::chrono::seconds{9});
}

TEST(RetryClass, SaysThatAnotherClientHasTheReplyQueue) {
    const Failure failure =
        explain(amqp::ChannelClosed{.code = 403,
                                    .text = "ACCESS_REFUSED - queue 'r' in vhost '/' in exclusive "
                                            "use"},
                AmqpEndpoint{}, "Consuming the queue 'r'");
    EXPECT_EQ(failure.code, Code::conflict);
    EXPECT_NE(failure.message.find("reply_queue"), std::string::npos);
}

TEST(AmqpEndpoint, RefusesWhatItDoesNotKnow) {
    for (const std::string_view text :
         {"http://h", "amqp://h?what=1", "amqp://h?cacertfile=/ca", "amqp://h?heartbeat=x",
          "amqp://h?heartbeat=65536", "amqp://h?connection_timeout=0", "amqps://h?verify=maybe",
          "amqp://h?reconnect_pause_max=0s", "amqp://h?reconnect_pause_max=61m",
          "amqp://h?topology_check=5", "amqp://a,b:0", "amqps://h?keyfile=/k",
          "amqp://h?auth_mechanism=magic", "amqp://h/a/b"}) {
        const auto endpoint = read(text);
        ASSERT_FALSE(endpoint) << text;
        EXPECT_EQ(endpoint.error().code, Code::invalid_request) << text;
    }
    // A program beside this one may bring the certificate.
    EXPECT_TRUE(read("amqp://h?auth_mechanism=external"));
    const Failure nobody = read("amqps://h?auth_mechanism=external").error();
    EXPECT_EQ(nobody.code, Code::invalid_request);
    EXPECT_NE(nobody.message.find("add 'certfile' and 'keyfile'"), std::string::npos);
    EXPECT_NE(read("amqp://h?what=1").error().message.find("heartbeat"), std::string::npos);
}

TEST(RetryClass, TellsTheDifferenceInShape) {
    const auto told = [](const std::string& difference) {
        const Failure failure = explain(
            amqp::ChannelClosed{.code = 406,
                                .text = "PRECONDITION_FAILED - inequivalent arg " + difference},
            AmqpEndpoint{}, "The queue 'q'");
        EXPECT_EQ(failure.code, Code::contract_mismatch);
        const std::size_t begin = failure.message.find(": ") + 2;
        return failure.message.substr(begin, failure.message.find(';') - begin);
    };
    EXPECT_EQ(told("'durable' for queue 'q' in vhost '/': received 'true' but current is 'false'"),
              "'durable' is declared as 'true', but 'false' exists");
    EXPECT_EQ(told("'x-queue-type' for queue 'q' in vhost '/': received none but current is the "
                   "value 'quorum' of type 'longstr'"),
              "'x-queue-type' is not declared, but 'quorum' exists");
    EXPECT_EQ(told("'x-queue-type' for queue 'q' in vhost '/': received the value 'quorum' of type "
                   "'longstr' but current is none"),
              "'x-queue-type' is declared as 'quorum', but none exists");
}

TEST(RetryClass, ShowsAPeersWordsOnOneShortLine) {
    EXPECT_EQ(peer_words("a\nb\xff"), "a\\x0ab\\xff");
    EXPECT_EQ(peer_words(std::string(512, 'x')).size(), 512U);
    EXPECT_EQ(peer_words(std::string(513, 'x')).size(), 512U);
    EXPECT_EQ(quoted_after("no exchange 'it's' in vhost '/'", "no exchange "), "it's");
    EXPECT_EQ(quoted_after("no exchange 'open", "no exchange "), "");
}

}  // namespace
}  // namespace warren::transport
