#include "endpoint/proxy/buffered_forwarder.hpp"

#include "core/utf8.hpp"
#include "endpoint/proxy/buffered_call.hpp"

#include <algorithm>
#include <future>
#include <iterator>
#include <utility>

namespace warren::endpoint {
namespace {

constexpr std::string_view accepted_message = "accepted";

/// How long a buffer that cannot be read is left alone.
constexpr std::chrono::milliseconds unreadable_pause{1'000};

/// Whether the other side, or the way there, may be better later on: all but what the same call
/// would meet again.
bool may_pass(Code code) {
    switch (code) {
    case Code::no_responder:
    case Code::expired_in_queue:
    case Code::deadline_exceeded:
    case Code::connection_lost:
    case Code::broker_blocked:
    case Code::overloaded:
    case Code::unauthenticated:    // until somebody mends the credentials
    case Code::permission_denied:  // or the permissions
    case Code::cancelled:
        return true;
    case Code::invalid_request:
    case Code::no_such_method:
    case Code::contract_mismatch:
    case Code::conflict:
    case Code::outcome_unknown:
    case Code::failed:
    case Code::reply_over_limit:
    case Code::internal:
        return false;
    }
    std::unreachable();
}

/// A failure on one line, for the log and as a reason: the other side's words may be any.
std::string shown(const Failure& failure) {
    constexpr std::size_t bytes_max = 2'048;
    return core::text_for_display(to_string(failure), bytes_max);
}

std::string shown_method(std::string_view method) {
    return '\'' + core::text_for_display(method) + '\'';
}

}  // namespace

/// Brings the outcome of one attempt back, also when it is dropped without one.
class BufferedForwarder::Report final : public runtime::ForwardSink {
public:
    explicit Report(BufferedForwarder& owner) noexcept : owner_{&owner} {}
    ~Report() override {
        if (owner_ != nullptr) {
            owner_->finished(std::unexpected{
                Failure{.code = Code::cancelled, .message = "The call was dropped"}});
        }
    }

    void end(std::expected<runtime::ForwardedResponse, Failure> outcome) noexcept override {
        std::exchange(owner_, nullptr)
            ->finished(outcome ? Outcome{} : Outcome{std::unexpected{std::move(outcome.error())}});
    }

private:
    BufferedForwarder* owner_;
};

BufferedForwarder::BufferedForwarder(std::unique_ptr<store::DurableQueue> queue,
                                     runtime::Forwarder& next, const runtime::Clock& clock,
                                     BufferedForwarderOptions options)
    : options_{std::move(options)}, queue_{std::move(queue)}, next_{next}, clock_{clock} {
    thread_ = std::thread{[this] { run(); }};
}

BufferedForwarder::~BufferedForwarder() {
    stop(std::chrono::milliseconds{0});
}

void BufferedForwarder::forward(const runtime::ForwardedCall& call,
                                std::unique_ptr<runtime::ForwardSink> response) {
    auto bytes = encode_buffered({.accepted_at_ms = clock_.unix_ms(), .call = call});
    if (!bytes) {
        return response->end(std::unexpected{std::move(bytes.error())});
    }
    // Shared because the queue takes it only when it takes the entry.
    const auto shared = std::shared_ptr<runtime::ForwardSink>{std::move(response)};
    auto taken =
        queue_->append(std::move(*bytes), [this, shared](std::expected<std::uint64_t, Failure> id) {
            if (!id) {
                return shared->end(std::unexpected{std::move(id.error())});
            }
            {
                const std::lock_guard lock{mutex_};
                has_more_ = true;
            }
            changed_.notify_all();
            shared->end(runtime::ForwardedResponse{.message = accepted_message});
        });
    if (!taken) {
        shared->end(std::unexpected{std::move(taken.error())});
    }
}

void BufferedForwarder::stop(std::chrono::milliseconds patience) {
    if (!thread_.joinable()) {
        return;
    }
    {
        const std::lock_guard lock{mutex_};
        is_stopping_ = true;
        changed_.notify_all();
    }
    withdraw_.request_stop();
    {
        std::unique_lock lock{mutex_};
        if (is_answered_) {
            changed_.wait_for(lock, patience, [this] { return !is_out_; });
        }
    }
    cancel_.request_stop();
    thread_.join();
}

metrics::BufferFigures BufferedForwarder::figures() const {
    const store::QueueTotals totals = queue_->totals();
    const std::int64_t oldest = oldest_accepted_at_ms_.load(std::memory_order_relaxed);
    const auto age = std::chrono::milliseconds{
        oldest == 0 ? 0 : std::max<std::int64_t>(0, clock_.unix_ms() - oldest)};
    return {.proxy = options_.name,
            .entries = totals.entries,
            .bytes = totals.bytes,
            .oldest_age = age,
            .failed_entries = totals.failed_entries,
            .failed_discarded = totals.failed_discarded,
            .damaged_entries = totals.damaged_entries,
            .forwarded = forwarded_.load(std::memory_order_relaxed),
            .failed = failed_.load(std::memory_order_relaxed),
            .retries = retries_.load(std::memory_order_relaxed)};
}

void BufferedForwarder::run() {
    while (const auto entry = await_entry()) {
        deliver(*entry);
    }
}

std::optional<store::Entry> BufferedForwarder::await_entry() {
    for (;;) {
        {
            std::unique_lock lock{mutex_};
            if (ahead_.empty()) {
                oldest_accepted_at_ms_.store(0, std::memory_order_relaxed);
                changed_.wait(lock, [this] { return is_stopping_ || has_more_; });
                has_more_ = false;
            }
            if (is_stopping_) {
                return std::nullopt;
            }
        }
        if (ahead_.empty()) {
            read_ahead();
        }
        if (!ahead_.empty()) {
            store::Entry entry = std::move(ahead_.front());
            ahead_.pop_front();
            return entry;
        }
    }
}

void BufferedForwarder::read_ahead() {
    std::promise<std::expected<std::vector<store::Entry>, Failure>> promise;
    queue_->read(last_read_, [&promise](auto entries) { promise.set_value(std::move(entries)); });
    auto entries = promise.get_future().get();
    if (!entries) {
        log(LogLevel::error, to_string(entries.error()));
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, unreadable_pause, [this] { return is_stopping_; });
        has_more_ = true;
        return;
    }
    if (entries->empty()) {
        return;
    }
    last_read_ = entries->back().id;
    std::ranges::move(*entries, std::back_inserter(ahead_));
    const std::lock_guard lock{mutex_};
    has_more_ = true;
}

void BufferedForwarder::deliver(const store::Entry& entry) {
    Arena arena;
    auto buffered = decode_buffered(entry.bytes, arena);
    if (!buffered) {
        return give_to_dead_letters(entry, buffered.error(), "?");
    }
    oldest_accepted_at_ms_.store(buffered->accepted_at_ms, std::memory_order_relaxed);
    runtime::ForwardedCall& call = buffered->call;
    const std::string key = queue_->identity() + '-' + std::to_string(entry.id);
    if (options_.names_calls && call.metadata.idempotency_key.empty()) {
        call.metadata.idempotency_key = key;
    }
    // What another process left may have been sent by it.
    call.metadata.attempt = entry.id <= queue_->last_id_at_open() ? 2 : 1;
    for (std::uint32_t failures = 1;; ++failures) {
        const auto outcome = attempt(call);
        if (!outcome) {
            return;
        }
        if (*outcome) {
            forwarded_.fetch_add(1, std::memory_order_relaxed);
            return queue_->remove(entry.id);
        }
        const Failure& why = outcome->error();
        if (!may_pass(why.code)) {
            return give_to_dead_letters(entry, why, call.method);
        }
        if (!pause(why, failures, call.method)) {
            return;
        }
        retries_.fetch_add(1, std::memory_order_relaxed);
        call.metadata.attempt += retry_of(why.code) == Retry::safe ? 0 : 1;
    }
}

std::optional<BufferedForwarder::Outcome> BufferedForwarder::attempt(
    const runtime::ForwardedCall& call) {
    runtime::ForwardedCall sent = call;
    {
        const std::lock_guard lock{mutex_};
        if (is_stopping_) {
            return std::nullopt;
        }
        outcome_.reset();
        is_out_ = true;
    }
    sent.stop = cancel_.get_token();
    sent.stop_unsent = withdraw_.get_token();
    next_.forward(sent, std::make_unique<Report>(*this));
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return outcome_.has_value(); });
    is_out_ = false;
    is_answered_ = *outcome_ || !may_pass(outcome_->error().code);
    changed_.notify_all();
    return std::exchange(outcome_, std::nullopt);
}

void BufferedForwarder::finished(Outcome outcome) {
    const std::lock_guard lock{mutex_};
    outcome_ = std::move(outcome);
    changed_.notify_all();
}

void BufferedForwarder::give_to_dead_letters(const store::Entry& entry, const Failure& why,
                                             std::string_view method) {
    failed_.fetch_add(1, std::memory_order_relaxed);
    const std::string reason = shown(why);
    log(LogLevel::error, "call " + std::to_string(entry.id) + " of " + shown_method(method) +
                             " is given up, and kept among those that failed: " + reason);
    queue_->fail(entry.id, reason);
}

bool BufferedForwarder::pause(const Failure& why, std::uint32_t failures, std::string_view method) {
    if (failures == 1 && why.code != Code::cancelled) {  // as this ends itself
        log(LogLevel::warning, "call of " + shown_method(method) +
                                   " is tried again until it gets through: " + shown(why));
    }
    const auto backoff = runtime::backoff_after(failures, options_.backoff, random_);
    std::unique_lock lock{mutex_};
    return !changed_.wait_for(lock, std::max(backoff, why.retry_after.value_or(backoff)),
                              [this] { return is_stopping_; });
}

void BufferedForwarder::log(LogLevel level, const std::string& line) {
    if (options_.log) {
        options_.log->write(level, "proxy " + options_.name + ": " + line);
    }
}

}  // namespace warren::endpoint
