#pragma once

#include "protocol/stream_protocol.hpp"
#include "runtime/dispatch/completion_queue.hpp"
#include "runtime/dispatch/server_call.hpp"
#include "runtime/server/heartbeats.hpp"
#include "runtime/server/response_backlog.hpp"
#include "runtime/server/stream_speech.hpp"

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace warren::runtime {

class StreamServer;

/// A connection by its slot in its server's table; of one that is gone no other has the same.
struct SessionId {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;

    friend auto operator<=>(const SessionId&, const SessionId&) = default;
};

/// A call that came over a stream, until its response is in its connection's output.
class StreamServerCall final : public ServerCall {
public:
    StreamServerCall(StreamServer& server, std::shared_ptr<const StreamSpeech> speech,
                     std::shared_ptr<CompletionQueue> completions) noexcept
        : server_{server}, speech_{std::move(speech)}, completions_{std::move(completions)} {}

    const std::shared_ptr<const StreamSpeech>& speech() const noexcept { return speech_; }

    std::expected<void, Failure> write_part(protocol::ResponseKind kind,
                                            const Value& data) override;
    void begin_heartbeats(std::chrono::milliseconds interval) override;
    /// While its request is being dispatched, write the response where it leaves; otherwise encode
    /// it, on the thread that made it, and hand it to the I/O thread.
    void finished(std::unique_ptr<ServerCall> self, At at) noexcept override;

    /// Append the response; one that cannot be sent as it is goes to the log.
    void encode_response(std::int64_t unix_ms, std::string& out);

    std::string_view overload_reason() const noexcept override;

    /// Keep its request, as it came, for a worker to read.
    /// err  overloaded: it takes more memory than may be
    std::expected<std::unique_ptr<LargeRequest>, Failure> keep(
        std::unique_ptr<protocol::StreamCallDecoder> decoder, std::string_view caller,
        std::span<const std::byte> message);

    /// Make it as new, keeping memory.
    void reuse() noexcept;

    SessionId session{};
    std::size_t held_bytes = 0;  // for the request as it came, if the I/O thread read it
    ResponseBacklog::Share* share = nullptr;  // of its connection, or of a later one at its place
    protocol::StreamTicket ticket{};          // as the request begins
    protocol::StreamTicket reply_ticket{};    // as all of it says
    // Of the I/O thread: it takes no place of others any more; its response is not wanted, either.
    bool is_abandoned = false;
    bool is_cancelled = false;
    std::string reply;               // encoded; of one that was handed over
    bool ends_behind_parts = false;  // which go by the I/O thread
    Heartbeats::Id heartbeats = 0;   // of the I/O thread; 0: none

private:
    class Unread;

    StreamServer& server_;
    const std::shared_ptr<const StreamSpeech> speech_;
    std::shared_ptr<CompletionQueue> completions_;
};

/// What comes before the end of a response, on its way to its connection.
struct StreamPart final : CompletionEntry {
    /// in   parts: of whose parts it is one; null: it is none
    StreamPart(const StreamServerCall& call, std::shared_ptr<PartsFlow> parts) noexcept
        : CompletionEntry{Kind::part},
          session{call.session},
          share{call.share},
          request_id{call.ticket.id},
          flow{std::move(parts)} {}

    SessionId session;
    ResponseBacklog::Share* share;
    std::uint32_t request_id;
    std::shared_ptr<PartsFlow> flow;
    std::string bytes;
};

}  // namespace warren::runtime
