#include "endpoint/server/active_listeners.hpp"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>

namespace warren::endpoint {
namespace {

bool is_in_process(const ActiveListener& listener) {
    return std::holds_alternative<MemoryAddress>(listener.config().address.transport);
}

}  // namespace

std::expected<void, Failure> ActiveListeners::open_brokerless(const MakeOpening& opening) {
    for (std::size_t i = 0; i < all_.size(); ++i) {
        Each& each = all_[i];
        if (!each.listener->config().address.is_brokerless()) {
            continue;
        }
        if (auto opened = each.listener->open(watched(opening(i), each)); !opened) {
            return opened;
        }
    }
    return {};
}

void ActiveListeners::open_others(const MakeOpening& opening) {
    const auto in_process =
        std::make_shared<Countdown>(static_cast<std::size_t>(std::ranges::count_if(
            all_, [](const Each& each) { return is_in_process(*each.listener); })));
    for (std::size_t i = 0; i < all_.size(); ++i) {
        Each& each = all_[i];
        if (each.listener->config().address.is_brokerless()) {
            continue;
        }
        each.listener->executor().post([this, &each, opened = opening(i), in_process] {
            auto first = std::make_shared<bool>(is_in_process(*each.listener));
            static_cast<void>(each.listener->open(watched(opened, each, [first, in_process] {
                if (std::exchange(*first, false)) {
                    in_process->arrive();
                }
            })));
        });
    }
    in_process->wait();
}

std::vector<runtime::ListenerContextOptions> ActiveListeners::stored_options(
    const MakeOpening& opening) const {
    std::vector<runtime::ListenerContextOptions> options;
    for (std::size_t i = 0; i < all_.size(); ++i) {
        const ActiveListener::Opening opened = opening(i);
        // What was mocked would be taken for done.
        if (!all_[i].listener->config().proxy &&
            opened.responses == runtime::Responses::by_handlers) {
            options.push_back(all_[i].listener->stored_options(opened));
        }
    }
    return options;
}

/// The last one to consume says so, once.
ActiveListener::Opening ActiveListeners::watched(ActiveListener::Opening opening, Each& each,
                                                 std::function<void()> on_change) {
    opening.on_change = [this, &each, then = std::move(on_change)] {
        each.consuming.store(each.listener->consuming(), std::memory_order_release);
        if (all_consume() && !told_ready_.exchange(true) && on_ready_) {
            on_ready_();
        }
        if (then) {
            then();
        }
    };
    return opening;
}

bool ActiveListeners::all_consume() const noexcept {
    return std::ranges::all_of(
        all_, [](const Each& each) { return each.consuming.load(std::memory_order_acquire); });
}

template <typename Got>
std::vector<Got> ActiveListeners::of_each(Got (*get)(const ActiveListener&)) const {
    std::vector<Got> all;
    all.reserve(all_.size());
    for (const Each& each : all_) {
        all.push_back(get(*each.listener));
    }
    return all;
}

std::vector<std::string> ActiveListeners::displays() const {
    return of_each<std::string>([](const ActiveListener& each) { return each.display(); });
}

std::vector<std::string> ActiveListeners::addresses() const {
    return of_each<std::string>([](const ActiveListener& each) { return each.address(); });
}

std::vector<std::string> ActiveListeners::not_consuming() const {
    std::vector<std::string> reasons;
    for (const Each& each : all_) {
        if (!each.consuming.load(std::memory_order_acquire)) {
            reasons.push_back("not consuming: " + each.listener->display());
        }
    }
    return reasons;
}

std::vector<metrics::ListenerFigures> ActiveListeners::figures() const {
    return of_each<metrics::ListenerFigures>(
        [](const ActiveListener& each) { return each.figures(); });
}

std::vector<std::string> ActiveListeners::unfinished() const {
    std::vector<std::string> reasons;
    std::mutex mutex;
    on_each([&](ActiveListener& listener) {
        if (std::string reason = listener.unfinished(); !reason.empty()) {
            const std::lock_guard lock{mutex};
            reasons.push_back(std::move(reason));
        }
    });
    return reasons;
}

std::expected<ActiveListeners::Changes, Failure> ActiveListeners::prepare(
    std::span<const ListenerConfig> wanted) const {
    Changes changes;
    for (std::size_t index = 0; index < all_.size(); ++index) {
        auto change = all_[index].listener->prepare(wanted[index]);
        if (!change) {
            return std::unexpected{std::move(change.error())};
        }
        changes.push_back(std::move(*change));
    }
    return changes;
}

std::vector<std::shared_ptr<const runtime::PolicyInForce>> ActiveListeners::stored_policies(
    std::span<const ListenerConfig> wanted) const {
    std::vector<std::shared_ptr<const runtime::PolicyInForce>> policies;
    for (std::size_t index = 0; index < all_.size(); ++index) {
        if (!all_[index].listener->config().proxy) {
            policies.push_back(all_[index].listener->stored_policy_of(wanted[index]));
        }
    }
    return policies;
}

void ActiveListeners::apply(const Changes& changes,
                            const std::function<void(std::size_t index)>& beside) const {
    Countdown done{all_.size()};
    for (std::size_t index = 0; index < all_.size(); ++index) {
        all_[index].listener->executor().post([&, index] {
            changes[index]->apply();
            beside(index);
            done.arrive();
        });
    }
    done.wait();
}

bool ActiveListeners::come_round(runtime::Executor& shared,
                                 std::chrono::milliseconds within) const {
    const auto round = std::make_shared<Countdown>(all_.size() + 1);
    const auto arrive = [round] { round->arrive(); };
    shared.post(arrive);
    for (const Each& each : all_) {
        each.listener->executor().post(arrive);
    }
    return round->wait_for(within);
}

void ActiveListeners::announce_drain(std::chrono::milliseconds delay) {
    if (!drain_announced_.exchange(true)) {
        std::this_thread::sleep_for(delay);
    }
}

void ActiveListeners::begin_drain() {
    drain_announced_ = true;
    if (draining_.exchange(true)) {
        return;
    }
    drained_ = std::make_shared<Countdown>(all_.size());
    on_each([drained = drained_](ActiveListener& listener) {
        listener.drain([drained] { drained->arrive(); });
    });
}

void ActiveListeners::stop_now() const {
    on_each([](ActiveListener& listener) { listener.stop_now(); });
}

void ActiveListeners::close(std::chrono::milliseconds patience) const {
    Countdown closed{all_.size()};
    on_each(
        [&closed](ActiveListener& listener) { listener.close([&closed] { closed.arrive(); }); });
    if (!closed.wait_for(patience)) {
        on_each([](ActiveListener& listener) { listener.close_now(); });
        closed.wait();
    }
}

bool ActiveListeners::are_flushed() const noexcept {
    return std::ranges::all_of(all_, [](const Each& each) { return each.listener->is_flushed(); });
}

/// Do something on every listener's I/O thread, and return when it is done.
void ActiveListeners::on_each(const std::function<void(ActiveListener&)>& act) const {
    Countdown done{all_.size()};
    for (const Each& each : all_) {
        each.listener->executor().post([&act, &done, listener = each.listener.get()] {
            act(*listener);
            done.arrive();
        });
    }
    done.wait();
}

}  // namespace warren::endpoint
