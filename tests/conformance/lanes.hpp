#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

namespace warren::conformance {

/// What a protocol carries, as far as the suite has to know.
struct Dialect {
    std::string_view name;  // as in an address
    enum class Methods : std::uint8_t { many, one } methods_per_queue;
    enum class Positions : std::uint8_t { carried, refused } positions;
    enum class Messages : std::uint8_t { carried, dropped } messages;  // of successful replies
    std::size_t text_frame_bytes;  // of a body with one text argument "value", beside the text
};

/// One way from a client to a server: a transport, a protocol and how replies come back.
struct Lane {
    std::string_view name;  // begins with the transport's, which chooses the lanes of a ctest entry
    std::string (*address)();  // of the broker or the server, without parameters
    const Dialect& dialect;
    std::string_view client_parameters{};

    friend std::ostream& operator<<(std::ostream& out, const Lane& lane) {
        return out << lane.name;
    }
};

/// All that there are: a new transport is a line here.
std::span<const Lane> lanes();

}  // namespace warren::conformance
