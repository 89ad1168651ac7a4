#include "transport/tcp/connection_set.hpp"

#include "transport/tcp/connection.hpp"

#include <algorithm>
#include <utility>

namespace warren::transport {
namespace {

using std::chrono::milliseconds;

/// How often to look: four times within the shortest limit, and never for nothing.
milliseconds period_of(const TcpLimits& limits) {
    milliseconds period{1'000};
    for (const milliseconds limit :
         {limits.write_timeout, limits.output_pause_max, limits.message_grace, limits.idle_timeout,
          limits.linger_timeout}) {
        if (limit.count() != 0) {
            period = std::min(period, limit / 4);
        }
    }
    return std::max(period, milliseconds{5});
}

}  // namespace

ConnectionSet::ConnectionSet(AsioExecutor& executor, const TcpLimits& limits, TcpCounters& counters)
    : executor_{executor},
      limits_{limits},
      counters_{counters},
      period_{period_of(limits)},
      read_room_{std::make_shared_for_overwrite<ReadRoom>()} {}

ConnectionSet::~ConnectionSet() {
    executor_.cancel(sweep_timer_);
    executor_.cancel(close_timer_);
    for (const std::shared_ptr<TcpConnection>& connection : connections_) {
        connection->abandon();
    }
    counters_.connections.subtract(connections_.size());
}

void ConnectionSet::add(std::shared_ptr<TcpConnection> connection) {
    connection->index = connections_.size();
    connections_.push_back(std::move(connection));
    counters_.connections.add();
    if (connections_.size() == 1) {
        sweep_later();
    }
}

void ConnectionSet::remove(TcpConnection& connection) noexcept {
    const std::size_t index = connection.index;
    std::swap(connections_[index], connections_.back());
    connections_[index]->index = index;
    connections_.pop_back();
    counters_.connections.subtract();
    if (connections_.empty()) {
        executor_.cancel(sweep_timer_);
        report_closed();
    }
}

void ConnectionSet::close_all(std::move_only_function<void()> closed) {
    closed_ = std::move(closed);
    if (connections_.empty()) {
        return report_closed();
    }
    for (const std::shared_ptr<TcpConnection>& connection : connections_) {
        connection->close_after_output();
    }
    // Twice, for output and for what the peer has to say yet.
    close_timer_ =
        executor_.post_at(executor_.now() + 2 * limits_.linger_timeout, [this] { drop_all(); });
}

void ConnectionSet::drop_all() noexcept {
    const Failure why{.code = Code::connection_lost,
                      .message =
                          "The connection was closed before its output had left: the peer "
                          "did not read it in time"};
    while (!connections_.empty()) {
        const std::shared_ptr<TcpConnection> last = connections_.back();
        last->end(why);
    }
}

void ConnectionSet::report_closed() {
    if (closed_ != nullptr) {
        executor_.cancel(close_timer_);
        executor_.post(std::exchange(closed_, nullptr));
    }
}

void ConnectionSet::sweep_later() {
    const runtime::TimePoint due = executor_.now() + period_;
    sweep_timer_ = executor_.post_at(due, [this, due] {
        // After a standstill of this process its peers look late: they get one more period.
        has_stood_still_ = !has_stood_still_ && executor_.now() > due + period_;
        if (!has_stood_still_) {
            sweep();
        }
        if (!connections_.empty()) {
            sweep_later();
        }
    });
}

void ConnectionSet::sweep() {
    const runtime::TimePoint now = executor_.now();
    // From the end: one that is removed leaves its place to one that was seen.
    for (std::size_t index = connections_.size(); index-- > 0;) {
        if (index < connections_.size()) {
            const std::shared_ptr<TcpConnection> connection = connections_[index];
            connection->on_sweep(now);
        }
    }
}

}  // namespace warren::transport
