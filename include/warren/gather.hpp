#pragma once

#include <warren/client.hpp>
#include <warren/contract.hpp>
#include <warren/error.hpp>
#include <warren/options.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <utility>
#include <vector>

namespace warren {

/// When enough has been gathered: the first of these that is so. With none, when all have answered.
template <typename Response>
struct GatherUntil {
    std::optional<std::size_t> successes{};  // so many servers gave data
    std::optional<std::chrono::milliseconds>
        quiet_for{};                                  // since the last answer, or the beginning
    std::function<bool(const Response&)> sentinel{};  // an answer after which none is wanted
};

namespace detail {

/// The answers of several servers to one request.          thread any
template <typename Response>
class Gathering {
public:
    using Outcome = std::expected<Response, Failure>;

    Gathering(std::size_t servers, GatherUntil<Response> until)
        : until_{std::move(until)}, outcomes_(servers) {}

    void take(std::size_t server, Outcome outcome) {
        const std::lock_guard lock{mutex_};
        if (outcome) {
            ++successes_;
            is_enough_ = is_enough_ || (until_.successes && successes_ >= *until_.successes) ||
                         (until_.sentinel && until_.sentinel(*outcome));
        }
        outcomes_[server].emplace(std::move(outcome));
        ++answers_;
        changed_.notify_one();
    }

    void wait_until_enough() {
        std::unique_lock lock{mutex_};
        while (!is_enough_ && answers_ != outcomes_.size()) {
            const std::size_t before = answers_;
            const auto has_more = [&] { return answers_ != before; };
            if (!until_.quiet_for) {
                changed_.wait(lock, has_more);
            } else if (!changed_.wait_for(lock, *until_.quiet_for, has_more)) {
                return;
            }
        }
    }

    std::vector<Outcome> take_all() {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return answers_ == outcomes_.size(); });
        std::vector<Outcome> outcomes;
        outcomes.reserve(outcomes_.size());
        for (std::optional<Outcome>& outcome : outcomes_) {
            outcomes.push_back(std::move(*outcome));
        }
        return outcomes;
    }

private:
    const GatherUntil<Response> until_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::optional<Outcome>> outcomes_;
    std::size_t answers_ = 0;
    std::size_t successes_ = 0;
    bool is_enough_ = false;
};

}  // namespace detail

/// Ask several servers at once, and wait until enough of them have answered; the calls of the
/// others are given up, and are `cancelled`.
///
///     std::vector<warren::ClientTarget> replicas{client.target("a"), client.target("b")};
///     auto prices = warren::gather<price_of>(replicas, item, {.successes = 1});
///
/// out  an outcome for each server, in their order
template <Contract C>
std::vector<std::expected<typename C::response_type, Failure>> gather(
    std::span<ClientTarget> servers, const typename C::request_type& request,
    GatherUntil<typename C::response_type> until = {}, CallOptions options = {}) {
    using Gathering = detail::Gathering<typename C::response_type>;
    const auto gathering = std::make_shared<Gathering>(servers.size(), std::move(until));
    std::stop_source enough;
    const std::stop_callback from_outside{options.stop,
                                          [enough]() mutable { enough.request_stop(); }};
    options.stop = enough.get_token();
    for (std::size_t server = 0; server < servers.size(); ++server) {
        servers[server].start_call<C>(
            request,
            [gathering, server](typename Gathering::Outcome outcome) {
                gathering->take(server, std::move(outcome));
            },
            options);
    }
    gathering->wait_until_enough();
    enough.request_stop();
    return gathering->take_all();
}

}  // namespace warren
