#include <warren/call_log.hpp>

#include "endpoint/call_log/call_log_implementation.hpp"
#include "endpoint/call_log/log_server.hpp"
#include "endpoint/failures.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <string>
#include <utility>

namespace warren {

CallLog::Implementation::Implementation(const CallLogOptions& options,
                                        const endpoint::HttpPlace& place)
    : payload_bytes_max_{options.payload_bytes_max},
      flush_timeout_{options.flush_timeout},
      log_{endpoint::queued(options.log)},
      room_{options.queue_bytes_max},
      losses_{executor_, *log_} {
    for (std::size_t count = 0; count < options.connections; ++count) {
        // What it is made with refers to the channel itself.
        const auto channel = std::make_shared<Channel*>(nullptr);
        channels_.push_back(std::unique_ptr<Channel>{new Channel{
            .client = {executor_, place.client},
            .sender = {executor_,
                       room_,
                       losses_,
                       [channel, path = place.path](const endpoint::CallRecord& record,
                                                    endpoint::RecordSender::Done done) {
                           (*channel)->client.post(path + std::string{record.path}, record.body,
                                                   std::move(done));
                       },
                       {.retries_max = options.retries_max,
                        .backoff = {.first = options.pause_first, .max = options.pause_max}}}}});
        *channel = channels_.back().get();
    }
    thread_ = std::thread{[this] { executor_.run(); }};
}

CallLog::Implementation::~Implementation() {
    if (!wait_for(&endpoint::RecordSender::close, flush_timeout_)) {
        std::size_t waiting = 0;
        for (const auto& channel : channels_) {
            waiting += channel->sender.waiting();
        }
        log_->error("call log: the end came before " + std::to_string(waiting) +
                    " requests and responses were sent");
    }
    executor_.stop();
    thread_.join();
    losses_.tell_rest();
}

bool CallLog::Implementation::add(std::string_view id, endpoint::CallRecord record) {
    Channel& channel = *channels_[std::hash<std::string_view>{}(id) % channels_.size()];
    const bool is_added = channel.sender.add(std::move(record));
    if (!is_added) {
        losses_.add_dropped();
    }
    return is_added;
}

bool CallLog::Implementation::flush(std::chrono::milliseconds wait_max) {
    return wait_for(&endpoint::RecordSender::flush, wait_max);
}

bool CallLog::Implementation::wait_for(Empty empty, std::chrono::milliseconds wait_max) {
    struct Waiting {
        std::promise<void> emptied;
        std::atomic<std::size_t> channels;
    };
    const auto waiting = std::make_shared<Waiting>();
    waiting->channels = channels_.size();
    executor_.post([this, empty, waiting] {
        for (const auto& channel : channels_) {
            (channel->sender.*empty)([waiting] {
                if (--waiting->channels == 0) {
                    waiting->emptied.set_value();
                }
            });
        }
    });
    return waiting->emptied.get_future().wait_for(wait_max) == std::future_status::ready;
}

CallLog::CallLog(std::unique_ptr<Implementation> implementation)
    : implementation_{std::move(implementation)} {}

CallLog::~CallLog() = default;

bool CallLog::flush(std::chrono::milliseconds wait_max) {
    return implementation_->flush(wait_max);
}

CallLogCounters CallLog::counters() const {
    return implementation_->counters();
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): as callers have them, with braces
std::shared_ptr<CallLog> make_call_log(CallLogOptions options) {
    const auto place = endpoint::value_or_throw(endpoint::log_server_of(options));
    return std::make_shared<CallLog>(std::make_unique<CallLog::Implementation>(options, place));
}

}  // namespace warren
