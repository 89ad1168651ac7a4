#pragma once

#include "app/config/config.hpp"
#include "endpoint/log_queue.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace warren::app {

/// Makes what stands around the calls of listeners. What is of all of them is one object, which
/// counts for all together. One that is copied makes anew only what is to be otherwise, so that
/// rates go on counting and files stay open.
class Middleware {
public:
    /// in  log: of audits without a file
    Middleware(MiddlewareConfig of_all, const std::shared_ptr<endpoint::LogQueue>& log);

    /// From now on; what is there already stays for who has it.
    void set_of_all(MiddlewareConfig of_all) { of_all_ = std::move(of_all); }

    /// in   place: whose it is; one for each listener
    /// out  outermost first
    /// err  throws Error (invalid_request): a file that cannot be appended to
    std::vector<std::shared_ptr<ServerInterceptor>> of(const std::string& place,
                                                       const MiddlewareConfig& own);

private:
    using Made = std::shared_ptr<ServerInterceptor>;

    template <typename Options>
    struct Part {
        std::optional<Options> options{};  // that it was made with
        Made made{};                       // null: it was never wanted
    };
    struct Parts {
        Part<AuditOptions> audit{};
        Part<AllowOptions> allow{};
        Part<RateOptions> rate{};
    };

    template <typename Options, typename Make>
    static void add(std::vector<Made>& chain, const MiddlewarePart<Options>& own,
                    Part<Options>& made, const MiddlewarePart<Options>& of_all,
                    Part<Options>& shared, Make make);

    MiddlewareConfig of_all_;
    std::shared_ptr<Log> log_;
    Made access_log_{};
    Parts shared_{};  // of all listeners
    std::map<std::string, Parts> own_{};
};

/// What `allow`, `rate` and `audit` say of methods that nobody serves, and methods that nobody may
/// call.
/// in   config: whose modules are loaded
/// out  a line of text each
struct MiddlewareFindings {
    std::vector<std::string> problems{};
    std::vector<std::string> notes{};
};
MiddlewareFindings check_middleware(const Config& config, const Registry& registry);

}  // namespace warren::app
