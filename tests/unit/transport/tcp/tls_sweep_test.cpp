#include "unit/transport/tcp/certificates.hpp"
#include "unit/transport/tcp/harness.hpp"
#include "unit/transport/tcp/relay.hpp"

#include <functional>

// One handshake and one call, cut at every byte on either way, and ended after every byte.

namespace warren::transport::test {
namespace {

using Way = Relay::Way;
using Deed = Relay::Deed;

class TlsSweep : public testing::Test {
protected:
    /// Connect by a relay and call once, until the call is answered or the connection has ended.
    /// out  whether the relay's script has been played
    bool call(const Relay::Script& script, const std::string& text) {
        Relay relay{server.transport.local_port(), script};
        Client client{loop,
                      {tcp_target("127.0.0.1", relay.port(),
                                  TlsOptions{.ca_file = certificates.path("ca.pem")})}};
        const std::size_t ended_before = failed_handshakes() + server.sink.closed.size();
        server.sink.messages.clear();
        client.transport.connect(0, 1);
        bool is_sent = false;
        const auto is_ended = [&] {
            return client.sink.failed.size() + client.sink.closed.size() == 1 &&
                   failed_handshakes() + server.sink.closed.size() == ended_before + 1 &&
                   server.transport.counters().connections.get() == 0;
        };
        EXPECT_TRUE(turn_until([&] {
            relay.pump();
            if (!is_sent && !client.sink.connections.empty() && client.sink.closed.empty()) {
                is_sent = true;
                client.send(text);
            }
            const bool is_answered = !client.sink.messages.empty();
            return script.deed == Deed::end && relay.has_acted() ? is_ended() : is_answered;
        }));
        const bool is_played = relay.has_acted();
        const bool was_ended = is_played && script.deed == Deed::end;
        was_ended ? expect_ended(client, text) : expect_answered(client, text);
        return is_played;
    }

    /// Do that at every byte that passes one way.
    void sweep(Way way, Deed deed) {
        Relay::Script script{.way = way, .deed = deed, .after_bytes = 0};
        while (call(script, "a call") && !HasFailure()) {
            ++script.after_bytes;
        }
        EXPECT_GT(script.after_bytes, 100U) << "is this the whole handshake?";
        EXPECT_FALSE(HasFailure()) << "at byte " << script.after_bytes;
    }

    Loop loop;
    const Certificates& certificates = Certificates::shared();
    Server server{loop,
                  {.tls = TlsServerOptions{.certificate_file = certificates.path("server.pem"),
                                           .key_file = certificates.path("server.key")}}};

private:
    std::size_t failed_handshakes() const { return server.transport.counters().tls_failures.get(); }

    /// As `Loop::until`, and looks in every turn of the loop, as there are thousands of calls.
    template <typename Predicate>
    bool turn_until(Predicate predicate) {
        const auto give_up_at = std::chrono::steady_clock::now() + 30s;
        bool is_met = false;
        std::function<void()> look = [&] {
            is_met = predicate();
            if (is_met || std::chrono::steady_clock::now() > give_up_at) {
                return loop.executor.stop();
            }
            loop.executor.post(look);
        };
        loop.executor.post(look);
        loop.executor.run();
        return is_met;
    }

    void expect_answered(const Client& client, const std::string& text) const {
        EXPECT_TRUE(client.sink.messages == std::vector{text});
        EXPECT_TRUE(server.sink.messages == std::vector{text});
        EXPECT_TRUE(client.sink.failed.empty());
        EXPECT_TRUE(client.sink.closed.empty());
    }

    /// Each side has heard all of the other's message or nothing of it, and why there is no more.
    void expect_ended(const Client& client, const std::string& text) const {
        const Failure& why =
            client.sink.failed.empty() ? client.sink.closed.at(0) : client.sink.failed[0].second;
        EXPECT_EQ(why.code, Code::connection_lost) << why.message;
        EXPECT_FALSE(why.message.empty());
        for (const Failure& closed : server.sink.closed) {
            EXPECT_EQ(closed.code, Code::connection_lost) << closed.message;
        }
        for (const Seen* const seen :
             {static_cast<const Seen*>(&client.sink), static_cast<const Seen*>(&server.sink)}) {
            EXPECT_TRUE(seen->messages.empty() || seen->messages == std::vector{text});
        }
    }
};

TEST_F(TlsSweep, RecordsThatAreCutAnywhereOnTheWayToTheServer) {
    sweep(Way::to_server, Deed::hold);
}

TEST_F(TlsSweep, RecordsThatAreCutAnywhereOnTheWayToTheClient) {
    sweep(Way::to_client, Deed::hold);
}

TEST_F(TlsSweep, AnEndAfterAnyByteOnTheWayToTheServer) {
    sweep(Way::to_server, Deed::end);
}

TEST_F(TlsSweep, AnEndAfterAnyByteOnTheWayToTheClient) {
    sweep(Way::to_client, Deed::end);
}

TEST_F(TlsSweep, RecordsInPiecesOfAnySizeAndWritesThatAreShort) {
    EXPECT_FALSE(call({.piece_bytes_max = 1}, "byte by byte"));
    for (const std::size_t piece : {97, 1'000, 5'000}) {
        EXPECT_FALSE(call({.piece_bytes_max = piece}, std::string(200'000, 'b'))) << piece;
    }
    // More than sockets hold, so that neither side can write all of it at once.
    EXPECT_FALSE(call({.piece_bytes_max = 40'000}, std::string(std::size_t{12} << 20, 'b')));
}

}  // namespace
}  // namespace warren::transport::test
