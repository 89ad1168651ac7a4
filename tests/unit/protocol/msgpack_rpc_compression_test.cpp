#include "protocol/msgpack_rpc_compression.hpp"

#include "format/msgpack/msgpack.hpp"
#include "format/msgpack/msgpack_writer.hpp"
#include "protocol/msgpack_rpc_protocol.hpp"
#include "unit/protocol/protocol_support.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>

namespace warren::protocol::test {
namespace {

using format::Compression;
using model::ArgumentStyle;
using State = StreamStep::State;

constexpr std::size_t bytes_min = 1'000;
constexpr std::int64_t sent_at_ms = 1'700'000'000'000;
constexpr Compression compressions[] = {Compression::gzip, Compression::zstd};

Dynamic text_of_size(std::size_t size) {
    return Dynamic{std::string(size, 'x')};
}

std::unique_ptr<StreamProtocol> client_of(Compression kind) {
    return make_msgpack_rpc_protocol({.compression = kind, .compress_bytes_min = bytes_min});
}

std::unique_ptr<StreamProtocol> server_with(std::optional<std::size_t> least,
                                            const core::Limits& limits = {}) {
    return make_msgpack_rpc_protocol({.compress_bytes_min = least}, limits);
}

class MsgpackRpcCompression : public testing::Test {
protected:
    std::string request(StreamProtocol& client, const Value& arguments,
                        ArgumentStyle style = ArgumentStyle::bare) {
        ticket_ = {.id = 7};
        std::string bytes;
        EXPECT_TRUE(client.encode_call({.method = "m", .style = style, .arguments = arguments},
                                       ticket_, sent_at_ms, bytes));
        return bytes;
    }
    StreamStep read_call(StreamProtocol& server, std::string_view bytes) {
        calls_ = server.make_call_decoder();
        return calls_->next(octets(bytes), sent_at_ms, arena_);
    }
    /// A request whose arguments are these bytes, and whose metadata names a compression.
    std::string made(std::string_view style, std::string_view kind, const Value& arguments) {
        std::string bytes;
        const Member metadata[] = {{Value::text("$warren"), Value::text(style)},
                                   {Value::text("compressed"), Value::text(kind)}};
        const Value params[] = {arguments, Value::map(metadata)};
        const Value message[] = {Value::integer(0), Value::integer(7), Value::text("m"),
                                 Value::list(params)};
        EXPECT_TRUE(format::msgpack_encode(Value::list(message), bytes));
        return bytes;
    }
    std::string refusal(std::string_view bytes, const core::Limits& limits = {}) {
        const auto server = server_with(bytes_min, limits);
        EXPECT_EQ(read_call(*server, bytes).state, State::complete);
        return calls_->call ? "taken" : calls_->call.error().errors.front().message;
    }

    Arena arena_;
    StreamTicket ticket_;
    std::unique_ptr<StreamCallDecoder> calls_;
};

TEST_F(MsgpackRpcCompression, ArgumentsOfEachStyleComeAsTheyWere) {
    const Dynamic text = text_of_size(5'000);
    const Dynamic list = Dynamic::list({text, 1, Dynamic::map({{"$warren", "bare"}})});
    const Dynamic map = Dynamic::map({{"a", text}});
    const auto server = server_with(bytes_min);
    for (const Compression kind : compressions) {
        const auto client = client_of(kind);
        for (const auto& [style, arguments] :
             {std::pair{ArgumentStyle::named, map}, std::pair{ArgumentStyle::positional, list},
              std::pair{ArgumentStyle::bare, text}, std::pair{ArgumentStyle::bare, list}}) {
            const std::string bytes = request(*client, arguments.value(), style);
            EXPECT_LT(bytes.size(), 200U);
            EXPECT_EQ(read_call(*server, bytes).state, State::complete);
            ASSERT_TRUE(calls_->call) << to_string(calls_->call.error());
            EXPECT_EQ(calls_->call->style, style);
            EXPECT_EQ(Dynamic{calls_->call->arguments}, arguments);
            EXPECT_EQ(calls_->ticket.compression, kind);
        }
    }
}

TEST_F(MsgpackRpcCompression, SmallRequestsAndThoseOfOthersAreAsEver) {
    const Dynamic small = text_of_size(bytes_min / 2);
    const auto plain = make_msgpack_rpc_protocol();
    EXPECT_GT(request(*client_of(Compression::zstd), small.value()).size(), bytes_min / 2);
    const Dynamic large = text_of_size(1'000'000);
    const std::string bytes = request(*plain, large.value());
    EXPECT_GT(bytes.size(), 1'000'000U);
    EXPECT_EQ(bytes.find("accept"), std::string::npos);
    EXPECT_EQ(read_call(*server_with(bytes_min), bytes).state, State::complete);
    EXPECT_EQ(calls_->ticket.compression, Compression::none);
}

TEST_F(MsgpackRpcCompression, ResultsAreCompressedForThoseWhoTakeIt) {
    const Dynamic data = text_of_size(5'000);
    for (const Compression kind : {Compression::none, Compression::gzip, Compression::zstd}) {
        for (const bool may : {true, false}) {
            const auto client = client_of(kind);
            const auto server = server_with(may ? std::optional{bytes_min} : std::nullopt);
            read_call(*server, request(*client, Value::integer(1)));
            std::string bytes;
            EXPECT_EQ(server->encode_response(calls_->ticket,
                                              {.message = "said", .data = data.value()}, 0, bytes),
                      "");
            EXPECT_EQ(bytes.size() < 200, may && kind != Compression::none);
            const auto responses = client->make_response_decoder();
            EXPECT_EQ(responses->next(octets(bytes), sent_at_ms, arena_).state, State::complete);
            const auto response = responses->response(ticket_);
            ASSERT_TRUE(response) << to_string(response.error());
            EXPECT_EQ(Dynamic{response->data.value()}, data);
            EXPECT_EQ(response->message, "said");
        }
    }
}

TEST_F(MsgpackRpcCompression, PartsGoAsTheyAre) {
    const Dynamic data = text_of_size(5'000);
    const auto server = server_with(bytes_min);
    read_call(*server, request(*client_of(Compression::zstd), Value::integer(1)));
    std::string bytes;
    server->encode_response(
        calls_->ticket, {.data = data.value(), .kind = ResponseKind::part, .number = 0}, 0, bytes);
    EXPECT_GT(bytes.size(), 5'000U);
}

TEST_F(MsgpackRpcCompression, SignaturesCoverWhatIsSent) {
    const std::vector<std::string> secrets{"known to both of these sides alone"};
    const auto signer = MessageSigner::make(secrets).value();
    const auto client = make_msgpack_rpc_protocol(
        {.signer = signer, .compression = Compression::zstd, .compress_bytes_min = bytes_min});
    const auto server =
        make_msgpack_rpc_protocol({.signer = signer, .nonces = NonceMemory::make().value()});
    std::string bytes = request(*client, text_of_size(5'000).value());
    EXPECT_LT(bytes.size(), 400U);
    EXPECT_EQ(read_call(*server, bytes).state, State::complete);
    ASSERT_TRUE(calls_->call) << to_string(calls_->call.error());
    std::string answer;
    server->encode_response(calls_->ticket, {.data = text_of_size(500'000).value()}, 0, answer);
    EXPECT_LT(answer.size(), 400U);
    const auto responses = client->make_response_decoder();
    responses->next(octets(answer), 0, arena_);
    EXPECT_TRUE(responses->response(ticket_));
    bytes[30] ^= 1;
    read_call(*server, bytes);
    EXPECT_FALSE(calls_->call);
}

TEST_F(MsgpackRpcCompression, LimitsAreOfWhatComesOut) {
    const Dynamic large = text_of_size(100'000);
    const auto client = client_of(Compression::zstd);
    const std::string bytes = request(*client, large.value());
    EXPECT_EQ(refusal(bytes, {.body_bytes_max = 99'000}),
              "The message inflates to more than 99000 bytes (body_bytes_max)");
    EXPECT_EQ(refusal(bytes, {.body_bytes_max = 101'000}), "taken");
    Arena arena;
    const auto items = arena.array<Value>(2'000);
    std::ranges::fill(items, Value::integer(1));
    const std::string many = request(*client, Value::list(items), ArgumentStyle::positional);
    EXPECT_TRUE(refusal(many, {.value_count_max = 1'000}).contains("value_count_max"));
    // Its own, before anything is compressed.
    const auto limited =
        make_msgpack_rpc_protocol({.compression = Compression::zstd}, {.body_bytes_max = 99'000});
    std::string out;
    const auto sent = limited->encode_call(
        {.method = "m", .style = ArgumentStyle::bare, .arguments = large.value()}, ticket_, 0, out);
    EXPECT_TRUE(!sent && to_string(sent.error()).contains("body_bytes_max"));
}

TEST_F(MsgpackRpcCompression, AResultOverTheClientsLimitsFailsItsCallAlone) {
    const auto server = server_with(bytes_min);
    for (const core::Limits& limits :
         {core::Limits{.body_bytes_max = 99'000}, core::Limits{.value_count_max = 1'000}}) {
        const auto client = make_msgpack_rpc_protocol({.compression = Compression::zstd}, limits);
        read_call(*server, request(*client, Value::integer(1)));
        Arena arena;
        const auto items = arena.array<Value>(100'000);
        std::ranges::fill(items, Value::integer(1));
        std::string bytes;
        server->encode_response(calls_->ticket, {.data = Value::list(items)}, 0, bytes);
        const std::size_t first = bytes.size();
        EXPECT_LT(first, 1'000U);
        server->encode_response(calls_->ticket, {.data = Value::integer(1)}, 0, bytes);
        const auto responses = client->make_response_decoder();
        const StreamStep step = responses->next(octets(bytes), sent_at_ms, arena_);
        EXPECT_EQ(step.state, State::complete);
        EXPECT_EQ(step.size_bytes, first);
        EXPECT_EQ(responses->response(ticket_).error().code, Code::reply_over_limit);
        responses->next(octets(bytes).subspan(first), 0, arena_);
        EXPECT_TRUE(responses->response(ticket_)) << "the next one is read";
    }
}

TEST_F(MsgpackRpcCompression, WhatIsNoCompressedValueIsRefusedAlone) {
    std::string good;
    const Value packed = rpc_compress(Compression::zstd, text_of_size(5'000).value(), good).value();
    EXPECT_EQ(refusal(made("bare", "zstd", packed)), "taken");
    EXPECT_TRUE(refusal(made("bare", "gzip", packed)).contains("damaged"));
    EXPECT_TRUE(refusal(made("bare", "zstd", Value::text("x"))).contains("should be bytes"));
    EXPECT_TRUE(refusal(made("bare", "br", packed)).contains("wrong kind"));
    EXPECT_TRUE(refusal(made("named", "zstd", packed)).contains("another style"));
    EXPECT_TRUE(refusal(made("positional", "zstd", packed)).contains("another style"));
    EXPECT_TRUE(refusal(made("odd", "zstd", packed)).contains("another style"));
    for (std::size_t size = 0; size < good.size(); ++size) {
        const Value cut = Value::bytes(octets(good).first(size));
        EXPECT_TRUE(refusal(made("bare", "zstd", cut)).contains("cut short")) << size;
    }
    const std::string no_value = format::compress(Compression::zstd, std::string(5'000, '\xc1'));
    EXPECT_NE(refusal(made("bare", "zstd", Value::bytes(octets(no_value)))), "taken");
}

TEST_F(MsgpackRpcCompression, AQuickDecoderLeavesItToAnother) {
    const auto server = server_with(bytes_min);
    const std::string bytes = request(*client_of(Compression::zstd), text_of_size(5'000).value());
    const auto quick = server->make_quick_call_decoder(16'384);
    const StreamStep step = quick->next(octets(bytes), sent_at_ms, arena_);
    EXPECT_EQ(step.state, State::unread);
    EXPECT_EQ(step.size_bytes, bytes.size());
    EXPECT_EQ(quick->ticket.id, 7U);
    EXPECT_TRUE(quick->ticket.wants_response);
}

}  // namespace
}  // namespace warren::protocol::test
