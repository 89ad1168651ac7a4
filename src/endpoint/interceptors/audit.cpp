#include <warren/middleware.hpp>

#include "core/timestamp.hpp"
#include "endpoint/failures.hpp"
#include "endpoint/interceptors/append_file.hpp"
#include "endpoint/interceptors/call_line.hpp"
#include "endpoint/interceptors/line_writer.hpp"

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <set>
#include <utility>

namespace warren {
namespace {

constexpr std::chrono::seconds retry_after{1};

endpoint::LineWriter::Write writer_of(const AuditOptions& options) {
    if (options.file.empty() == (options.log == nullptr)) {
        throw Error{Code::invalid_request, "An audit has a file or a log"};
    }
    if (options.log != nullptr) {
        return [log = options.log](const std::string& line) -> std::optional<std::string> {
            try {
                log->info("audit " + line.substr(0, line.size() - 1));
                return std::nullopt;
            } catch (const std::exception& error) {
                return error.what();
            }
        };
    }
    const auto file = std::make_shared<endpoint::AppendFile>(
        endpoint::value_or_throw(endpoint::AppendFile::open(options.file)));
    return [file](const std::string& line) { return file->write(line); };
}

class Audit final : public ServerInterceptor {
public:
    explicit Audit(const AuditOptions& options)
        : methods_{options.methods.begin(), options.methods.end()},
          waiting_bytes_max_{options.waiting_bytes_max},
          lines_{writer_of(options)} {}

    std::optional<Failure> begin(CallAtServer& call) override {
        if (is_audited(call.context) && lines_.waiting_bytes() > waiting_bytes_max_) {
            return Failure{.code = Code::overloaded,
                           .message = "The audit of calls cannot be written fast enough",
                           .retry_after = retry_after};
        }
        return std::nullopt;
    }

    void end(const CallAtServer& call, const CallEnd& end) override {
        if (!is_audited(call.context)) {
            return;
        }
        const auto now =
            std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
        lines_.put("{\"time\":\"" + to_string(now) + "\"," + endpoint::call_members(call, end) +
                   "}\n");
        if (const auto problem = lines_.take_problem()) {
            call.context.log->error("an audit waits to be written: " + *problem);
        }
    }

private:
    bool is_audited(const Context& context) const {
        return methods_.empty() || methods_.contains(context.method);
    }

    const std::set<std::string, std::less<>> methods_;
    const std::size_t waiting_bytes_max_;
    endpoint::LineWriter lines_;
};

}  // namespace

// NOLINTNEXTLINE(performance-unnecessary-value-param): as callers have them, with braces
std::shared_ptr<ServerInterceptor> audit(AuditOptions options) {
    return std::make_shared<Audit>(options);
}

}  // namespace warren
