#pragma once

#include <warren/interceptor.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace warren::endpoint {

/// The calls of a server as they end, for whoever looks: a line of JSON each, the last of which are
/// kept. Arguments and results, and so secrets, are in none.
/// thread any
class CallFeed final : public ServerInterceptor {
public:
    static constexpr std::size_t lines_max = 4096;

    void end(const CallAtServer& call, const CallEnd& end) override;

    struct Lines {
        std::uint64_t next = 0;    // what to ask for the next time
        std::uint64_t missed = 0;  // calls that are kept no more
        std::string text{};        // with a newline behind each
    };
    /// The calls from a number on, which is that of the first call of all, or came with others.
    Lines from(std::uint64_t number) const;
    /// The number of the next call.
    std::uint64_t next() const;

private:
    mutable std::mutex mutex_;
    std::deque<std::string> lines_;
    std::uint64_t first_ = 0;  // the number of the first line
};

}  // namespace warren::endpoint
