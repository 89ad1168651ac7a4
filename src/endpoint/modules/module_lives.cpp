#include "endpoint/modules/module_lives.hpp"

#include <algorithm>
#include <exception>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace warren::endpoint {
namespace {

/// out  what it has thrown
std::optional<std::string> failure_of(const std::function<void()>& action) noexcept {
    try {
        action();
        return std::nullopt;
    } catch (const Error& thrown) {
        return thrown.message();
    } catch (const std::exception& thrown) {
        return thrown.what();
    } catch (...) {
        return "something that is no exception";
    }
}

std::string about(const ModuleLife& life, std::string_view what, const std::string& reason) {
    return (life.origin.empty() ? "" : life.origin + ": ") + "its " + std::string{what} +
           " failed: " + reason;
}

}  // namespace

std::expected<void, Failure> ModuleLives::start(const Registry& registry,
                                                std::span<const std::vector<const Method*>> served,
                                                Log& log) {
    log_ = &log;
    std::set<std::string_view> origins{""};
    for (const std::vector<const Method*>& of_listener : served) {
        std::ranges::transform(of_listener, std::inserter(origins, origins.end()), &Method::origin);
    }
    for (const ModuleLife& life : registry.lives()) {
        if (!origins.contains(life.origin)) {
            continue;
        }
        for (const std::function<void()>& action : life.on_start) {
            if (const auto reason = failure_of(action)) {
                stop();
                return std::unexpected{
                    Failure{.code = Code::failed, .message = about(life, "start", *reason)}};
            }
        }
        started_.push_back(&life);
    }
    return {};
}

void ModuleLives::stop() noexcept {
    while (!started_.empty()) {
        const ModuleLife& life = *started_.back();
        started_.pop_back();
        for (auto action = life.on_stop.rbegin(); action != life.on_stop.rend(); ++action) {
            if (const auto reason = failure_of(*action)) {
                log_->error(about(life, "stop", *reason));
            }
        }
    }
}

}  // namespace warren::endpoint
