#pragma once

#include <warren/context.hpp>
#include <warren/error.hpp>

#include "core/line_limit.hpp"
#include "runtime/counters.hpp"
#include "runtime/executor.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace warren::runtime {

/// The replies of one listener that were refused, or have reached nobody: each is counted, and the
/// log tells of some.
/// thread the I/O thread; the counts any
class LostReplies {
public:
    static constexpr std::size_t lines_max = 10;  // in each period; the others are told as debug

    /// in  log, executor: outlive this; listener: its name
    LostReplies(Log& log, const Executor& executor, std::string listener)
        : log_{log}, executor_{executor}, listener_{std::move(listener)} {}

    void add_lost(std::string_view correlation_id, const Failure& why);
    void add_refused(std::string_view correlation_id, const Failure& why);

    std::uint64_t lost() const noexcept { return lost_.get(); }
    std::uint64_t refused() const noexcept { return refused_.get(); }

private:
    void report(std::string_view correlation_id, std::string_view what, const Failure& why);

    Log& log_;
    const Executor& executor_;
    const std::string listener_;
    SingleWriterCounter lost_;
    SingleWriterCounter refused_;
    core::LineLimit lines_{lines_max};
};

}  // namespace warren::runtime
