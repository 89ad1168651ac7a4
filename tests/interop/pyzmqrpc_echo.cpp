// For pyzmqrpc_differential_test.py: each line of its input is a command's text, and becomes a line
// of output: the command written again, or the reply that refuses it.
#include "protocol/pyzmqrpc_protocol.hpp"

#include <iostream>
#include <string>

int main() {
    using namespace warren;
    const auto server = protocol::make_pyzmqrpc_protocol();
    const auto client =
        protocol::make_pyzmqrpc_protocol({.side = protocol::StreamSide::client, .one_way = true});
    const auto decoder = server->make_call_decoder();
    std::string line;
    while (std::getline(std::cin, line)) {
        Arena arena;
        std::string out;
        decoder->next(std::as_bytes(std::span{line}), 0, arena);
        if (decoder->call) {
            protocol::StreamTicket ticket{.wants_response = false};
            if (!client->encode_call(*decoder->call, ticket, 0, out)) {
                return 3;
            }
        } else {
            const Failure& failure = decoder->call.error();
            server->encode_response(decoder->ticket,
                                    {.failure = failure.code, .message = failure.message}, 0, out);
        }
        std::cout << out << '\n';
    }
    return 0;
}
