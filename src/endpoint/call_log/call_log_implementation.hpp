#pragma once

#include <warren/call_log.hpp>

#include "endpoint/call_log/record_losses.hpp"
#include "endpoint/call_log/record_sender.hpp"
#include "endpoint/http_place.hpp"
#include "endpoint/log_queue.hpp"
#include "transport/http/http_client.hpp"
#include "transport/loop/asio_executor.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

namespace warren {

class CallLog::Implementation {
public:
    Implementation(const CallLogOptions& options, const endpoint::HttpPlace& place);
    ~Implementation();
    Implementation(const Implementation&) = delete;
    Implementation& operator=(const Implementation&) = delete;

    std::size_t payload_bytes_max() const noexcept { return payload_bytes_max_; }
    /// in   id: those of one are sent in their order
    /// out  false: there was no room, which is counted          thread any
    bool add(std::string_view id, endpoint::CallRecord record);
    void add_dropped() { losses_.add_dropped(); }
    bool flush(std::chrono::milliseconds wait_max);
    CallLogCounters counters() const { return losses_.counters(); }

private:
    /// One connection, and what goes over it.
    struct Channel {
        transport::HttpClient client;
        endpoint::RecordSender sender;
    };
    using Empty = void (endpoint::RecordSender::*)(std::move_only_function<void()> done);

    bool wait_for(Empty empty, std::chrono::milliseconds wait_max);

    const std::size_t payload_bytes_max_;
    const std::chrono::milliseconds flush_timeout_;
    const std::shared_ptr<endpoint::LogQueue> log_;
    transport::AsioExecutor executor_;
    endpoint::RecordRoom room_;
    endpoint::RecordLosses losses_;
    std::vector<std::unique_ptr<Channel>> channels_;
    std::thread thread_;
};

}  // namespace warren
