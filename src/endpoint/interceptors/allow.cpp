#include <warren/middleware.hpp>

#include "core/utf8.hpp"

#include <fmt/format.h>

#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace warren {
namespace {

constexpr std::string_view others = "*";
constexpr std::size_t told_max = 1'000;  // then they are told again

class Allow final : public ServerInterceptor {
public:
    explicit Allow(AllowOptions options) : is_dry_run_{options.dry_run} {
        for (auto& [method, callers] : options.methods) {
            methods_[method].insert(callers.begin(), callers.end());
        }
    }

    std::optional<Failure> begin(CallAtServer& call) override {
        const Context& context = call.context;
        if (may_call(context)) {
            return std::nullopt;
        }
        const std::string who = context.caller.empty() ? std::string{"who has no identity"}
                                                       : fmt::format("'{}'", shown(context.caller));
        std::string message = fmt::format("{} may not call '{}'", who, shown(context.method));
        if (!is_dry_run_) {
            return Failure{.code = Code::permission_denied, .message = std::move(message)};
        }
        if (is_new(message)) {
            context.log->warning(
                fmt::format("{}: would be denied: {} (allow, dry_run)", call.listener, message));
        }
        return std::nullopt;
    }

private:
    using Callers = std::set<std::string, std::less<>>;

    static std::string shown(std::string_view text) { return core::text_for_display(text); }

    bool may_call(const Context& context) const {
        auto found = methods_.find(context.method);
        found = found == methods_.end() ? methods_.find(others) : found;
        return found != methods_.end() &&
               (found->second.contains(context.caller) ||
                (!context.caller.empty() && found->second.contains(others)));
    }
    bool is_new(const std::string& message) {
        const std::lock_guard lock{mutex_};
        if (told_.size() >= told_max) {
            told_.clear();
        }
        return told_.insert(message).second;
    }

    const bool is_dry_run_;
    std::map<std::string, Callers, std::less<>> methods_;
    std::mutex mutex_;
    std::set<std::string> told_;
};

}  // namespace

std::shared_ptr<ServerInterceptor> allow(AllowOptions options) {
    return std::make_shared<Allow>(std::move(options));
}

}  // namespace warren
