#pragma once

#include "protocol/stream_protocol.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

// Both sides of a stream protocol, over strings.
namespace warren::protocol::test {

using warren::test::octets;

/// Feed `bytes` one by one, each time at another address, and expect the message to be whole with
/// the last one, and not before.
template <typename Decoder>
StreamStep read_byte_by_byte(Decoder& decoder, std::string_view bytes, Arena& arena) {
    std::string piece;
    for (std::size_t size = 0; size != bytes.size(); ++size) {
        piece = bytes.substr(0, size);
        const StreamStep step = decoder.next(octets(piece), 0, arena);
        EXPECT_EQ(step.state, StreamStep::State::need_more) << size;
        EXPECT_GT(step.wanted_bytes, size);
        EXPECT_LE(step.wanted_bytes, bytes.size());
    }
    const StreamStep step = decoder.next(octets(bytes), 0, arena);
    EXPECT_EQ(step.state, StreamStep::State::complete);
    EXPECT_EQ(step.size_bytes, bytes.size());
    return step;
}

inline std::string encoded_call(const StreamProtocol& protocol, const Call& call,
                                StreamTicket ticket = {}) {
    std::string out;
    EXPECT_TRUE(protocol.encode_call(call, ticket, 0, out));
    return out;
}

inline std::string encoded_response(const StreamProtocol& protocol, const Response& response,
                                    const StreamTicket& ticket = {}) {
    std::string out;
    protocol.encode_response(ticket, response, 0, out);
    return out;
}

}  // namespace warren::protocol::test
