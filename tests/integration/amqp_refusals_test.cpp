#include "core/percent.hpp"
#include "integration/amqp_harness.hpp"

namespace warren::test {
namespace {

class AmqpRefusals : public testing::Test {
protected:
    /// out  what a client is told that cannot connect
    Failure failure_of(const std::string& uri) {
        Caller caller{loop, uri, {}, &log};
        EXPECT_TRUE(caller.await([&] { return !caller.failed_.empty(); })) << uri;
        return loop.run([&] { return caller.failed_.front(); });
    }

    /// out  whether a client gets ready
    bool connects(const std::string& uri) {
        Caller caller{loop, uri, {}, &log};
        return caller.await_ready();
    }

    std::string tls(const std::string& parameters) {
        return broker.tls_uri() +
               "?cacertfile=" + core::percent_encode(broker.certificate("ca.pem")) + parameters;
    }

    RabbitMq& broker = RabbitMq::shared();
    RecordingLog log;
    LoopThread loop;
};

TEST_F(AmqpRefusals, AWrongPasswordIsNamedAndNeverShown) {
    const Failure failure = failure_of(broker.uri({"guest", "not-the-password"}));
    EXPECT_EQ(failure.code, Code::unauthenticated);
    EXPECT_NE(failure.message.find("user 'guest'"), std::string::npos) << failure.message;
    EXPECT_NE(failure.peer_text.find("ACCESS_REFUSED"), std::string::npos);
    ASSERT_TRUE(log.await_line("user 'guest'"));
    EXPECT_EQ(log.count("not-the-password"), 0U);
}

TEST_F(AmqpRefusals, AMissingVirtualHostIsNamed) {
    const Failure failure = failure_of(broker.uri({}, "no such host"));
    EXPECT_EQ(failure.code, Code::unauthenticated);
    EXPECT_NE(failure.message.find("'no such host'"), std::string::npos) << failure.message;
}

TEST_F(AmqpRefusals, AServerSaysWhatExistsInAnotherShape) {
    EchoServer first{loop, broker.uri(), plain_queue("shape")};
    ASSERT_TRUE(first.await_consuming());
    transport::AmqpServerOptions durable = plain_queue("shape");
    durable.topology.queues[0].durable = true;
    EchoServer second{loop, broker.uri(), durable, &log};
    EXPECT_TRUE(log.await_line("The queue 'shape' (durable yes"));
    EXPECT_TRUE(log.await_line("'durable' is declared as 'true', but 'false' exists"));
    EXPECT_TRUE(log.await_line("contract_mismatch"));
}

TEST_F(AmqpRefusals, AServerSaysWhichArgumentsOfAQueueDiffer) {
    EchoServer first{loop, broker.uri(), plain_queue("arguments")};
    ASSERT_TRUE(first.await_consuming());
    transport::AmqpServerOptions bounded = plain_queue("arguments");
    bounded.topology.queues[0].arguments = Dynamic::map({{"x-max-length", 7}});
    EchoServer second{loop, broker.uri(), bounded, &log};
    EXPECT_TRUE(log.await_line("'x-max-length' is declared as '7', but none exists"));
    EXPECT_EQ(log.count("PRECONDITION_FAILED"), 1U);
    EXPECT_EQ(log.count("(the broker:"), 0U);
}

TEST_F(AmqpRefusals, AnExchangeOfAnotherTypeIsExplained) {
    transport::AmqpServerOptions options = queue_behind("typed_ex", "typed");
    options.topology.exchanges[0].type = "fanout";
    EchoServer first{loop, broker.uri(), options};
    ASSERT_TRUE(first.await_consuming());
    EchoServer second{loop, broker.uri(), queue_behind("typed_ex", "typed"), &log};
    EXPECT_TRUE(log.await_line("The exchange 'typed_ex' (type direct"));
    EXPECT_TRUE(log.await_line("'type' is declared as 'direct', but 'fanout' exists"));
}

TEST_F(AmqpRefusals, AReservedNameIsNoMatterOfPermissions) {
    EchoServer server{loop, broker.uri(), plain_queue("amq.mine"), &log};
    EXPECT_TRUE(log.await_line("names that begin with 'amq.' are the broker's"));
    EXPECT_TRUE(log.await_line("invalid_request"));
    EXPECT_EQ(log.count("lacks the permission"), 0U);
}

TEST_F(AmqpRefusals, AnotherConnectionsQueueIsNoMatterOfCredentials) {
    transport::AmqpServerOptions options = plain_queue("mine alone");
    options.topology.queues[0].exclusive = true;
    EchoServer first{loop, broker.uri(), options};
    ASSERT_TRUE(first.await_consuming());
    LoopThread other_loop;
    EchoServer second{other_loop, broker.uri(), options, &log};
    EXPECT_TRUE(log.await_line("is another connection's alone (exclusive)"));
    EXPECT_TRUE(log.await_line("conflict"));
    EXPECT_EQ(log.count("unauthenticated"), 0U);
}

TEST_F(AmqpRefusals, MissingPermissionsAreExplainedToServerAndClient) {
    broker.add_user({"limited", "secret"}, {"^amq\\.gen.*$", "^$", ".*"});
    EchoServer server{loop, broker.uri({"limited", "secret"}), plain_queue("forbidden"), &log};
    EXPECT_TRUE(log.await_line("The queue 'forbidden'"));
    EXPECT_TRUE(log.await_line("user 'limited' lacks the permission"));

    EchoServer allowed{loop, broker.uri(), queue_behind("guarded_ex", "guarded")};
    ASSERT_TRUE(allowed.await_consuming());
    Caller caller{loop, broker.uri({"limited", "secret"})};
    ASSERT_TRUE(caller.await_ready());
    const std::optional<Failure> refused = caller.bind("guarded_ex");
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code, Code::unauthenticated) << to_string(*refused);
    // Nothing may be written, not even to the default exchange.
    const std::uint64_t token = caller.call("guarded_ex", "guarded", "x");
    ASSERT_TRUE(caller.await_failure(token));
    EXPECT_EQ(caller.outcome(token).failure->code, Code::unauthenticated);
    EXPECT_EQ(caller.outcome(token).heard, 1);
}

TEST_F(AmqpRefusals, AClientWithoutThePermissionForItsReplyQueueFails) {
    broker.add_user({"unable", "secret"}, {"^$", ".*", ".*"});
    const Failure failure = failure_of(broker.uri({"unable", "secret"}));
    EXPECT_EQ(failure.code, Code::unauthenticated);
    EXPECT_NE(failure.message.find("'unable'"), std::string::npos) << failure.message;
}

TEST_F(AmqpRefusals, TlsWithTheRightAuthorityConnects) {
    EXPECT_TRUE(connects(tls("")));
}

TEST_F(AmqpRefusals, TlsWithAnotherAuthorityIsRefusedByUs) {
    const Failure failure = failure_of(broker.tls_uri() + "?cacertfile=" +
                                       core::percent_encode(broker.certificate("other_ca.pem")));
    EXPECT_EQ(failure.code, Code::unauthenticated);
    EXPECT_NE(failure.message.find("not to be trusted"), std::string::npos) << failure.message;
    EXPECT_TRUE(connects(broker.tls_uri() + "?verify=verify_none"));
}

TEST_F(AmqpRefusals, TlsOfAnotherHostIsRefusedByUs) {
    const Failure failure = failure_of(tls("&server_name_indication=elsewhere.example"));
    EXPECT_EQ(failure.code, Code::unauthenticated);
    EXPECT_NE(failure.message.find("host name"), std::string::npos) << failure.message;
}

TEST_F(AmqpRefusals, ClearTextToAPortOfTlsIsRefusedByUs) {
    const Failure failure =
        failure_of("amqp://guest:guest@localhost:" + std::to_string(broker.tls_port()));
    EXPECT_EQ(failure.code, Code::connection_lost);
    EXPECT_NE(failure.message.find("amqps://"), std::string::npos) << failure.message;
}

TEST_F(AmqpRefusals, TlsToAPortInClearIsRefusedByUs) {
    const Failure failure =
        failure_of("amqps://guest:guest@localhost:" + std::to_string(broker.port()));
    EXPECT_EQ(failure.code, Code::connection_lost);
    EXPECT_NE(failure.message.find("connect without TLS"), std::string::npos) << failure.message;
}

TEST_F(AmqpRefusals, AFileThatIsNoAuthorityIsNamed) {
    const Failure failure = failure_of(
        broker.tls_uri() + "?cacertfile=" + core::percent_encode(broker.certificate("absent.pem")));
    EXPECT_EQ(failure.code, Code::invalid_request);
    EXPECT_NE(failure.message.find("absent.pem"), std::string::npos) << failure.message;
}

TEST_F(AmqpRefusals, AClientCertificateLogsInByItself) {
    broker.add_user({std::string{RabbitMq::client_name}, "unused"});
    const std::string certificate =
        "&auth_mechanism=external&certfile=" +
        core::percent_encode(broker.certificate("client.pem")) +
        "&keyfile=" + core::percent_encode(broker.certificate("client.key"));
    EchoServer server{loop, tls(certificate), plain_queue("by_certificate")};
    Caller caller{loop, tls(certificate)};
    ASSERT_TRUE(server.await_consuming());
    ASSERT_TRUE(caller.await_ready());
    const std::string body(std::size_t{1} << 20, 'y');
    const std::uint64_t token = caller.call("", "by_certificate", body);
    EXPECT_TRUE(caller.await_reply(token));
    EXPECT_TRUE(caller.outcome(token).reply == body);
}

TEST_F(AmqpRefusals, ExternalLoginByTheCertificateOfNobodyIsRefused) {
    const Failure failure =
        failure_of(tls("&auth_mechanism=external&certfile=" +
                       core::percent_encode(broker.certificate("server.pem")) +
                       "&keyfile=" + core::percent_encode(broker.certificate("server.key"))));
    EXPECT_EQ(failure.code, Code::unauthenticated) << to_string(failure);
}

}  // namespace
}  // namespace warren::test
