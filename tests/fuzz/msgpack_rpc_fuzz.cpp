// MessagePack-RPC: a stream is read to its end or its first break, and each call that is accepted
// is written again as one that reads back the same.
#include "protocol/msgpack_rpc.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace warren;
using State = protocol::RpcStep::State;

void expect_same_again(const protocol::RpcMessage& message, Arena& arena) {
    std::string again;
    if (message.kind == protocol::RpcKind::response) {
        (void)protocol::rpc_response(message);
        return;
    }
    if (!protocol::rpc_encode_request(1, message.call, message.metadata, protocol::RpcPeer::warren,
                                      again)) {
        return;  // nested as deep as may be, and now deeper by a params list
    }
    protocol::MsgpackRpcDecoder decoder;
    const auto step = decoder.next(std::as_bytes(std::span{again}), arena);
    const protocol::Call& call = decoder.message().call;
    if (step.state != State::complete || call.method != message.call.method ||
        call.style != message.call.style || !(call.arguments == message.call.arguments) ||
        call.metadata.time_left != message.call.metadata.time_left ||
        call.metadata.attempt != message.call.metadata.attempt ||
        call.metadata.priority != message.call.metadata.priority) {
        std::abort();
    }
    for (const protocol::MetadataText& each : protocol::metadata_texts) {
        if (call.metadata.*each.text != message.call.metadata.*each.text) {
            std::abort();
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto input = std::as_bytes(std::span{data, size});
    Arena arena;
    protocol::MsgpackRpcDecoder decoder;
    while (true) {
        const protocol::RpcStep step = decoder.next(input, arena);
        if (step.state == State::need_more || step.state == State::broken) {
            return 0;
        }
        if (step.size_bytes == 0 || step.size_bytes > input.size()) {
            std::abort();
        }
        if (step.state == State::complete) {
            expect_same_again(decoder.message(), arena);
        }
        input = input.subspan(step.size_bytes);
    }
}
