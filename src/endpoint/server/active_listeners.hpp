#pragma once

#include "endpoint/countdown.hpp"
#include "endpoint/server/active_listener.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace warren::endpoint {

/// Knows a server's listeners, in their order: opens, drains and closes each on its I/O thread, and
/// says which of them consume. Must not know what handles their calls, and who runs the threads.
/// thread one, which is none of the server's, where nothing else is said
class ActiveListeners {
public:
    using MakeOpening = std::function<ActiveListener::Opening(std::size_t index)>;

    void add(std::unique_ptr<ActiveListener> listener) { all_.emplace_back(std::move(listener)); }
    /// To be called once, on an I/O thread, when all consume for the first time.
    void on_ready(std::function<void()> callback) { on_ready_ = std::move(callback); }

    /// Listen where there is no broker, while the I/O thread does not run yet.
    std::expected<void, Failure> open_brokerless(const MakeOpening& opening);
    /// Connect to brokers, and wait for the listeners in this process.
    void open_others(const MakeOpening& opening);

    /// Those of the listeners whose calls are handled here.
    std::vector<runtime::ListenerContextOptions> stored_options(const MakeOpening& opening) const;
    bool all_consume() const noexcept;               // thread any
    std::vector<std::string> displays() const;       // thread any, once open
    std::vector<std::string> addresses() const;      // thread any, once open
    std::vector<std::string> not_consuming() const;  // for people
    std::vector<std::string> unfinished() const;     // for people
    using Changes = std::vector<std::unique_ptr<ActiveListener::Change>>;
    /// What other options ask of calls from the store, in the order of `stored_options`.
    std::vector<std::shared_ptr<const runtime::PolicyInForce>> stored_policies(
        std::span<const ListenerConfig> wanted) const;
    /// As `ActiveListener::prepare` of each, in their order.
    std::expected<Changes, Failure> prepare(std::span<const ListenerConfig> wanted) const;
    /// Put them in force, each on its listener's I/O thread, and return when that is done.
    /// in   beside: called there, too, for each listener
    void apply(const Changes& changes, const std::function<void(std::size_t index)>& beside) const;
    /// thread the I/O thread of what listens directly or at a broker
    std::vector<metrics::ListenerFigures> figures() const;

    /// Whether every I/O thread turns within some time.          thread any, while they run
    bool come_round(runtime::Executor& shared, std::chrono::milliseconds within) const;

    /// Say that a drain is to come, once, and return when it is to begin.
    void announce_drain(std::chrono::milliseconds delay);
    bool is_drain_announced() const noexcept { return drain_announced_; }  // thread any
    /// Begin to drain, once.
    void begin_drain();
    bool is_draining() const noexcept { return draining_; }  // thread any
    void wait_until_drained() { drained_->wait(); }
    bool wait_until_drained(std::chrono::milliseconds timeout) {
        return drained_->wait_for(timeout);
    }
    void stop_now() const;
    /// Return when all are closed.
    /// in   patience: how long the other sides get to take what is left
    void close(std::chrono::milliseconds patience) const;
    /// Once closed: whether the other sides have surely got what was sent.
    bool are_flushed() const noexcept;
    void clear() { all_.clear(); }

private:
    struct Each {
        std::unique_ptr<ActiveListener> listener;
        std::atomic<bool> consuming = false;
    };

    ActiveListener::Opening watched(ActiveListener::Opening opening, Each& each,
                                    std::function<void()> on_change = {});
    template <typename Got>
    std::vector<Got> of_each(Got (*get)(const ActiveListener&)) const;
    void on_each(const std::function<void(ActiveListener&)>& act) const;

    std::deque<Each> all_;
    std::function<void()> on_ready_;
    std::atomic<bool> told_ready_ = false;
    std::atomic<bool> drain_announced_ = false;
    std::atomic<bool> draining_ = false;
    std::shared_ptr<Countdown> drained_;
};

}  // namespace warren::endpoint
