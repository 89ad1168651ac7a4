#include "runtime/dispatch/listener_context.hpp"

#include "core/assert.hpp"
#include "runtime/dispatch/backend.hpp"
#include "runtime/dispatch/dispatcher.hpp"
#include "runtime/dispatch/store_locks.hpp"

#include <algorithm>
#include <utility>

namespace warren::runtime {

namespace {

std::unique_ptr<Backend> make_backend(ListenerContext& listener) {
    const ListenerContextOptions& options = listener.options();
    if (options.forwarder != nullptr) {
        return make_forward_backend(listener);
    }
    if (options.responses == Responses::mock) {
        return make_mock_backend(listener);  // which is not to be remembered
    }
    auto backend = make_local_backend(listener);
    return options.keyed_calls == nullptr ? std::move(backend)
                                          : make_idempotent_backend(listener, std::move(backend));
}

}  // namespace

ListenerContext::ListenerContext(Dispatcher& dispatcher, Executor& executor,
                                 ListenerContextOptions options)
    : dispatcher_{dispatcher},
      calls_{dispatcher.calls()},
      executor_{executor},
      options_{std::move(options)},
      policy_{std::make_shared<const PolicyInForce>(std::move(options_.policy), calls_.clock())},
      backend_{make_backend(*this)},
      deadlines_{executor,
                 [this](Watched& watched) { return remove(static_cast<ServerCall&>(watched)); },
                 [this] {
                     flush();
                     calls_.end(deadlines_.sweep(), expired());
                 }} {
    const auto series_of = [this](std::string_view method) {
        return options_.series == nullptr ? nullptr : &options_.series->of(method);
    };
    if (options_.forwarder == nullptr) {
        for (std::size_t at = 0; at < options_.methods.size(); ++at) {
            const Method* const method = options_.methods[at];
            served_.push_back({method->name, method, series_of(method->name),
                               at < options_.fingerprints.size()
                                   ? std::string_view{options_.fingerprints[at]}
                                   : std::string_view{}});
        }
    } else if (options_.forwarded.empty()) {
        whatever_ = {.name = metrics::forwarded_method,
                     .series = series_of(metrics::forwarded_method)};
    } else {
        for (const std::string& method : options_.forwarded) {
            served_.push_back({.name = method, .series = series_of(method)});
        }
    }
    for (const Method* const method : options_.describing) {
        served_.push_back({method->name, method});
    }
    std::ranges::sort(served_, {}, &Served::name);
    dispatcher_.attach(*this);
}

ListenerContext::~ListenerContext() {
    dispatcher_.detach(*this);
    WARREN_ASSERT(batch_.empty());
    *self_ = nullptr;
}

const ListenerContext::Served* ListenerContext::find(std::string_view method) noexcept {
    if (whatever_) {
        return &*whatever_;
    }
    // Mostly the same is asked for again.
    const Served* const last = last_found_.load(std::memory_order_relaxed);
    if (last != nullptr && last->name == method) [[likely]] {
        return last;
    }
    const auto found = std::ranges::lower_bound(served_, method, {}, &Served::name);
    if (found == served_.end() || found->name != method) {
        return nullptr;
    }
    last_found_.store(&*found, std::memory_order_relaxed);
    return &*found;
}

metrics::CallSeries* ListenerContext::unknown_series() const noexcept {
    return options_.series == nullptr ? nullptr : &options_.series->unknown();
}

void ListenerContext::queue(ServerCall& call) {
    const bool first = batch_.empty();
    batch_.push(call);
    if (first) {
        executor_.post([self = self_] {
            if (*self != nullptr) {
                (*self)->flush();
            }
        });
    }
}

void ListenerContext::flush() {
    if (batch_.empty()) {
        return;
    }
    TaskList batch = std::exchange(batch_, {});
    dispatcher_.workers().push(batch);
    while (Task* const refused = batch.pop()) {
        std::unique_ptr<ServerCall> call{static_cast<ServerCall*>(refused)};
        if (!call->wants_response) {
            is_over_ = true;
            dispatcher_.workers().push_admitted(*call.release());
            continue;
        }
        call->fail(overloaded("As many calls wait for a worker as may (queued_calls_max)"));
        calls_.finish(std::move(call), At::later);
    }
}

bool ListenerContext::has_room() noexcept {
    is_over_ = is_over_ && !dispatcher_.workers().has_room();
    return !is_over_;
}

void ListenerContext::run(std::unique_ptr<ServerCall> call) noexcept {
    if (call->state.large != nullptr) [[unlikely]] {
        return dispatcher_.read_large(std::move(call));
    }
    if (const std::string_view why = call->overload_reason(); !why.empty()) [[unlikely]] {
        call->fail(overloaded(std::string{why}));
        return calls_.finish(std::move(call), At::later);
    }
    backend_->run(std::move(call), At::later);
}

void ListenerContext::run_admitted(Task& task) noexcept {
    dispatcher_.workers().push_admitted(task);
}

bool ListenerContext::asks_store(std::unique_ptr<ServerCall>& call) noexcept {
    if (options_.store_locks == nullptr || call->state.method->lock_name.empty()) {
        return false;
    }
    options_.store_locks->ask(std::move(call));
    return true;
}

void ListenerContext::resume(ServerCall& call) {
    const auto queue = [&] {
        call.state.parked.reset();
        call.state.is_parked_unbegun = false;
        dispatcher_.workers().push_admitted(call);
    };
    if (call.state.method->execution == Execution::io_thread || !deadlines_.put(call, queue)) {
        executor_.post([this, &call] { run(std::unique_ptr<ServerCall>{&call}); });
    }
}

void ListenerContext::watch(ServerCall& call) {
    call.state.context.stop = call.stop_token();
    deadlines_.watch(call, call.state.context.deadline);
}

bool ListenerContext::remove(ServerCall& call) noexcept {
    if (call.state.parked != nullptr) {
        return call.state.parked->exchange(nullptr) != nullptr;
    }
    // The mutexes of locks and workers are taken inside of the watch's, never the other way round.
    return calls_.locks.remove(call) || dispatcher_.workers().remove(call);
}

}  // namespace warren::runtime
