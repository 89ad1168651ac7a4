#include "runtime/server/stored_calls.hpp"

#include "protocol/request_record.hpp"
#include "runtime/dispatch/dispatcher.hpp"
#include "store/unix_time.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace warren::runtime {
namespace {

constexpr std::chrono::milliseconds look_pause{1'000};
constexpr std::size_t stored_calls_max = 64;  // at once

}  // namespace

/// A call of the store's. Its response goes nowhere: it is kept under its key.
class StoredCalls::Call final : public ServerCall {
public:
    Call(StoredCalls& calls, store::LaterCall later) : later_{std::move(later)}, calls_{calls} {
        wants_response = false;
    }

    void write_message_key(std::string& key) const override { key.append(later_.key, 1); }

    void finished(std::unique_ptr<ServerCall> self, At) noexcept override {
        end_intercepted(0);
        is_postponed_ = state.keyed != nullptr && state.keyed->is_postponed;
        const auto failure = response().failure;
        // What was not begun had no effect, and what this server does not know another one may.
        is_undone_ = failure && !has_begun() && !response().is_replayed &&
                     (*failure == Code::overloaded || *failure == Code::cancelled);
        calls_.executor_.post([&calls = calls_, ended = static_cast<Call*>(self.release())] {
            calls.ended(std::unique_ptr<Call>{ended});
        });
    }

    bool is_postponed() const noexcept { return is_postponed_; }
    bool is_undone() const noexcept { return is_undone_; }
    const store::LaterCall& later() const noexcept { return later_; }

private:
    const store::LaterCall later_;
    StoredCalls& calls_;
    bool is_postponed_ = false;
    bool is_undone_ = false;
};

StoredCalls::StoredCalls(Dispatcher& dispatcher, Executor& executor, KeyedCalls& keyed,
                         std::vector<ListenerContextOptions> options)
    : dispatcher_{dispatcher}, executor_{executor}, keyed_{keyed} {
    for (ListenerContextOptions& each : options) {
        std::ranges::transform(each.methods, std::back_inserter(methods_), &Method::name);
        listeners_.push_back(
            std::make_unique<ListenerContext>(dispatcher, executor, std::move(each)));
    }
    std::ranges::sort(methods_);
}

StoredCalls::~StoredCalls() {
    *self_ = nullptr;
    if (timer_) {
        executor_.cancel(*timer_);
    }
}

void StoredCalls::renew(std::vector<std::shared_ptr<const PolicyInForce>>& policies) {
    for (std::size_t index = 0; index < listeners_.size(); ++index) {
        policies[index] = listeners_[index]->renew(std::move(policies[index]));
    }
}

bool StoredCalls::serves(std::string_view method) const {
    return std::ranges::binary_search(methods_, method);
}

void StoredCalls::look() {
    if (const auto timer = std::exchange(timer_, std::nullopt)) {
        executor_.cancel(*timer);
    }
    if (is_looking_) {
        return;
    }
    is_looking_ = true;
    auto seen = std::make_shared<Look>(std::exchange(next_, {}));
    const std::size_t room = on_drained_ ? 0 : stored_calls_max - running_;
    // Its methods do not change, and outlive what the store is asked.
    const auto change = [seen, room, methods = methods_](
                            store::CallSession& session,
                            std::int64_t now_ms) -> std::expected<bool, Failure> {
        seen->taken.clear();
        for (const std::string& key : seen->done) {
            if (auto removed = session.remove_later(key); !removed) {
                return std::unexpected{std::move(removed.error())};
            }
        }
        for (const store::LaterCall& back : seen->back) {
            if (auto put = session.put_later(back); !put) {
                return std::unexpected{std::move(put.error())};
            }
        }
        if (room != 0) {
            auto taken = session.take_later(now_ms, static_cast<int>(room), methods);
            if (!taken) {
                return std::unexpected{std::move(taken.error())};
            }
            seen->taken = std::move(*taken);
        }
        return !seen->done.empty() || !seen->back.empty() || !seen->taken.empty();
    };
    keyed_.store().run({.change = change,
                        .completion = [self = self_, seen, &executor = executor_](
                                          const std::expected<bool, Failure>& outcome) {
                            executor.post([self, seen, is_written = outcome.has_value()] {
                                if (*self != nullptr) {
                                    (*self)->looked(std::move(*seen), is_written);
                                }
                            });
                        }});
}

void StoredCalls::looked(Look seen, bool is_written) {
    is_looking_ = false;
    if (!is_written) {
        std::ranges::move(seen.done, std::back_inserter(next_.done));
        std::ranges::move(seen.back, std::back_inserter(next_.back));
    } else {
        for (store::LaterCall& later : seen.taken) {
            if (on_drained_) {
                next_.back.push_back(std::move(later));
            } else {
                begin(std::move(later));
            }
        }
    }
    const bool has_more = is_written && (!next_.done.empty() || !next_.back.empty());
    if (has_more) {
        return look();
    }
    if (!on_drained_ && !timer_) {
        timer_ = executor_.post_at(executor_.now() + look_pause, [this] { look(); });
    }
    check_drained();
}

ListenerContext* StoredCalls::listener_for(std::string_view method, std::string_view name) {
    ListenerContext* found = nullptr;
    for (const auto& listener : listeners_) {
        if (listener->find(method) != nullptr) {
            if (listener->options().name == name) {
                return listener.get();
            }
            found = found != nullptr ? found : listener.get();
        }
    }
    return found;
}

void StoredCalls::begin(store::LaterCall later) {
    Arena arena;
    const std::string bytes = later.request;
    const auto record = protocol::read_request_record(bytes, arena);
    ListenerContext* const listener =
        record ? listener_for(record->call.method, record->listener) : listeners_.front().get();
    auto call = std::make_unique<Call>(*this, std::move(later));
    ++running_;
    if (!record || !call->later().is_whole || listener == nullptr) {
        Failure why{.code = Code::internal,
                    .message = record ? "The store's row of a call for later was altered"
                                      : record.error().message};
        return dispatcher_.refuse(std::move(call), std::move(why), *listeners_.front());
    }
    protocol::Call request = record->call;
    if (record->expires_at_ms) {
        request.metadata.time_left =
            std::chrono::milliseconds{*record->expires_at_ms - store::unix_ms_now()};
    }
    dispatcher_.dispatch(std::move(call), request, *listener);
}

void StoredCalls::ended(std::unique_ptr<Call> call) {
    if (call->is_undone()) {
        store::LaterCall back = call->later();
        back.due_at_ms = store::unix_ms_now() + look_pause.count();
        next_.back.push_back(std::move(back));
    } else if (!call->is_postponed()) {
        next_.done.push_back(call->later().key);
    }
    call.reset();
    --running_;
    look();
}

void StoredCalls::drain(std::move_only_function<void()> on_drained) {
    on_drained_ = std::move(on_drained);
    look();
}

/// What was taken and is not done is given back before the store closes, or when it is opened.
void StoredCalls::check_drained() {
    if (on_drained_ && running_ == 0 && !is_looking_) {
        // Not again.
        std::exchange(on_drained_, [] {})();
    }
}

}  // namespace warren::runtime
