// pyzmqrpc: an input is a message to a server, a response to a client, a command's JSON and a zlib
// stream; whatever is accepted holds the limits, and comes back when it is written again.
#include "format/deflate.hpp"
#include "protocol/failure_value.hpp"
#include "protocol/pyzmqrpc_command.hpp"
#include "protocol/pyzmqrpc_protocol.hpp"
#include "protocol/pyzmqrpc_reply.hpp"
#include "protocol/pyzmqrpc_text.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace warren;
using State = protocol::StreamStep::State;

constexpr core::Limits limits{
    .body_bytes_max = 1 << 16, .nesting_depth_max = 40, .value_count_max = 10'000};

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

/// What was read of a command reads the same when it is written.
void check(const protocol::Call& call) {
    Arena arena;
    std::string json;
    if (!protocol::pyzmqrpc_write_command(call, json)) {
        std::abort();
    }
    const auto again = protocol::pyzmqrpc_read_command(json, arena, limits);
    require(again && again->method == call.method && again->arguments == call.arguments);
}

void check_reply(const protocol::Response& response) {
    std::string reply;
    protocol::pyzmqrpc_write_reply(response, limits, reply);
    Arena arena;
    const auto said =
        protocol::pyzmqrpc_read_reply(reply, arena, protocol::PyzmqrpcReplies::read, limits);
    require(said.has_value() != response.failure.has_value() ||
            said.error().code == Code::internal);
}

void serve(std::span<const std::byte> input) {
    static const auto server = protocol::make_pyzmqrpc_protocol({}, limits);
    const auto decoder = server->make_call_decoder();
    Arena arena;
    const protocol::StreamStep step = decoder->next(input, 0, arena);
    require(step.size_bytes == input.size());
    if (step.state == State::heartbeat) {
        return;
    }
    if (step.state == State::unreadable) {  // one of msgpack-rpc, which is answered in its own form
        require(!decoder->call && decoder->ticket.speaks_other);
        const protocol::Response refusal = protocol::to_answer(decoder->call.error());
        std::string reply;
        server->encode_response(decoder->ticket, refusal, 0, reply);
        require(reply.empty() != decoder->ticket.wants_response);
        return;
    }
    require(step.state == State::complete);
    if (decoder->call) {
        check(*decoder->call);
        check_reply({.message = "OK", .data = decoder->call->arguments});
    } else {
        const Failure& failure = decoder->call.error();
        check_reply({.failure = failure.code, .message = failure.message});
    }
}

void call(std::span<const std::byte> input) {
    static const auto client =
        protocol::make_pyzmqrpc_protocol({.side = protocol::StreamSide::client}, limits);
    const auto decoder = client->make_response_decoder();
    Arena arena;
    if (decoder->next(input, 0, arena).state != State::complete) {
        require(input.size() < 4);
        return;
    }
    const auto response = decoder->response({});
    require(response || response.error().peer_text.size() <= limits.peer_text_bytes_max + 3);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span{data, size});
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    static format::Inflater inflater;
    serve(input);
    call(input);
    Arena arena;
    if (const auto command = protocol::pyzmqrpc_read_command(text, arena, limits)) {
        check(*command);
        // Most inputs get no further than base64; so what is a command goes the whole way, too.
        std::string wire;
        protocol::PyzmqrpcTextWriter{}.append(wire, text);
        serve(std::as_bytes(std::span{wire}));
    }
    if (const auto inflated = inflater.inflate(input, limits.body_bytes_max)) {
        require(inflated->size() <= limits.body_bytes_max);
    }
    return 0;
}
