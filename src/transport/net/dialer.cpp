#include "transport/net/dialer.hpp"

#include "transport/net/address_memory.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace warren::transport {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Resolver = asio::ip::basic_resolver<tcp, asio::io_context::executor_type>;
using Candidate = DialAttempt::Candidate;
using Stage = DialAttempt::Stage;

/// What is known without asking for the name.
std::vector<tcp::endpoint> known_addresses(const DialTarget& target) {
    std::vector<tcp::endpoint> known;
    const auto add = [&](const std::string& text) {
        error_code error;
        const auto address = asio::ip::make_address(text, error);
        if (!error) {
            known.emplace_back(address, target.port);
        }
    };
    std::ranges::for_each(target.addresses, add);
    if (known.empty()) {
        add(target.host);
    }
    return known;
}

}  // namespace

class Dialer::Impl final : public DialAttempt::Owner, public std::enable_shared_from_this<Impl> {
public:
    Impl(AsioExecutor& executor, std::span<const DialTarget> targets, const BeginDialTrial& trial,
         std::move_only_function<void(Dialled)> dialled)
        : executor_{executor},
          targets_{targets},
          begin_trial_{trial},
          dialled_{std::move(dialled)},
          resolver_{executor.context()} {}

    void start() {
        timer_ = executor_.post_at(executor_.now() + targets_.front().connect_timeout,
                                   [self = shared_from_this()] { self->time_out(); });
        unresolved_ = targets_.size();
        for (std::size_t target = 0; target < targets_.size(); ++target) {
            resolve(target);
        }
    }

    void cancel() noexcept {
        dialled_ = nullptr;
        stop();
    }

    std::string_view progress() const noexcept {
        if (over()) {
            return {};
        }
        if (candidates_.empty()) {
            // One that has just begun knows less than the one before it.
            return asks_for_names_ ? "the host's name was not resolved" : "";
        }
        const auto furthest = std::ranges::max_element(
            attempts_, {}, [](const auto& attempt) { return attempt->stage(); });
        switch (furthest == attempts_.end() ? Stage::tcp : (*furthest)->stage()) {
        case Stage::tls:
            return "the TLS handshake was not answered";
        case Stage::trial:
            return "the protocol's handshake was not answered";
        case Stage::tcp:
        case Stage::done:
            break;
        }
        return "no address answered";
    }

private:
    bool over() const noexcept { return dialled_ == nullptr; }

    void stop() noexcept {
        executor_.cancel(timer_);
        executor_.cancel(patience_timer_);
        resolver_.cancel();
        for (const auto& attempt : std::exchange(attempts_, {})) {
            attempt->cancel();
        }
    }

    // Names.

    void resolve(std::size_t target) {
        if (auto known = known_addresses(targets_[target]); !known.empty()) {
            executor_.post([self = shared_from_this(), target, found = std::move(known)] {
                self->resolved(target, found);
            });
            return;
        }
        asks_for_names_ = true;
        const DialTarget& asked = targets_[target];
        resolver_.async_resolve(
            asked.host, std::to_string(asked.port), tcp::resolver::numeric_service,
            [self = shared_from_this(), target](const error_code& error,
                                                const tcp::resolver::results_type& found) {
                std::vector<tcp::endpoint> addresses;
                for (const auto& entry : found) {
                    addresses.push_back(entry.endpoint());
                }
                self->resolved(target, addresses, error);
            });
    }

    void resolved(std::size_t target, const std::vector<tcp::endpoint>& addresses,
                  const error_code& error = {}) {
        if (over() || unresolved_ == 0) {
            return;
        }
        --unresolved_;
        if (error) {
            add_problem(fmt::format("the host's name '{}' is not resolved: {}",
                                    targets_[target].host, error.message()));
        }
        for (const tcp::endpoint& address : addresses) {
            candidates_.push_back({target, candidates_.size(), address});
        }
        const auto untried = std::span{candidates_}.subspan(tried_);
        std::ranges::sort(untried, {}, [this](const Candidate& candidate) {
            return std::tuple{blame_of(candidate), candidate.target, candidate.order};
        });
        if (attempts_.empty() || is_next_due_) {
            start_next();
        }
    }

    // Addresses.

    AddressMemory* memory_of(const Candidate& candidate) const noexcept {
        return targets_[candidate.target].address_memory.get();
    }
    std::uint64_t blame_of(const Candidate& candidate) const noexcept {
        const AddressMemory* const memory = memory_of(candidate);
        return memory == nullptr ? 0 : memory->blame_of(candidate.address);
    }
    void blame(const Candidate& candidate) {
        if (AddressMemory* const memory = memory_of(candidate)) {
            memory->blame(candidate.address);
        }
    }

    void start_next() {
        if (tried_ == candidates_.size()) {
            if (attempts_.empty() && unresolved_ == 0) {
                fail();
            }
            return;
        }
        const Candidate& next = candidates_[tried_++];
        const auto attempt = std::make_shared<DialAttempt>(executor_, targets_[next.target], next,
                                                           begin_trial_, *this);
        attempts_.push_back(attempt);
        be_patient(connect_patience);
        attempt->start();
    }

    void be_patient(std::chrono::milliseconds patience) {
        is_next_due_ = false;
        executor_.cancel(patience_timer_);
        patience_timer_ = executor_.post_at(executor_.now() + patience, [weak = weak_from_this()] {
            const auto self = weak.lock();
            if (self != nullptr && !self->over()) {
                self->is_next_due_ = true;
                self->start_next();
            }
        });
    }

    void on_stage(DialAttempt& attempt) override {
        if (attempts_.back().get() == &attempt) {
            be_patient(stage_patience);
        }
    }

    void on_failed(DialAttempt& attempt, const ConnectFailure& why) override {
        const auto self = shared_from_this();
        std::erase_if(attempts_, [&](const auto& each) { return each.get() == &attempt; });
        const Candidate& candidate = attempt.candidate();
        blame(candidate);
        all_refused_ = all_refused_ && why.retry == RetryClass::permanent;
        if (attempt.stage() == Stage::tcp) {
            const std::string host = candidate.address.address().to_string();
            const std::string where =
                targets_.size() == 1 ? host
                                     : fmt::format("{} port {}", host, candidate.address.port());
            add_problem(fmt::format("{}: {}", where, why.failure.message));
        } else if (!furthest_ || attempt.stage() >= furthest_stage_) {
            furthest_ = why;
            furthest_stage_ = attempt.stage();
        }
        start_next();
    }

    void on_done(DialAttempt& attempt) override {
        const auto self = shared_from_this();
        const std::shared_ptr<DialAttempt> winner = attempt.shared_from_this();
        // Those that began before it were slower.
        for (const auto& other : std::exchange(attempts_, {})) {
            if (other != winner) {
                blame(other->candidate());
                other->cancel();
            }
        }
        const Candidate& candidate = winner->candidate();
        const bool has_alternatives =
            unresolved_ != 0 || std::ranges::any_of(candidates_, [&](const Candidate& other) {
                return other.address != candidate.address && memory_of(other) != nullptr &&
                       blame_of(other) == 0;
            });
        finish(Connected{.stream = winner->take_stream(),
                         .trial = winner->take_trial(),
                         .target = candidate.target,
                         .address = candidate.address,
                         .has_alternatives = has_alternatives});
    }

    // The end.

    void finish(Dialled dialled) {
        auto report = std::exchange(dialled_, nullptr);
        stop();
        report(std::move(dialled));
    }

    void add_problem(std::string problem) { problems_.push_back(std::move(problem)); }

    /// In an order of their own, so that two attempts that came to the same say the same.
    std::string problems() {
        std::ranges::sort(problems_);
        return fmt::format("{}", fmt::join(problems_, "; "));
    }

    void fail_with(const std::string& why) {
        std::string where;
        for (const DialTarget& target : targets_) {
            where += (where.empty() ? "" : ", ") + target.display;
        }
        finish(std::unexpected{
            ConnectFailure{{.code = Code::connection_lost,
                            .message = fmt::format("Cannot connect to {}: {}", where, why)},
                           RetryClass::passing}});
    }

    void fail() {
        if (!furthest_) {
            return fail_with(problems());
        }
        // Of several servers another may be there again soon.
        if (targets_.size() > 1 && !all_refused_) {
            furthest_->retry = RetryClass::passing;
        }
        finish(std::unexpected{std::move(*furthest_)});
    }

    /// Those that are in their trial have a time of their own.
    void time_out() {
        if (over()) {
            return;
        }
        const std::string_view known = progress();
        const std::string_view step = known.empty() ? "no address answered" : known;
        std::erase_if(attempts_, [this](const auto& attempt) {
            if (attempt->stage() == Stage::trial) {
                return false;
            }
            blame(attempt->candidate());
            attempt->cancel();
            return true;
        });
        tried_ = candidates_.size();
        unresolved_ = 0;
        resolver_.cancel();
        if (attempts_.empty()) {
            fail_with(fmt::format("{} within {} ms{}{}", step,
                                  targets_.front().connect_timeout.count(),
                                  problems_.empty() ? "" : "; ", problems()));
        }
    }

    AsioExecutor& executor_;
    const std::span<const DialTarget> targets_;
    const BeginDialTrial& begin_trial_;
    std::move_only_function<void(Dialled)> dialled_;
    Resolver resolver_;
    bool asks_for_names_ = false;        // targets may be addresses
    std::size_t unresolved_ = 0;         // names
    std::vector<Candidate> candidates_;  // in the order in which they are tried
    std::size_t tried_ = 0;
    bool is_next_due_ = false;
    std::vector<std::shared_ptr<DialAttempt>> attempts_;  // under way, the newest last
    std::vector<std::string> problems_;                   // of names and of TCP
    std::optional<ConnectFailure> furthest_;              // of those that came further
    Stage furthest_stage_ = Stage::tcp;
    bool all_refused_ = true;
    runtime::Executor::TimerId timer_ = 0;
    runtime::Executor::TimerId patience_timer_ = 0;
};

Dialer::Dialer(AsioExecutor& executor, std::span<const DialTarget> targets,
               const BeginDialTrial& trial, std::move_only_function<void(Dialled)> dialled)
    : impl_{std::make_shared<Impl>(executor, targets, trial, std::move(dialled))} {
    impl_->start();
}

Dialer::~Dialer() {
    impl_->cancel();
}

std::string_view Dialer::progress() const noexcept {
    return impl_->progress();
}

}  // namespace warren::transport
