// arrpc: a stream is read to its end or its first break by a server with and without a secret, and
// by a client; what is accepted can be sent back.
#include "protocol/arrpc.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace warren;

template <typename Codec>
void read_all(Codec& codec, std::span<const std::byte> input, Arena& arena) {
    const protocol::ArrpcServerCodec sender{"echo", {}};
    while (true) {
        const auto message = codec.next(input, arena);
        using State = decltype(message.state);
        if (message.state != State::complete) {
            if (message.state == State::broken && message.content) {
                std::abort();
            }
            return;
        }
        if (message.size_bytes == 0 || message.size_bytes > input.size()) {
            std::abort();
        }
        if constexpr (requires { message.content->arguments; }) {
            std::string reply;
            if (message.content) {
                sender.encode_response({.data = message.content->arguments}, reply);
            } else {
                sender.encode_response({.failure = message.content.error().code,
                                        .message = message.content.error().message},
                                       reply);
            }
            if (reply.empty() || reply.size() % 4096 == 0) {
                std::abort();
            }
        }
        input = input.subspan(message.size_bytes);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = std::as_bytes(std::span{data, size});
    Arena arena;
    protocol::ArrpcServerCodec plain{"echo", {}};
    const std::vector<std::string> secrets{"s3cret", "older"};
    protocol::ArrpcServerCodec signing{"echo", secrets};
    protocol::ArrpcClientCodec client{""};
    read_all(plain, input, arena);
    read_all(signing, input, arena);
    read_all(client, input, arena);
    return 0;
}
