#pragma once

#include <warren/server.hpp>

#include "core/limits.hpp"
#include "endpoint/countdown.hpp"
#include "endpoint/failures.hpp"
#include "endpoint/log_queue.hpp"
#include "endpoint/modules/module_lives.hpp"
#include "endpoint/proxy/proxy.hpp"
#include "endpoint/server/active_listeners.hpp"
#include "endpoint/server/describe_methods.hpp"
#include "endpoint/server/listener_document.hpp"
#include "endpoint/server/reload_plan.hpp"
#include "endpoint/server/server_admin.hpp"
#include "endpoint/server/server_figures.hpp"
#include "endpoint/server/server_sizing.hpp"
#include "endpoint/server/server_status.hpp"
#include "endpoint/server/server_store.hpp"
#include "endpoint/server/server_stored_calls.hpp"
#include "endpoint/server/shutdown_method.hpp"
#include "runtime/dispatch/dispatcher.hpp"
#include "runtime/dispatch/workers.hpp"
#include "transport/loop/asio_executor.hpp"

#include <algorithm>
#include <iterator>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

namespace warren {
namespace endpoint {

// How long the end waits for what was said to be written, and what the other sides get, when the
// time for draining is over, to take what is left.
inline constexpr std::chrono::milliseconds log_flush_max{1'000};
inline constexpr std::chrono::milliseconds close_patience{400};

}  // namespace endpoint

/// A server: what it is made of, and in which order that begins and ends. Must not know how any
/// transport or store does its part.
class Server::Implementation {
public:
    explicit Implementation(ServerOptions options)
        : options_{std::move(options)},
          limits_{endpoint::limits_of(options_)},
          log_{endpoint::queued(options_.log)},
          asio_{{.spin_max = options_.spin_max}} {
        if (options_.call_log != nullptr) {
            interceptors_.push_back(server_call_log(options_.call_log));
        }
    }

    ~Implementation() {
        if (!running()) {
            return;
        }
        requeue_all();
        listeners_.wait_until_drained();
        close(options_.drain_timeout);
    }

    bool running() const noexcept { return dispatcher_.has_value(); }

    void start() {
        if (running() || ended_) {
            throw Error{Code::internal, "a server starts once"};
        }
        const std::vector<std::vector<const Method*>> methods = methods_of_listeners();
        store_.open(options_.store, log_, configs_, methods);
        proxies_.emplace(configs_, options_.replies, clock_, log_);
        const endpoint::ListenerShared shared{
            .asio = asio_,
            .limits = limits_,
            .nonces = endpoint::nonce_memory_for(options_, configs_, clock_),
            .series = endpoint::has_admin(options_) ? &series_ : nullptr};
        for (std::size_t i = 0; i < configs_.size(); ++i) {
            configs_[i].describing = describing_.of(configs_[i]);
            listeners_.add(endpoint::make_listener(configs_[i], methods[i], shared));
        }
        const std::size_t workers = endpoint::worker_count_for(options_, configs_);
        endpoint::log_workers(workers, configs_, *log_);
        workers_.emplace(
            runtime::WorkerOptions{.threads = workers, .queued_max = options_.queued_calls_max});
        dispatcher_.emplace(*workers_, clock_, *log_, limits_, &log_->of_handlers());
        store_.attach(dispatcher_->calls());
        const auto opening = [this](std::size_t index) -> endpoint::ActiveListener::Opening {
            return {.dispatcher = *dispatcher_,
                    .log = *log_,
                    .responses = options_.replies == ServerReplies::mock
                                     ? runtime::Responses::mock
                                     : runtime::Responses::by_handlers,
                    .forwarder = proxies_->forwarder_of(index),
                    .on_change = {},
                    .keyed_calls = store_.keyed_calls(),
                    .store_locks = store_.locks(),
                    .keyed_attempts_max = options_.store.attempts_max,
                    .interceptors = interceptors_,
                    .forwards_to = proxies_->target_of(index)};
        };
        auto opened = start_modules(methods);
        if (opened) {
            opened = open_admin();
        }
        if (opened) {
            if (shared.nonces) {
                endpoint::wait_until_remembered(*shared.nonces, clock_);
            }
            opened = listeners_.open_brokerless(opening);
        }
        if (!opened) {
            admin_.reset();
            lives_.stop();
            listeners_.clear();
            proxies_.reset();
            store_.close();
            dispatcher_.reset();
            ended_ = true;
            throw Error{std::move(opened.error())};
        }
        asio_thread_ = std::thread{[this] { asio_.run(); }};
        listeners_.open_others(opening);
        stored_calls_.open(*dispatcher_, asio_, store_.keyed_calls(),
                           listeners_.stored_options(opening));
    }

    std::chrono::milliseconds time_until(runtime::TimePoint when) const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(when - clock_.now());
    }

    void begin_drain() {
        if (!listeners_.is_draining()) {
            listeners_.begin_drain();
            stored_calls_.begin_drain();
            proxies_->end_unsent();
        }
    }

    bool drain(std::chrono::milliseconds timeout) {
        if (!running()) {
            return is_flushed_;
        }
        listeners_.announce_drain(options_.drain_delay);
        const auto until = clock_.now() + timeout;
        begin_drain();
        if (!listeners_.wait_until_drained(timeout) ||
            !stored_calls_.wait_until_drained(time_until(until))) {
            return false;
        }
        proxies_->stop(until);
        close(time_until(until));
        return is_flushed_ = listeners_.are_flushed();
    }

    std::vector<std::string> unfinished() const {
        std::vector<std::string> reasons;
        if (!is_flushed_) {
            reasons.emplace_back("a broker has not confirmed the last replies");
        }
        if (!running()) {
            return reasons;
        }
        if (const auto running = dispatcher_->in_flight(); running != 0) {
            reasons.push_back("calls that run: " + std::to_string(running));
        }
        std::ranges::move(listeners_.unfinished(), std::back_inserter(reasons));
        return reasons;
    }

    bool stop_now(std::chrono::milliseconds grace) {
        if (!running()) {
            return true;
        }
        requeue_all();
        if (!listeners_.wait_until_drained(grace) || !stored_calls_.wait_until_drained(grace)) {
            return false;
        }
        close(endpoint::close_patience);
        return true;
    }

    void stop() {
        if (!drain(options_.drain_timeout)) {
            requeue_all();
            listeners_.wait_until_drained();
            close(endpoint::close_patience);
        }
    }

    void on_ready(std::function<void()> callback) { listeners_.on_ready(std::move(callback)); }
    bool ready() const noexcept { return running() && listeners_.all_consume(); }

    std::vector<std::string> listeners() const {
        std::vector<std::string> names = listeners_.displays();
        for (std::size_t i = 0; proxies_ && i < names.size(); ++i) {
            names[i] += proxies_->display_of(i);
        }
        return names;
    }

    std::vector<std::string> addresses() const { return listeners_.addresses(); }

    std::string admin_address() const { return admin_ ? admin_->local_address() : std::string{}; }

    void reload(std::vector<ListenerOptions> listeners, std::vector<ForwardOptions> forwards) {
        const std::lock_guard lock{reload_mutex_};
        if (!running()) {
            throw Error{Code::invalid_request, "Only a server that runs takes options anew"};
        }
        endpoint::reload(
            endpoint::reload_plan(configs_, std::move(listeners), std::move(forwards), log_),
            listeners_, *proxies_, stored_calls_);
        dispatcher_->calls().shows_calls.store(log_->shows_calls(), std::memory_order_relaxed);
    }

    bool is_responsive(std::chrono::milliseconds within) {
        // Whoever ends the server is bounded by its own times.
        const std::unique_lock lock{end_mutex_, std::try_to_lock};
        return !lock.owns_lock() || !running() || listeners_.come_round(asio_, within);
    }

    ServerOptions options_;
    core::Limits limits_;
    std::shared_ptr<endpoint::LogQueue> log_;
    Registry registry_;
    std::vector<endpoint::ListenerConfig> configs_;
    runtime::Interceptors::All interceptors_;
    endpoint::ShutdownMethod shutdown_{log_};
    endpoint::DescribeMethods describing_{registry_, [this] { return listener_documents(); }};

private:
    std::vector<std::vector<const Method*>> methods_of_listeners() {
        std::vector<std::vector<const Method*>> methods;
        for (const endpoint::ListenerConfig& config : configs_) {
            auto found = endpoint::value_or_throw(endpoint::methods_of(config, registry_));
            if (const Method* const shutdown = shutdown_.of(config, registry_)) {
                found.push_back(shutdown);
            }
            methods.push_back(std::move(found));
        }
        return methods;
    }

    std::expected<void, Failure> start_modules(std::span<const std::vector<const Method*>> served) {
        // A mock runs no handlers.
        return options_.replies == ServerReplies::mock ? std::expected<void, Failure>{}
                                                       : lives_.start(registry_, served, *log_);
    }

    std::expected<void, Failure> open_admin() {
        if (!endpoint::has_admin(options_)) {
            return {};
        }
        auto opened = endpoint::ServerAdmin::open(
            asio_, options_,
            {.series = series_,
             .figures = [this] { return figures(); },
             .not_ready = [this] { return not_ready(); },
             .status = [this] { return status(); },
             .watch =
                 [this](ServerInterceptor* watcher) { dispatcher_->calls().watcher = watcher; }});
        if (!opened) {
            return std::unexpected{std::move(opened.error())};
        }
        admin_ = std::move(*opened);
        return {};
    }

    metrics::ServerFigures figures() const {
        metrics::ServerFigures figures = endpoint::figures_of(*dispatcher_, *log_);
        figures.store = store_.figures();
        if (options_.call_log != nullptr) {
            const CallLogCounters counters = options_.call_log->counters();
            figures.call_log = metrics::CallLogFigures{.sent = counters.sent,
                                                       .lost = counters.dropped + counters.failed};
        }
        figures.process = metrics::process_figures();
        figures.listeners = listeners_.figures();
        proxies_->add_to(figures);
        return figures;
    }

    std::vector<std::string> not_ready() const {
        std::vector<std::string> reasons = listeners_.not_consuming();
        if (std::string failing = store_.failing(); !failing.empty()) {
            reasons.push_back(std::move(failing));
        }
        if (listeners_.is_drain_announced()) {
            reasons.insert(reasons.begin(), "draining");
        }
        return reasons;
    }

    Dynamic status() {
        const std::chrono::duration<double> uptime = clock_.now() - started_at_;
        return endpoint::status_data({.methods = describing_.methods(),
                                      .listeners = listener_documents(),
                                      .displays = listeners(),
                                      .not_ready = not_ready(),
                                      .series = series_,
                                      .figures = figures(),
                                      .uptime_s = uptime.count()});
    }

    std::vector<contract::ListenerDocument> listener_documents() const {
        return endpoint::listener_documents(configs_, listeners_.addresses(), registry_,
                                            options_.replies);
    }

    void requeue_all() {
        begin_drain();
        listeners_.stop_now();
        dispatcher_->cancel_all();
    }

    /// Nobody asks any more for what is about to go.
    void close_admin() {
        if (admin_) {
            endpoint::run_on(asio_, [this] { admin_->close(); });
        }
    }

    void close(std::chrono::milliseconds patience) {
        const std::scoped_lock lock{reload_mutex_, end_mutex_};
        close_admin();
        stored_calls_.close();
        listeners_.close(std::max(patience, endpoint::close_patience));
        workers_->stop();
        lives_.stop();
        asio_.stop();
        asio_thread_.join();
        // Their threads may be on the way out of answering.
        proxies_.reset();
        store_.close();
        dispatcher_.reset();
        ended_ = true;
        log_->flush(endpoint::log_flush_max);
    }

    runtime::SystemClock clock_;
    const runtime::TimePoint started_at_ = clock_.now();
    metrics::CallSeriesTable series_;
    transport::AsioExecutor asio_;
    std::optional<runtime::ThreadWorkers> workers_;
    std::optional<runtime::Dispatcher> dispatcher_;
    endpoint::ServerStore store_;
    endpoint::ServerStoredCalls stored_calls_;
    endpoint::ActiveListeners listeners_;
    std::optional<endpoint::Proxies> proxies_;
    std::unique_ptr<endpoint::ServerAdmin> admin_;
    std::thread asio_thread_;
    endpoint::ModuleLives lives_;
    // Of what must not end meanwhile.
    std::mutex reload_mutex_;
    std::mutex end_mutex_;
    bool ended_ = false;
    bool is_flushed_ = true;  // when it has ended: brokers have what was sent to them
};

}  // namespace warren
