#pragma once

#include <warren/log.hpp>
#include <warren/method.hpp>
#include <warren/server.hpp>

#include <expected>
#include <span>
#include <vector>

namespace warren::endpoint {

/// What modules have done at the start and the end of a server. Knows which of them it serves, and
/// nothing of how.
/// thread one at a time, none of the server's
class ModuleLives {
public:
    /// Start those of whose methods one is served, in the order of their registration, and the
    /// program itself.
    /// in   served: by listener; log: outlives this
    /// err  failed: what one has thrown, with its file; those before it are stopped again
    std::expected<void, Failure> start(const Registry& registry,
                                       std::span<const std::vector<const Method*>> served,
                                       Log& log);
    /// Stop those that were started, the last one first; what one throws is logged.
    void stop() noexcept;

private:
    std::vector<const ModuleLife*> started_;
    Log* log_ = nullptr;
};

}  // namespace warren::endpoint
