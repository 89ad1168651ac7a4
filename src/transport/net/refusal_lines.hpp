#pragma once

#include "core/line_limit.hpp"
#include "runtime/executor.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace warren::transport {

/// Lines about peers that are not let in: one for each reason in a while, so that nobody fills the
/// log with one and hides another, and with it how many were passed over.        thread one
class RefusalLines {
public:
    static constexpr std::size_t reasons_max = 64;  // all further ones count as one

    /// in   peer: its address; empty: not known
    /// out  nullopt: there was a line of that reason less than a period ago
    std::optional<std::string> add(std::string_view peer, std::string_view reason,
                                   runtime::TimePoint now);

private:
    std::map<std::string, core::LineLimit, std::less<>> reasons_;
};

}  // namespace warren::transport
