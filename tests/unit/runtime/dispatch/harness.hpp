#pragma once

#include <warren/dynamic.hpp>
#include <warren/method.hpp>

#include "runtime/dispatch/dispatcher.hpp"
#include "transport/memory/virtual_executor.hpp"

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A dispatcher with a clock and workers that tests step by hand.
namespace warren::runtime::test {

using namespace std::chrono_literals;

class RecordingLog final : public Log {
public:
    void write(LogLevel level, std::string_view line) override {
        const std::lock_guard guard{mutex_};
        ++counts_[static_cast<std::size_t>(level)];
        lines_.emplace_back(line);
    }
    bool contains(std::string_view part) const {
        const std::lock_guard guard{mutex_};
        for (const std::string& line : lines_) {
            if (line.find(part) != std::string::npos) {
                return true;
            }
        }
        return false;
    }
    std::size_t size() const {
        const std::lock_guard guard{mutex_};
        return lines_.size();
    }

    bool shows_calls() const noexcept override { return is_showing_calls; }
    bool is_showing_calls = false;

    std::size_t count(LogLevel level) const {
        const std::lock_guard guard{mutex_};
        return counts_[static_cast<std::size_t>(level)];
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::string> lines_;
    std::array<std::size_t, 4> counts_{};
};

/// What became of a call.
struct Outcome {
    std::string name;
    std::optional<Code> failure{};
    std::string message{};
    Dynamic data{};
    std::vector<FieldError> errors{};
    std::optional<std::chrono::milliseconds> retry_after{};
    At at = At::later;
};

class TestCall final : public ServerCall {
public:
    TestCall(std::string name, std::vector<Outcome>& outcomes)
        : name_{std::move(name)}, outcomes_{outcomes} {}

    void finished(std::unique_ptr<ServerCall> self, At at) noexcept override {
        const protocol::Response& given = self->response();
        outcomes_.push_back({.name = name_,
                             .failure = given.failure,
                             .message = std::string{given.message},
                             .data = given.data ? Dynamic{*given.data} : Dynamic{},
                             .errors = {given.errors.begin(), given.errors.end()},
                             .retry_after = given.retry_after,
                             .at = at});
        end_intercepted(response_bytes);
    }
    static constexpr std::size_t response_bytes = 7;

private:
    std::string name_;
    std::vector<Outcome>& outcomes_;
};

struct ShowCalls {};

/// All of a server but its messages.
struct Stage {
    static RecordingLog& shown(RecordingLog& log) noexcept {
        log.is_showing_calls = true;
        return log;
    }

    transport::VirtualExecutor executor{};
    RecordingLog log{};
    Registry registry{};
    ManualWorkers workers;
    Dispatcher dispatcher;
    std::unique_ptr<ListenerContext> listener{};
    std::vector<Outcome> outcomes{};

    explicit Stage(std::size_t queued_max = 1000, const core::Limits& limits = {})
        : workers{queued_max}, dispatcher{workers, executor, log, limits} {}
    /// With a line of the log for each call.
    explicit Stage(ShowCalls) : log{}, workers{1000}, dispatcher{workers, executor, shown(log)} {}

    /// Serve what is registered.
    void serve(ListenerContextOptions options = {}) {
        options.methods = registry.all();
        listener = std::make_unique<ListenerContext>(dispatcher, executor, std::move(options));
    }

    /// in  null arguments: none
    void call(std::string name, std::string_view method, const Dynamic& arguments,
              std::optional<std::chrono::milliseconds> time_left = {}, std::uint32_t attempt = 1) {
        const protocol::Call call{
            .method = method,
            .style = model::ArgumentStyle::named,
            .arguments = arguments->is_null() ? Value::map({}) : arguments.value(),
            .correlation_id = name,
            .metadata = {.time_left = time_left, .attempt = attempt, .deliveries = attempt}};
        dispatcher.dispatch(std::make_unique<TestCall>(name, outcomes), call, *listener);
    }

    /// Turn the loop, without a worker.
    void turn() { executor.run_until_idle(); }
    /// Run everything there is to run.
    void run() {
        do {
            executor.run_until_idle();
        } while (workers.run_all() > 0);
    }
    /// out  the only outcome so far, which is forgotten
    Outcome take() {
        if (outcomes.size() != 1) {
            return {.name = "(not one outcome but " + std::to_string(outcomes.size()) + ")"};
        }
        Outcome outcome = std::move(outcomes.front());
        outcomes.clear();
        return outcome;
    }
};

}  // namespace warren::runtime::test
