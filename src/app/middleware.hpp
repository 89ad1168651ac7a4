#pragma once

#include "app/config/config.hpp"
#include "endpoint/log_queue.hpp"

#include <memory>
#include <string>
#include <vector>

namespace warren::app {

/// Makes what stands around the calls of listeners. What is of all of them is one object, which
/// counts for all together.
class Middleware {
public:
    /// in  log: of audits without a file
    Middleware(const MiddlewareConfig& of_all, const std::shared_ptr<endpoint::LogQueue>& log);

    /// out  outermost first
    /// err  throws Error (invalid_request): a file that cannot be appended to
    std::vector<std::shared_ptr<ServerInterceptor>> of(const MiddlewareConfig& own);

private:
    using Made = std::shared_ptr<ServerInterceptor>;

    template <typename Options, typename Make>
    void add(std::vector<Made>& chain, const MiddlewarePart<Options>& own,
             const MiddlewarePart<Options>& of_all, Made& shared, Make make);

    const MiddlewareConfig& of_all_;
    const std::shared_ptr<Log> log_;
    // Of all listeners; null until one has it.
    Made access_log_;
    Made audit_;
    Made allow_;
    Made rate_;
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
