#include "unit/amqp/broker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

namespace warren::amqp {

namespace {

using namespace std::chrono_literals;
using test::long_string;
using test::method;
using test::Session;
using test::short_string;
using test::u16;
using test::u32;
using test::u8;

const std::string protocol_header{"AMQP\0\0\x09\x01", 8};

/// Started, with the protocol header taken.
Session started(ConnectionOptions options = {}) {
    Session session{std::move(options)};
    session.core.start(session.now);
    EXPECT_EQ(session.sent(), protocol_header);
    return session;
}

std::string capability(std::string_view name) {
    return short_string(name) + "t\1";
}

std::string start_ok(std::string_view mechanism, std::string_view response,
                     std::string_view more_properties = {}) {
    const std::string capabilities =
        capability("authentication_failure_close") + capability("basic.nack") +
        capability("connection.blocked") + capability("consumer_cancel_notify") +
        capability("exchange_exchange_bindings") + capability("publisher_confirms");
    const std::string properties = short_string("product") + 'S' + long_string("Warren") +
                                   short_string("platform") + 'S' + long_string("C++") +
                                   short_string("capabilities") + 'F' + long_string(capabilities) +
                                   std::string{more_properties};
    return method(0, 10, 11,
                  long_string(properties) + short_string(mechanism) + long_string(response) +
                      short_string("en_US"));
}

std::string tune_ok(unsigned channel_max, std::uint32_t frame_max, unsigned heartbeat_s) {
    return method(0, 10, 31, u16(channel_max) + u32(frame_max) + u16(heartbeat_s));
}

std::string open(std::string_view vhost) {
    return method(0, 10, 40, short_string(vhost) + short_string("") + u8(0));
}

TEST(Handshake, GoesAsTheSpecificationSays) {
    Session session = started({.login = PlainLogin{"ada", "secret"}, .vhost = "calls"});
    session.feed(test::start());
    EXPECT_EQ(session.sent(), start_ok("PLAIN", std::string{"\0ada\0secret", 11}));
    session.feed(test::tune(2047, 131072, 60));
    EXPECT_EQ(session.sent(), tune_ok(2047, 131072, 60) + open("calls"));
    EXPECT_FALSE(session.core.connected());
    session.feed(test::open_ok());
    EXPECT_EQ(session.happening(), "connected frame_max=131072 channel_max=2047 heartbeat=60");
    EXPECT_TRUE(session.core.connected());
    EXPECT_EQ(session.sent(), "");
}

TEST(Handshake, KeepsTheServerPropertiesPastTheInput) {
    ConnectionCore core{{}};
    core.start({});
    const auto feed = [&](const std::string& bytes) {
        const auto room = core.prepare(bytes.size());
        std::ranges::copy(test::as_octets(bytes), room.begin());
        core.commit(bytes.size(), {});
    };
    feed(test::start());
    EXPECT_EQ(core.next_event(), nullptr);
    feed(test::tune(0, 0, 0) + test::open_ok());
    const Event* event = core.next_event();
    ASSERT_NE(event, nullptr);
    const Value properties = std::get<Connected>(*event).server_properties;
    feed(std::string(4096, '\x08'));
    EXPECT_EQ(properties.find("product")->as_text(), "FakeMQ");
    EXPECT_TRUE(properties.find("capabilities")->find("basic.nack")->as_boolean());
}

TEST(Handshake, SendsExternalWithoutCredentials) {
    Session session = started({.login = ExternalLogin{}});
    session.feed(test::start());
    EXPECT_EQ(session.sent(), start_ok("EXTERNAL", ""));
}

TEST(Handshake, SendsNameVersionAndFurtherProperties) {
    Session session =
        started({.connection_name = "worker 1",
                 .version = "0.1",
                 .client_properties = Dynamic::map({{"site", "a"}, {"product", "x"}})});
    session.feed(test::start());
    EXPECT_EQ(session.sent(),
              start_ok("PLAIN", std::string{"\0guest\0guest", 12},
                       short_string("version") + 'S' + long_string("0.1") +
                           short_string("connection_name") + 'S' + long_string("worker 1") +
                           short_string("site") + 'S' + long_string("a")));
}

struct TuneCase {
    std::uint16_t channel_max;
    std::uint32_t frame_bytes_max;
    int heartbeat_s;
    std::string proposal;
    std::string response;
};

TEST(Handshake, TunesToTheLowerOfBothSides) {
    const TuneCase cases[] = {
        {2047, 131072, 60, test::tune(0, 0, 0), tune_ok(2047, 131072, 60)},
        {2047, 131072, 60, test::tune(100, 8192, 10), tune_ok(100, 8192, 10)},
        {100, 8192, 10, test::tune(2047, 131072, 60), tune_ok(100, 8192, 10)},
        {0, 4096, 0, test::tune(0, 131072, 60), tune_ok(65535, 4096, 0)},
        {0, 131072, 100'000, test::tune(7, 4096, 0), tune_ok(7, 4096, 65535)},
    };
    for (const TuneCase& tuned : cases) {
        Session session = started({.frame_bytes_max = tuned.frame_bytes_max,
                                   .channel_max = tuned.channel_max,
                                   .heartbeat = std::chrono::seconds{tuned.heartbeat_s}});
        session.feed(test::start() + tuned.proposal);
        EXPECT_EQ(session.sent(), start_ok("PLAIN", std::string{"\0guest\0guest", 12}) +
                                      tuned.response + open("/"));
    }
}

TEST(Handshake, RefusesAFrameMaxUnder4096) {
    Session session = started();
    session.feed(test::start() + test::tune(2047, 4095, 60));
    EXPECT_EQ(session.happening(),
              R"(failed frame_max_too_small 0 "the broker proposed a frame_max of 4095" "")");

    Session own{{.frame_bytes_max = 4095}};
    own.core.start({});
    own.feed("");
    EXPECT_EQ(own.happening(), R"(failed invalid_options 0 "frame_max must be at least 4096" "")");
    EXPECT_EQ(own.sent(), "");
}

TEST(Handshake, RefusesFramesOver4096BytesBeforeTune) {
    Session session = started();
    session.feed("\x01" + u16(0) + u32(4096 - 8 + 1));
    EXPECT_EQ(session.happening(),
              R"(failed protocol_violation 501 "frame larger than negotiated" "")");
    EXPECT_EQ(session.sent(), "");
}

TEST(Handshake, RefusesAVhostOver255Bytes) {
    for (const std::size_t size : {255U, 256U}) {
        Session session{{.vhost = std::string(size, 'v')}};
        session.core.start({});
        session.feed("");
        EXPECT_EQ(session.happened().size(), size - 255);
    }
}

TEST(Handshake, RefusesCredentialsThatDoNotFitIntoAFrame) {
    Session session = started({.login = PlainLogin{"u", std::string(4096, 'p')}});
    session.feed(test::start());
    EXPECT_TRUE(session.happening().starts_with("failed invalid_options"));
    EXPECT_EQ(session.sent(), "");
}

TEST(Handshake, NamesARefusedLogin) {
    Session session = started();
    session.feed(test::start());
    session.sent();
    session.feed(test::close(0, 403, "ACCESS_REFUSED - Login was refused"));
    EXPECT_EQ(session.happening(),
              R"(failed access_refused 403 "the broker refused user or password" )"
              R"("ACCESS_REFUSED - Login was refused")");
    EXPECT_EQ(session.sent(), test::close_ok(0));
}

TEST(Handshake, NamesARefusedVhost) {
    Session session = started();
    session.feed(test::start() + test::tune(0, 0, 0));
    session.sent();
    session.feed(test::close(0, 530, "NOT_ALLOWED - vhost x not found", 10, 40));
    EXPECT_EQ(session.happening(), R"(failed vhost_refused 530 "the broker refused the vhost" )"
                                   R"("NOT_ALLOWED - vhost x not found")");
    EXPECT_EQ(session.sent(), test::close_ok(0));
}

TEST(Handshake, ReportsAnyOtherCloseAsItIs) {
    Session session = started();
    session.feed(test::start());
    session.feed(test::close(0, 320, "CONNECTION_FORCED"));
    EXPECT_EQ(session.happening(), R"(closed by server 320 "CONNECTION_FORCED" 0.0)");
}

TEST(Handshake, NeedsTheMechanism) {
    Session external = started({.login = ExternalLogin{}});
    external.feed(test::start("PLAIN AMQPLAIN"));
    EXPECT_EQ(external.happening(),
              "failed mechanism_not_offered 0 \"the broker does not offer "
              "the SASL mechanism EXTERNAL\" \"PLAIN AMQPLAIN\"");
    Session plain = started();
    plain.feed(test::start("AMQPLAIN PLAINER"));
    EXPECT_TRUE(plain.happening().starts_with("failed mechanism_not_offered"));
    EXPECT_EQ(plain.sent(), "");
}

TEST(Handshake, KnowsAPeerOfAnotherProtocol) {
    for (const std::string& response :
         {std::string{"AMQP\0\1\0\0", 8}, std::string{"HTTP/1.1 400 Bad Request\r\n"},
          method(0, 10, 10, u8(8) + u8(0) + u32(0) + long_string("PLAIN") + long_string("en"))}) {
        Session session = started();
        session.feed(response);
        EXPECT_TRUE(session.happening().starts_with("failed version_not_supported")) << response;
    }
}

TEST(Handshake, RefusesMethodsOutOfOrder) {
    const std::string expected = "failed protocol_violation 503 \"unexpected method on channel 0\"";
    for (const std::string& early : {test::tune(0, 0, 0), test::open_ok(), test::close_ok(0)}) {
        Session session = started();
        session.feed(early);
        EXPECT_TRUE(session.happening().starts_with(expected));
    }
    for (const std::string& late : {test::start(), test::tune(0, 0, 0), test::open_ok()}) {
        Session session = Session::connected();
        session.feed(late);
        EXPECT_TRUE(session.happening().starts_with(expected));
        EXPECT_EQ(session.sent(), test::close(0, 503, "unexpected method on channel 0"));
    }
}

TEST(Handshake, RefusesASecondChallenge) {
    Session session = started();
    session.feed(test::start() + method(0, 10, 20, long_string("?")));
    EXPECT_TRUE(session.happening().starts_with("failed protocol_violation 540"));
}

TEST(Handshake, RefusesServerPropertiesThatAreNoTable) {
    Session session = started();
    session.feed(method(0, 10, 10,
                        u8(0) + u8(9) + long_string(short_string("k") + '?') +
                            long_string("PLAIN") + long_string("en_US")));
    EXPECT_EQ(session.happening(),
              R"(failed protocol_violation 502 "server-properties: unknown_tag" "")");
}

TEST(Handshake, TakesNoCommands) {
    Session session = started();
    session.feed(test::start() + test::tune(0, 0, 0));
    session.sent();
    EXPECT_EQ(session.core.open_channel().error(), CommandError::not_connected);
    EXPECT_EQ(session.core.close({}).error(), CommandError::not_connected);
    EXPECT_EQ(session.core.basic_publish(1, {}, {}, {}).error(), CommandError::not_connected);
    EXPECT_EQ(session.sent(), "");
}

TEST(Handshake, EndsInTime) {
    Session session = started({.handshake_timeout = 10s});
    EXPECT_EQ(session.core.next_deadline(), TimePoint{10s});
    session.tick(9'999ms);
    EXPECT_TRUE(session.happened().empty());
    session.tick(10s);
    EXPECT_EQ(session.happening(),
              R"(failed handshake_timeout 0 "the broker did not finish login" "")");
    EXPECT_EQ(session.core.next_deadline(), std::nullopt);
}

}  // namespace

}  // namespace warren::amqp
