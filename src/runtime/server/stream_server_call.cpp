#include "runtime/server/stream_server_call.hpp"

#include "runtime/server/stream_server.hpp"

#include <chrono>
#include <new>
#include <utility>
#include <vector>

namespace warren::runtime {

class StreamServerCall::Unread final : public LargeRequest {
public:
    Unread(StreamServerCall& call, std::unique_ptr<protocol::StreamCallDecoder> decoder,
           std::string_view caller, std::span<const std::byte> message)
        : LargeRequest{*call.memory},
          job_{call},
          decoder_{std::move(decoder)},
          caller_{caller},
          message_{message.begin(), message.end()} {}

    std::expected<protocol::Call, Failure> read() override {
        static_cast<void>(decoder_->next(message_, job_.server_.unix_ms(), values));
        job_.reply_ticket = decoder_->ticket;
        if (decoder_->call) {
            decoder_->call->metadata.caller = job_.speech_->caller_of(decoder_->ticket, caller_);
        }
        return std::move(decoder_->call);
    }

private:
    StreamServerCall& job_;
    const std::unique_ptr<protocol::StreamCallDecoder> decoder_;
    const std::string caller_;
    const std::vector<std::byte> message_;
};

std::expected<std::unique_ptr<LargeRequest>, Failure> StreamServerCall::keep(
    std::unique_ptr<protocol::StreamCallDecoder> decoder, std::string_view caller,
    std::span<const std::byte> message) {
    return keep_large<Unread>(*memory, message.size(), *this, std::move(decoder), caller, message);
}

std::expected<void, Failure> StreamServerCall::write_part(protocol::ResponseKind kind,
                                                          const Value& data) {
    if (!takes(kind) || !speech_->protocol().has_parts()) {
        return std::unexpected{no_parts()};
    }
    if (const std::string_view why = overload_reason(); !why.empty()) {
        return std::unexpected{overloaded(std::string{why})};
    }
    const bool is_part = kind == protocol::ResponseKind::part;
    auto part = std::make_unique<StreamPart>(*this, is_part ? state.parts : nullptr);
    const std::string unwritable = speech_->protocol().encode_response(
        reply_ticket,
        {.data = data,
         .method = state.context.method,
         .kind = kind,
         .number = is_part ? std::optional{state.parts->next_number()} : std::nullopt},
        server_.unix_ms(), part->bytes);
    if (!unwritable.empty()) {
        return std::unexpected{unwritable_part(unwritable)};
    }
    ends_behind_parts = true;
    if (is_part) {
        state.parts->sent(part->bytes.size());
    }
    server_.backlog_.add(*share, part->bytes.size());
    completions_->put(std::move(part));
    return {};
}

void StreamServerCall::begin_heartbeats(std::chrono::milliseconds interval) {
    if (speech_->protocol().has_parts()) {
        ends_behind_parts = true;
        completions_->put(std::make_unique<HeartbeatsBegin>(*this, interval));
    }
}

void StreamServerCall::finished(std::unique_ptr<ServerCall> self, At at) noexcept {
    // What has parts on their way ends behind them.
    if (at == At::dispatch && !ends_behind_parts) {
        static_cast<void>(self.release());
        server_.respond_here(std::unique_ptr<StreamServerCall>{this});
        return;
    }
    encode_response(server_.unix_ms(), reply);
    server_.backlog_.add(*share, reply.size());
    // Its destructors are the handler's code, too: they run here and not on the I/O thread.
    release_result();
    completions_->put(std::move(self));
}

void StreamServerCall::encode_response(std::int64_t unix_ms, std::string& out) {
    const std::size_t size_before = out.size();
    try {
        const std::string unwritable =
            speech_->protocol().encode_response(reply_ticket, response(), unix_ms, out);
        if (!unwritable.empty()) [[unlikely]] {
            count_as_internal();
            report("the reply cannot be sent: " + unwritable);
            state.response = {.failure = Code::internal, .message = arena.copy(unwritable)};
        }
    } catch (const std::bad_alloc&) {
        out.resize(size_before);
        speech_->protocol().encode_response(reply_ticket,
                                            {.failure = Code::internal,
                                             .message = no_memory_for_reply,
                                             .method = response().method},
                                            unix_ms, out);
        count_as_internal();
        report(no_memory_for_reply);
        state.response = {.failure = Code::internal, .message = no_memory_for_reply};
    }
    end_intercepted(out.size() - size_before);
}

std::string_view StreamServerCall::overload_reason() const noexcept {
    return ticket.wants_response ? server_.overload_reason_for(*share) : std::string_view{};
}

void StreamServerCall::reuse() noexcept {
    reset();
    is_abandoned = false;
    is_cancelled = false;
    reply.clear();
    ends_behind_parts = false;
    heartbeats = 0;
}

}  // namespace warren::runtime
