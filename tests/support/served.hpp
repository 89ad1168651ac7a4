#pragma once

#include <warren/server.hpp>

#include <cstddef>
#include <string>

/// What tests ask of servers and calls in their own process.
namespace warren::test {

/// Where a server listens, as an address to call.
inline std::string address_of(const Server& server, std::size_t listener = 0) {
    return server.addresses()[listener];
}

/// in  function: throws warren::Error; one that does not gives what no test expects
template <typename Function>
Failure failure_of(Function function) {
    try {
        function();
    } catch (const Error& error) {
        return error.failure();
    }
    return {.code = Code::cancelled, .message = "it did not fail"};
}

}  // namespace warren::test
