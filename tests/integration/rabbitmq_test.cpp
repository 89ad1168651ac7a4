#include "support/rabbitmq.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace warren::test {
namespace {

bool listens(std::uint16_t port) {
    const int probe = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int result = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    close(probe);
    return result == 0;
}

TEST(RabbitMqShared, ListensWithAndWithoutTlsInAVirtualHostOfItsOwn) {
    RabbitMq& broker = RabbitMq::shared();
    EXPECT_TRUE(listens(broker.port()));
    EXPECT_TRUE(listens(broker.tls_port()));
    EXPECT_TRUE(std::filesystem::exists(broker.certificate("ca.pem")));
    EXPECT_EQ(broker.evaluate("1 + 1"), "2");
    EXPECT_NE(broker.evaluate("rabbit_vhost:list_names()").find(broker.vhost()), std::string::npos);
    EXPECT_EQ(broker.close_all_connections("nobody is there"), 0U);
}

TEST(RabbitMqShared, SaysWhatAnExpressionFailedWith) {
    EXPECT_THROW(RabbitMq::shared().evaluate("1 = 2"), std::runtime_error);
    EXPECT_THROW(RabbitMq::shared().evaluate("what is this"), std::runtime_error);
}

TEST(RabbitMqOwn, StopsAndStartsAgainOnTheSamePortAndEndsWithItsOwner) {
    std::uint16_t port = 0;
    {
        RabbitMq broker;
        port = broker.port();
        EXPECT_TRUE(listens(port));
        broker.add_user({"joe", "pass/word"}, {"^none$", ".*", ".*"});
        broker.stop();
        EXPECT_FALSE(listens(port));
        broker.start();
        EXPECT_TRUE(listens(port));
        broker.kill();
        EXPECT_FALSE(listens(port));
        broker.start();
        EXPECT_TRUE(listens(port));
        EXPECT_NE(broker.evaluate("rabbit_auth_backend_internal:list_users()").find("joe"),
                  std::string::npos);
        EXPECT_EQ(broker.uri({"joe", "pass/word"}, "a b"),
                  "amqp://joe:pass%2Fword@127.0.0.1:" + std::to_string(port) + "/a%20b");
    }
    EXPECT_FALSE(listens(port));
}

}  // namespace
}  // namespace warren::test
