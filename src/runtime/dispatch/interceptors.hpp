#pragma once

#include <warren/interceptor.hpp>

#include "protocol/call.hpp"
#include "runtime/clock.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace warren::runtime {

class ServerCall;

/// What stands around the calls of one listener, outermost first.
/// thread any
class Interceptors {
public:
    using All = std::vector<std::shared_ptr<ServerInterceptor>>;

    /// in  clock must outlive this
    Interceptors(All all, const Clock& clock)
        : all_{std::move(all)},
          reads_content_{std::ranges::any_of(all_, &ServerInterceptor::reads_content)},
          clock_{clock} {}

    /// out  false: the call's response is there
    bool begin(ServerCall& call, const protocol::Call& request) const;
    /// The response is written. Of a call that did not begin all are told.
    void end(ServerCall& call, std::size_t response_bytes) const noexcept;
    /// The same, of one whose beginning was told to nobody.
    static void tell(ServerInterceptor& watcher, ServerCall& call,
                     std::size_t response_bytes) noexcept;

private:
    const All all_;
    const bool reads_content_;  // somebody does
    const Clock& clock_;
};

}  // namespace warren::runtime
