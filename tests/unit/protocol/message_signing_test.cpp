#include "protocol/message_signing.hpp"

#include "protocol/msgpack_rpc_protocol.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

namespace warren::protocol::message_signing_test {

using namespace std::chrono_literals;
using State = StreamStep::State;
using warren::test::from_hex;
using warren::test::octets;

constexpr std::int64_t signed_at_ms = 1'700'000'000'000;
constexpr std::int64_t window_ms = 300'000;
const std::string secret = "correct horse battery";
const std::string older_secret = "an older secret, retired";

// Made with Python's hashlib, hmac and struct only. The request and the notification call add(1, 2)
// at the time above with the nonce 00 01 ... 0f; the response says 3, the failure "no".
const std::string golden_request = from_hex(
    "940007a361646493010282a72477617272656eaa706f736974696f6e616ca46175746884a36b6579"
    "a83436326133303136a774696d655f6d73cf0000018bcfe56800a56e6f6e6365c410000102030405"
    "060708090a0b0c0d0e0fa4636f6465c42090a5bdd971c41bc1ce1023ae6a631289d5b200829775be"
    "6e42b5c7c42c9a5b5f");

const std::string golden_request_old = from_hex(
    "940007a361646493010282a72477617272656eaa706f736974696f6e616ca46175746884a36b6579"
    "a83535623133613465a774696d655f6d73cf0000018bcfe56800a56e6f6e6365c410000102030405"
    "060708090a0b0c0d0e0fa4636f6465c4201dacaeac2ea58574fd0a4c89ab7a31fdec833e9a078ac2"
    "0c31acd0bbee3e53f6");

const std::string golden_notification = from_hex(
    "9302a361646493010282a72477617272656eaa706f736974696f6e616ca46175746884a36b6579a8"
    "3436326133303136a774696d655f6d73cf0000018bcfe56800a56e6f6e6365c41000010203040506"
    "0708090a0b0c0d0e0fa4636f6465c4202635455e4356aab698270d8fce865deb49621805d42cab00"
    "a6e56388c3fa2bb2");

const std::string golden_response = from_hex(
    "950107c00382a72477617272656ea462617265a46175746883a36b6579a83436326133303136a56e"
    "6f6e6365c410000102030405060708090a0b0c0d0e0fa4636f6465c4205c4db7ca099d2e685c0504"
    "d677317b629f35c4858e43e91072c2bd24ed6e9565");

const std::string golden_response_old = from_hex(
    "950107c00382a72477617272656ea462617265a46175746883a36b6579a83535623133613465a56e"
    "6f6e6365c410000102030405060708090a0b0c0d0e0fa4636f6465c42029b8c49b441026b0dbf670"
    "9e38f25360d61d9597223711304161defcdd270a37");

const std::string golden_failure = from_hex(
    "95010782a4636f6465a66661696c6564a76d657373616765a26e6fc082a72477617272656ea46261"
    "7265a46175746883a36b6579a83436326133303136a56e6f6e6365c410000102030405060708090a"
    "0b0c0d0e0fa4636f6465c420a2b694fe864f9688b2661441a541f9a4750232e544848cdf10f683e5"
    "6ef79aa2");

std::shared_ptr<const MessageSigner> signer_of(const std::vector<std::string>& secrets) {
    const auto signer = MessageSigner::make(secrets);
    EXPECT_TRUE(signer) << to_string(signer.error());
    return signer.value_or(nullptr);
}

StreamTicket golden_ticket() {
    StreamTicket ticket{.id = 7, .key = 1};
    for (unsigned at = 0; at != ticket.nonce.size(); ++at) {
        ticket.nonce[at] = static_cast<std::byte>(at);
    }
    return ticket;
}

/// One server that takes requests signed under some secrets.
class Server {
public:
    explicit Server(const std::vector<std::string>& secrets = {secret},
                    const NonceMemoryOptions& options = {})
        : signer{signer_of(secrets)}, memory{*NonceMemory::make(options)} {}

    /// out  the failure's words; empty when it is taken
    std::string refusal(std::string_view request, std::int64_t now_ms = signed_at_ms) {
        ticket = {};
        const auto taken = signer->verify_request(octets(request), now_ms, *memory, ticket);
        EXPECT_EQ(taken.has_value(), ticket.key != 0) << "only what is taken is answered signed";
        if (taken) {
            return {};
        }
        code = taken.error().code;
        return taken.error().message;
    }

    std::shared_ptr<const MessageSigner> signer;
    std::shared_ptr<NonceMemory> memory;
    StreamTicket ticket;
    Code code = Code::internal;
};

bool says(const std::string& refusal, std::string_view words) {
    return refusal.find(words) != std::string::npos;
}

std::string request_of(const MessageSigner& client, StreamTicket& ticket,
                       std::int64_t unix_ms = signed_at_ms) {
    static constexpr std::array arguments{Value::integer(1), Value::integer(2)};
    const Call call{.method = "add",
                    .style = model::ArgumentStyle::positional,
                    .arguments = Value::list(arguments)};
    std::string out;
    EXPECT_TRUE(client.encode_request(call, ticket, unix_ms, out));
    return out;
}

std::string request_of(const MessageSigner& client, std::int64_t unix_ms = signed_at_ms) {
    StreamTicket ticket{.id = 7};
    return request_of(client, ticket, unix_ms);
}

TEST(MessageSigning, takes_what_another_implementation_signed) {
    Server server;
    EXPECT_EQ(server.refusal(golden_request), "");
    EXPECT_EQ(server.ticket.nonce, golden_ticket().nonce);
    EXPECT_EQ(Server{}.refusal(golden_notification), "");
    const auto client = signer_of({secret});
    EXPECT_TRUE(client->verify_response(octets(golden_response), golden_ticket()));
    EXPECT_TRUE(client->verify_response(octets(golden_failure), golden_ticket()));
}

TEST(MessageSigning, signs_to_the_byte_as_another_implementation) {
    const auto signer = signer_of({secret});
    std::string out = "before";
    signer->encode_response(golden_ticket(), {.data = Value::integer(3)}, out);
    EXPECT_EQ(out, "before" + golden_response);
    out.clear();
    signer->encode_response(golden_ticket(), {.failure = Code::failed, .message = "no"}, out);
    EXPECT_EQ(out, golden_failure);
}

TEST(MessageSigning, signs_requests_so_that_only_nonce_and_code_differ) {
    const auto client = signer_of({secret});
    StreamTicket ticket{.id = 7};
    const std::string request = request_of(*client, ticket);
    ASSERT_EQ(request.size(), golden_request.size());
    EXPECT_EQ(ticket.key, 1);
    const std::size_t nonce_at = golden_request.size() - 32 - 7 - 16;
    std::string expected = golden_request;
    std::ranges::copy(std::string_view{reinterpret_cast<const char*>(ticket.nonce.data()), 16},
                      expected.begin() + static_cast<std::ptrdiff_t>(nonce_at));
    const std::string_view covered = std::string_view{expected}.substr(0, expected.size() - 32);
    EXPECT_EQ(request.substr(0, covered.size()), covered);
    std::array<unsigned char, 32> code{};
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(covered.data()), covered.size(), code.data(),
         &size);
    EXPECT_EQ(request.substr(covered.size()),
              (std::string_view{reinterpret_cast<const char*>(code.data()), code.size()}));
}

TEST(MessageSigning, refuses_a_request_with_any_bit_flipped) {
    Server server;
    for (std::size_t bit = 0; bit != golden_request.size() * 8; ++bit) {
        std::string flipped = golden_request;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_NE(server.refusal(flipped), "") << "bit " << bit;
        EXPECT_EQ(server.code, Code::unauthenticated);
    }
    EXPECT_EQ(server.memory->blocks(), 0U) << "nothing is remembered of who cannot sign";
    EXPECT_EQ(server.refusal(golden_request), "");
}

TEST(MessageSigning, refuses_a_response_with_any_bit_flipped) {
    const auto client = signer_of({secret});
    for (std::size_t bit = 0; bit != golden_response.size() * 8; ++bit) {
        std::string flipped = golden_response;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
        const auto verified = client->verify_response(octets(flipped), golden_ticket());
        ASSERT_FALSE(verified) << "bit " << bit;
        EXPECT_EQ(verified.error().code, Code::unauthenticated);
    }
}

TEST(MessageSigning, refuses_what_is_cut_anywhere) {
    Server server;
    const auto client = signer_of({secret});
    for (std::size_t size = 0; size != golden_request.size(); ++size) {
        EXPECT_NE(server.refusal(golden_request.substr(0, size)), "");
        EXPECT_NE(server.refusal(golden_request.substr(size + 1)), "");
    }
    for (std::size_t size = 0; size != golden_response.size(); ++size) {
        EXPECT_FALSE(
            client->verify_response(octets(golden_response.substr(0, size)), golden_ticket()));
    }
    EXPECT_NE(server.refusal(golden_request + golden_request.back()), "");
}

TEST(MessageSigning, takes_a_request_once) {
    Server server;
    const auto client = signer_of({secret});
    for (int count = 0; count != 1000; ++count) {
        const std::string request = request_of(*client);
        EXPECT_EQ(server.refusal(request), "");
        EXPECT_TRUE(says(server.refusal(request), "sent before"));
        EXPECT_EQ(server.code, Code::unauthenticated);
    }
    EXPECT_LE(server.memory->blocks(), 1000U / 256 + 1);
}

TEST(MessageSigning, takes_no_request_again_as_time_goes_on) {
    Server server;
    EXPECT_EQ(server.refusal(golden_request, signed_at_ms - window_ms), "");
    const auto client = signer_of({secret});
    for (std::int64_t now = signed_at_ms - window_ms; now <= signed_at_ms + 2 * window_ms;
         now += window_ms / 10) {
        EXPECT_EQ(server.refusal(request_of(*client, now), now), "");
        EXPECT_NE(server.refusal(golden_request, now), "") << now;
    }
    EXPECT_LT(server.memory->since_ms(), signed_at_ms + window_ms + 1);
}

TEST(MessageSigning, takes_times_to_the_edge_of_the_window) {
    EXPECT_EQ(Server{}.refusal(golden_request, signed_at_ms + window_ms), "");
    EXPECT_EQ(Server{}.refusal(golden_request, signed_at_ms - window_ms), "");
    Server server;
    EXPECT_TRUE(says(server.refusal(golden_request, signed_at_ms + window_ms + 1000),
                     "signed 301.0 s ago by this server's clock, and 300.0 s are allowed"));
    EXPECT_NE(server.refusal(golden_request, signed_at_ms + window_ms + 1), "");
    EXPECT_EQ(server.code, Code::unauthenticated);
    EXPECT_NE(server.refusal(golden_request, signed_at_ms - window_ms - 1), "");
    EXPECT_TRUE(says(server.refusal(golden_request, signed_at_ms - window_ms - 1000),
                     "signed 301.0 s in the future"));
    EXPECT_TRUE(says(server.refusal(request_of(*signer_of({secret}), 5)), "s ago"))
        << "a clock that was never set is no missing signature";
}

TEST(MessageSigning, takes_no_request_again_after_a_restart) {
    constexpr std::int64_t ahead_ms = 1000;
    const auto client = signer_of({secret});
    // Each is taken by one process, as early as may be, and sent again to the next, which begins
    // as soon as the first has gone.
    for (const std::int64_t early : {std::int64_t{0}, std::int64_t{1}, ahead_ms - 1, ahead_ms}) {
        const std::int64_t began = signed_at_ms - early;
        Server first{{secret}, {.ahead_max = std::chrono::milliseconds{ahead_ms}}};
        ASSERT_EQ(first.refusal(golden_request, began), "") << early;
        Server second{
            {secret},
            {.ahead_max = std::chrono::milliseconds{ahead_ms}, .since_ms = began + 1 + ahead_ms}};
        for (std::int64_t now = began + 1; now <= signed_at_ms + 2 * window_ms; now += 499) {
            EXPECT_NE(second.refusal(golden_request, now), "") << early << ' ' << now;
        }
        const std::int64_t later = began + 1 + ahead_ms;
        EXPECT_EQ(second.refusal(request_of(*client, later), later), "");
    }
}

TEST(MessageSigning, takes_times_ahead_of_its_own_to_a_limit) {
    Server server{{secret}, {.ahead_max = std::chrono::milliseconds{1500}}};
    EXPECT_TRUE(says(server.refusal(golden_request, signed_at_ms - 2000),
                     "signed 2.0 s in the future by this server's clock, and 1.5 s are allowed "
                     "(auth_clock_ahead_max)"));
    EXPECT_NE(server.refusal(golden_request, signed_at_ms - 1501), "");
    EXPECT_EQ(Server({secret}, {.ahead_max = std::chrono::milliseconds{1500}})
                  .refusal(golden_request, signed_at_ms - 1500),
              "");
}

TEST(MessageSigning, takes_nothing_later_that_it_refused_as_early) {
    constexpr std::int64_t ahead_ms = 1000;
    constexpr std::chrono::milliseconds ahead{ahead_ms};
    const auto client = signer_of({secret});
    // Minutes, hours and days ahead: within a stretch of the memory, and stretches later.
    for (const std::int64_t early :
         {ahead_ms + 1, window_ms, 2 * window_ms + 7, 20 * window_ms, 300 * window_ms}) {
        for (const bool is_busy : {false, true}) {
            Server server{{secret}, {.ahead_max = ahead}};
            ASSERT_TRUE(says(server.refusal(golden_request, signed_at_ms - early), "the future"));
            for (std::int64_t now = signed_at_ms - early; now <= signed_at_ms + 2 * window_ms;
                 now += window_ms / 7) {
                if (is_busy) {
                    ASSERT_EQ(server.refusal(request_of(*client, now), now), "");
                }
                ASSERT_NE(server.refusal(golden_request, now), "") << early << ' ' << now;
            }
        }
    }
}

/// Nothing is kept across a restart: what the guide says of it.
TEST(MessageSigning, takes_after_a_restart_only_what_was_signed_after_it) {
    constexpr std::int64_t ahead_ms = 1000;
    constexpr std::chrono::milliseconds ahead{ahead_ms};
    for (const std::int64_t early : {2 * ahead_ms, window_ms, 20 * window_ms}) {
        const std::int64_t refused = signed_at_ms - early;
        Server first{{secret}, {.ahead_max = ahead}};
        ASSERT_NE(first.refusal(golden_request, refused), "");
        // It is signed before the second one listens, or just after.
        const auto taken_by_one_since = [&](std::int64_t since_ms) {
            Server second{{secret}, {.ahead_max = ahead, .since_ms = since_ms}};
            bool is_taken = false;
            for (std::int64_t now = since_ms; now <= signed_at_ms + 2 * window_ms; now += 499) {
                is_taken = second.refusal(golden_request, now).empty() || is_taken;
            }
            return is_taken;
        };
        EXPECT_FALSE(taken_by_one_since(signed_at_ms + 1)) << early;
        EXPECT_TRUE(taken_by_one_since(signed_at_ms)) << early;
    }
}

TEST(MessageSigning, takes_nothing_signed_before_the_server_began) {
    Server server{{secret}, {.since_ms = signed_at_ms + 1500}};
    EXPECT_TRUE(says(server.refusal(golden_request, signed_at_ms + 2000), "1.500 s before"));
    EXPECT_EQ(server.code, Code::unauthenticated);
    EXPECT_EQ(Server({secret}, {.since_ms = signed_at_ms}).refusal(golden_request), "");
}

TEST(MessageSigning, changes_secrets_without_a_break) {
    Server server{{secret, older_secret}};
    const auto old_client = signer_of({older_secret});
    StreamTicket ticket{.id = 7};
    ASSERT_EQ(server.refusal(request_of(*old_client, ticket)), "");
    server.ticket.id = 7;
    std::string response;
    server.signer->encode_response(server.ticket, {.data = Value::integer(3)}, response);
    EXPECT_TRUE(old_client->verify_response(octets(response), ticket))
        << "answered under the secret that the client has";
    EXPECT_EQ(server.refusal(golden_request), "");
    EXPECT_EQ(Server({older_secret, secret}).refusal(golden_request_old), "");
    const auto changing = signer_of({older_secret, secret});
    EXPECT_TRUE(changing->verify_response(octets(golden_response), golden_ticket()));
    EXPECT_TRUE(changing->verify_response(octets(golden_response_old), golden_ticket()));
}

TEST(MessageSigning, refuses_secrets_that_it_does_not_have) {
    Server server;
    EXPECT_TRUE(says(server.refusal(golden_request_old), "that this server does not have"));
    EXPECT_EQ(server.code, Code::unauthenticated);
    const auto verified =
        signer_of({secret})->verify_response(octets(golden_response_old), golden_ticket());
    ASSERT_FALSE(verified);
    EXPECT_TRUE(says(verified.error().message, "that this client does not have"));
}

TEST(MessageSigning, refuses_the_answer_to_another_request) {
    const auto client = signer_of({secret});
    Server server;
    std::array<StreamTicket, 2> tickets{StreamTicket{.id = 1}, StreamTicket{.id = 1}};
    std::array<std::string, 2> responses;
    for (std::size_t at = 0; at != tickets.size(); ++at) {
        ASSERT_EQ(server.refusal(request_of(*client, tickets[at])), "");
        server.ticket.id = tickets[at].id;
        server.signer->encode_response(server.ticket, {.data = Value::integer(3)}, responses[at]);
    }
    EXPECT_TRUE(client->verify_response(octets(responses[0]), tickets[0]));
    EXPECT_TRUE(client->verify_response(octets(responses[1]), tickets[1]));
    const auto swapped = client->verify_response(octets(responses[0]), tickets[1]);
    ASSERT_FALSE(swapped);
    EXPECT_TRUE(says(swapped.error().message, "to another request"));
    std::string other_id = responses[1];
    other_id[2] = 2;
    EXPECT_FALSE(client->verify_response(octets(other_id), tickets[1]));
}

TEST(MessageSigning, takes_no_request_for_a_response_and_no_response_for_a_request) {
    EXPECT_NE(Server{}.refusal(golden_response), "");
    EXPECT_FALSE(signer_of({secret})->verify_response(octets(golden_request), golden_ticket()));
}

TEST(MessageSigning, says_overloaded_when_no_more_can_be_remembered) {
    Server server{{secret}, {.blocks_max = 2}};
    const std::array clients{signer_of({secret}), signer_of({secret}), signer_of({secret})};
    const std::string first = request_of(*clients[0]);
    EXPECT_EQ(server.refusal(first), "");
    EXPECT_EQ(server.refusal(request_of(*clients[1])), "");
    EXPECT_TRUE(says(server.refusal(request_of(*clients[2])), "auth_nonce_blocks_max"));
    EXPECT_EQ(server.code, Code::overloaded);
    EXPECT_TRUE(says(server.refusal(first), "sent before")) << "none is forgotten for it";
    EXPECT_EQ(server.refusal(request_of(*clients[0])), "") << "a block has room for 256";
    const std::int64_t later = signed_at_ms + 3 * window_ms;
    EXPECT_EQ(server.refusal(request_of(*clients[2], later), later), "");
}

TEST(MessageSigning, refuses_secrets_that_will_not_do) {
    const auto refusal = [](const std::vector<std::string>& secrets) {
        const auto signer = MessageSigner::make(secrets);
        return signer ? "" : to_string(signer.error());
    };
    EXPECT_EQ(refusal({"sixteen bytes ok"}), "");
    EXPECT_TRUE(says(refusal({secret, "fifteen bytes.."}),
                     "invalid_request: Secret 2 to sign messages with has 15 bytes, and should "
                     "have at least 16"));
    EXPECT_FALSE(says(refusal({secret, "fifteen bytes.."}), "fifteen")) << "secrets stay secret";
    EXPECT_TRUE(says(refusal({secret, secret}), "Secret 2 to sign messages with is there twice"));
    EXPECT_TRUE(says(refusal({}), "1 to 16 secrets"));
    std::vector<std::string> many;
    for (char letter = 'a'; letter != 'a' + 16; ++letter) {
        many.push_back(std::string(16, letter));
    }
    EXPECT_EQ(refusal(many), "");
    many.push_back(secret);
    EXPECT_TRUE(says(refusal(many), "there are 17"));
}

/// A client and a server, each a protocol, and one call between them.
class SignedProtocols : public testing::Test {
protected:
    static std::unique_ptr<StreamProtocol> protocol_of(const std::vector<std::string>& secrets) {
        MsgpackRpcOptions options;
        if (!secrets.empty()) {
            options.signer = signer_of(secrets);
            options.nonces = *NonceMemory::make();
        }
        return make_msgpack_rpc_protocol(options);
    }

    std::string request(const StreamProtocol& client) {
        const Call call{.method = "add", .arguments = Value::map({})};
        ticket_ = {.id = 9};
        std::string out;
        EXPECT_TRUE(client.encode_call(call, ticket_, signed_at_ms, out));
        return out;
    }

    /// What the server answers: its decoder's failure, or success.
    std::string serve(StreamProtocol& server, const std::string& bytes) {
        Arena arena;
        const auto decoder = server.make_call_decoder();
        EXPECT_EQ(decoder->next(octets(bytes), signed_at_ms, arena).state, State::complete);
        const Failure failure = decoder->call ? Failure{} : decoder->call.error();
        served_ = decoder->call ? "served" : std::string{name_of(failure.code)};
        Response response{.data = Value::integer(3)};
        if (!decoder->call) {
            response = {.failure = failure.code, .message = failure.message};
        }
        std::string out;
        server.encode_response(decoder->ticket, response, signed_at_ms, out);
        return out;
    }

    std::string outcome(const StreamProtocol& client, const std::string& bytes) {
        Arena arena;
        const auto decoder = client.make_response_decoder();
        EXPECT_EQ(decoder->next(octets(bytes), signed_at_ms, arena).state, State::complete);
        const auto response = decoder->response(ticket_);
        return response ? "answered" : to_string(response.error());
    }

    std::string call(const std::vector<std::string>& of_client,
                     const std::vector<std::string>& of_server) {
        const auto client = protocol_of(of_client);
        const auto server = protocol_of(of_server);
        return outcome(*client, serve(*server, request(*client)));
    }

    StreamTicket ticket_;
    std::string served_;
};

TEST_F(SignedProtocols, work_together_with_a_secret_in_common) {
    EXPECT_EQ(call({secret}, {secret}), "answered");
    EXPECT_EQ(call({older_secret, secret}, {secret, older_secret}), "answered");
    EXPECT_EQ(call({}, {}), "answered");
}

TEST_F(SignedProtocols, tell_a_client_with_another_secret) {
    const std::string outcome = call({older_secret}, {secret});
    EXPECT_EQ(served_, "unauthenticated");
    EXPECT_TRUE(outcome.starts_with("unauthenticated: The server's answer is not signed"));
    EXPECT_TRUE(says(outcome, "(unauthenticated: The request is signed under a secret"));
}

TEST_F(SignedProtocols, tell_a_client_without_a_secret) {
    EXPECT_TRUE(call({}, {secret}).starts_with("unauthenticated: The request is not signed"));
    EXPECT_EQ(served_, "unauthenticated");
}

TEST_F(SignedProtocols, do_nothing_where_the_server_has_no_secret) {
    const std::string outcome = call({secret}, {});
    EXPECT_EQ(served_, "unauthenticated");
    EXPECT_TRUE(outcome.starts_with("unauthenticated: The server's answer is not signed"));
    EXPECT_TRUE(says(outcome, "this server has no secret to check it"));
}

TEST_F(SignedProtocols, do_not_believe_a_success_that_is_not_signed) {
    const auto client = protocol_of({secret});
    request(*client);
    std::string forged;
    rpc_encode_response(ticket_.id, {.data = Value::integer(4)}, forged);
    EXPECT_TRUE(says(outcome(*client, forged), "is not signed, so it is not believed"));
}

TEST_F(SignedProtocols, refuse_first_who_did_not_sign_and_then_what_is_wrong) {
    const auto server = protocol_of({secret});
    const std::string bad_arguments = from_hex("940009a3616464c0");
    EXPECT_TRUE(says(serve(*server, bad_arguments), "unauthenticated"));
    EXPECT_EQ(served_, "unauthenticated");
}

}  // namespace warren::protocol::message_signing_test
