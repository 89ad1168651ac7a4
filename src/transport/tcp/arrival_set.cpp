#include "transport/tcp/arrival_set.hpp"

#include "core/duration.hpp"
#include "transport/net/tls_failure.hpp"

#include <utility>

namespace warren::transport {

ArrivalSet::ArrivalSet(AsioExecutor& executor, std::chrono::milliseconds timeout,
                       TcpCounters& counters, Arrived arrived, Refused refused)
    : executor_{executor},
      timeout_{timeout},
      counters_{counters},
      arrived_{std::move(arrived)},
      refused_{std::move(refused)} {}

ArrivalSet::~ArrivalSet() {
    clear();
}

void ArrivalSet::add(std::unique_ptr<TlsStream> stream, TcpPeer peer) {
    const auto arrival = std::make_shared<Arrival>(std::move(stream), std::move(peer), this);
    arrivals_.emplace(arrival.get(), arrival);
    counters_.connections.add();
    if (timeout_.count() != 0) {
        // A stream that is closed fails its handshake.
        arrival->timer = executor_.post_at(executor_.now() + timeout_, [slow = arrival.get()] {
            slow->is_late = true;
            slow->stream->close();
        });
    }
    arrival->stream->shake_hands([arrival](const boost::system::error_code& error) {
        if (arrival->home != nullptr) {
            arrival->home->shaken(*arrival, error);
        }
    });
}

void ArrivalSet::clear() noexcept {
    for (const auto& [key, arrival] : arrivals_) {
        executor_.cancel(arrival->timer);
        arrival->home = nullptr;
        arrival->stream->close();
        counters_.connections.subtract();
    }
    arrivals_.clear();
}

void ArrivalSet::shaken(Arrival& arrival, const boost::system::error_code& error) {
    executor_.cancel(arrival.timer);
    arrival.home = nullptr;
    arrivals_.erase(&arrival);
    counters_.connections.subtract();
    if (error) {
        counters_.tls_failures.add();
        return refused_(
            arrival.peer,
            arrival.is_late
                ? "it did not shake hands within " + core::to_string(timeout_)
                : refused_handshake(error, SSL_get_verify_result(arrival.stream->ssl())));
    }
    if (arrival.stream->was_resumed()) {
        counters_.tls_resumptions.add();
    }
    arrived_(std::move(arrival.stream), std::move(arrival.peer));
}

}  // namespace warren::transport
