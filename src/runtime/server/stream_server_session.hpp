#pragma once

#include "protocol/stream_protocol.hpp"
#include "runtime/server/response_backlog.hpp"
#include "runtime/server/stream_server_call.hpp"
#include "runtime/server/stream_speech.hpp"
#include "runtime/stream_transports.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace warren::runtime {

class StreamServer;

/// One connection of a `StreamServer`.          thread its server's
class StreamServerSession final : public StreamSession {
public:
    StreamServerSession(StreamServer& server, StreamConnection& connection, SessionId id,
                        std::shared_ptr<const StreamSpeech> speech, protocol::ResponseOrder order,
                        ResponseBacklog::Share& share);
    ~StreamServerSession() override;
    StreamServerSession(const StreamServerSession&) = delete;
    StreamServerSession& operator=(const StreamServerSession&) = delete;

    Consumed on_input(std::span<const std::byte> input) override;
    void on_overflow(std::span<const std::byte> message) override;
    void on_reachable(bool is_reachable) override;
    void on_input_ended() override;
    void on_moved() override;
    void on_unsent(std::size_t bytes) override;
    bool is_busy() const noexcept override { return in_flight_ != 0 || state_ == State::held; }
    void on_closed(const Failure& why) override;

    // What its server does.

    SessionId id() const noexcept { return id_; }
    std::size_t in_flight() const noexcept { return in_flight_; }
    protocol::StreamProtocol& protocol() const noexcept { return speech_->protocol(); }
    std::string_view caller() const noexcept { return caller_; }
    std::string peer_address() const { return connection_.peer_address(); }
    bool is_reachable() const noexcept { return is_reachable_; }
    std::int64_t unix_ms() const noexcept { return unix_ms_; }  // of this input
    std::string& output() noexcept { return connection_.output(); }
    ResponseBacklog::Share& share() const noexcept { return share_; }
    void end_message() { connection_.end_message(); }
    std::string_view overload_reason() const noexcept { return connection_.overload_reason(); }

    void begin_call() noexcept { ++in_flight_; }
    void end_call() noexcept { --in_flight_; }
    /// Nobody waits for one of its calls any more. Where answers have an order the next request
    /// waits for its end still.
    void let_go_of_call();
    bool has_order() const noexcept { return order_ == protocol::ResponseOrder::as_requested; }
    /// Whether who waited for the response that is due, of one at a time, waits for others now.
    bool take_moved_from() noexcept { return std::exchange(is_moved_from_, false); }
    /// What a worker made, and has counted.
    void write(std::string_view bytes);
    /// Whether what was written still waits for the peer.
    bool has_unsent() const noexcept { return unsent_counted_ != 0; }
    /// The caller of a request says when it is done with parts.
    void expect_credit(std::uint32_t request_id, const std::shared_ptr<PartsFlow>& flow);
    void forget_parts(std::uint32_t request_id) noexcept { flows_.erase(request_id); }
    /// The same of a response, which ends a call.
    void response(std::string_view reply);
    void end_unanswered();
    /// Go on with input that waited for the next turn.
    void resume();
    /// Go on with input that waited for room.
    void release();
    /// Close at once, and be served no more.
    void abandon();
    /// Be served no more.
    void orphan() noexcept;

private:
    enum class State : std::uint8_t {
        reading,
        waiting,  // paused: for a response that comes first, or for the next turn
        held,     // paused: for room for what comes after a notification
        broken,   // paused: closes when what was requested is answered
        closing,
    };

    void keep_up();
    bool take(const protocol::StreamStep& step, std::span<const std::byte> rest);
    void take_credit(std::uint32_t request_id, std::uint64_t bytes_done);
    void count_output(std::size_t bytes);
    Consumed pause(std::size_t consumed_bytes, State state = State::waiting);
    void close_if_due();

    StreamServer* server_;  // nullptr: not served any more
    StreamConnection& connection_;
    SessionId id_;
    State state_ = State::reading;
    bool is_reachable_ = true;
    bool is_moved_from_ = false;
    bool input_ended_ = false;
    protocol::ResponseOrder order_;
    std::size_t in_flight_ = 0;
    ResponseBacklog::Share& share_;
    std::size_t unsent_counted_ = 0;  // of the share
    std::int64_t unix_ms_ = 0;
    std::shared_ptr<const StreamSpeech> speech_;
    std::unique_ptr<protocol::StreamCallDecoder> decoder_;  // of it
    std::string caller_;
    std::map<std::uint32_t, std::shared_ptr<PartsFlow>> flows_;  // by the request
};

}  // namespace warren::runtime
