#pragma once

#include "runtime/executor.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace warren::transport {

/// Lines about peers that are not let in: one for each reason in a while, so that nobody fills the
/// log with one and hides another, and with it how many were passed over.        thread one
class RefusalLines {
public:
    static constexpr std::chrono::seconds period{10};  // between lines of one reason
    static constexpr std::size_t reasons_max = 64;     // all further ones count as one

    /// in   peer: its address; empty: not known
    /// out  nullopt: there was a line of that reason less than a period ago
    std::optional<std::string> add(std::string_view peer, std::string_view reason,
                                   runtime::TimePoint now);

private:
    struct Reason {
        runtime::TimePoint said_until{};
        std::uint64_t passed_over = 0;
    };

    std::map<std::string, Reason, std::less<>> reasons_;
};

}  // namespace warren::transport
