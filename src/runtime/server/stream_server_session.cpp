#include "runtime/server/stream_server_session.hpp"

#include "runtime/early_flush.hpp"
#include "runtime/server/stream_server.hpp"

#include <new>
#include <utility>

namespace warren::runtime {

using protocol::ResponseOrder;
using protocol::StreamStep;

StreamServerSession::StreamServerSession(StreamServer& server, StreamConnection& connection,
                                         SessionId id, std::shared_ptr<const StreamSpeech> speech,
                                         ResponseOrder order, ResponseBacklog::Share& share)
    : server_{&server},
      connection_{connection},
      id_{id},
      order_{order},
      share_{share},
      speech_{std::move(speech)},
      decoder_{speech_->protocol().make_quick_call_decoder(quick_bytes_max)},
      caller_{connection.peer_identity()} {}

StreamServerSession::~StreamServerSession() {
    if (server_ != nullptr) {
        server_->forget(*this);
    }
}

StreamSession::Consumed StreamServerSession::on_input(std::span<const std::byte> input) {
    if (state_ == State::waiting || state_ == State::held) {
        return {};
    }
    if (state_ != State::reading) {
        return {.bytes = input.size()};
    }
    unix_ms_ = server_->unix_ms();
    std::string& output = connection_.output();
    const std::size_t output_max = output.size() + server_->options_.turn_output_bytes_max;
    std::size_t output_counted = output.size();
    EarlyFlush early_flush{input.size()};
    Consumed taken;
    // Nothing at all is a message, too, where they are kept apart.
    do {
        if (has_order() && in_flight_ != 0) {
            taken = pause(taken.bytes);
            taken.is_untaken = input.empty();
            break;
        }
        if (output.size() >= output_max) {
            taken = pause(taken.bytes);
            taken.is_untaken = input.empty();
            server_->stall(*this);
            break;
        }
        const std::span<const std::byte> rest = input.subspan(taken.bytes);
        keep_up();
        const StreamStep step = decoder_->next(rest, unix_ms_, server_->memory_.values);
        if (step.state == StreamStep::State::need_more) {
            taken.wanted_bytes = step.wanted_bytes;
            break;
        }
        if (step.state == StreamStep::State::broken) {
            server_->refuse_broken(*this, *decoder_);
            taken = pause(input.size(), State::broken);
            break;
        }
        taken.bytes += step.size_bytes;
        if (has_order() && connection_.has_moved()) [[unlikely]] {
            decoder_->ticket.wants_response = false;
        }
        if (take(step, rest)) [[likely]] {
            if (!decoder_->ticket.wants_response && !server_->has_room(*this)) [[unlikely]] {
                taken = pause(taken.bytes, State::held);
                server_->hold(*this);
                break;
            }
        }
        if (early_flush.reached(taken.bytes)) {
            count_output(output.size() - output_counted);
            connection_.push();
            output_counted = output.size();
        }
    } while (taken.bytes != input.size());
    count_output(output.size() - output_counted);
    close_if_due();
    return taken;
}

/// A message is read from its beginning each time, so that another decoder may go on with it.
void StreamServerSession::keep_up() {
    if (speech_ == server_->speech_ || decoder_->is_skipping()) [[likely]] {
        return;
    }
    decoder_ = server_->speech_->protocol().make_quick_call_decoder(quick_bytes_max);
    speech_ = server_->speech_;
}

/// out  false: it is no request, but says something of one, or of the connection
bool StreamServerSession::take(const StreamStep& step, std::span<const std::byte> rest) {
    switch (step.state) {
    case StreamStep::State::complete:
        server_->take(*this, *decoder_, step.size_bytes);
        return true;
    case StreamStep::State::unread:
        server_->accept_large(*this, *decoder_, rest.first(step.size_bytes));
        return true;
    case StreamStep::State::heartbeat:
        server_->send_heartbeat_response(*this, *decoder_);
        return false;
    case StreamStep::State::unreadable:
        server_->refuse_unreadable(*this, *decoder_);
        return false;
    case StreamStep::State::cancelled:
        server_->cancel(*this, decoder_->ticket.id, decoder_->cancelled);
        return false;
    case StreamStep::State::credit:
        take_credit(decoder_->ticket.id, decoder_->bytes_done);
        return false;
    case StreamStep::State::skipped:  // it is answered already
    case StreamStep::State::need_more:
    case StreamStep::State::broken:
        return false;
    }
    std::unreachable();
}

void StreamServerSession::on_overflow(std::span<const std::byte> message) {
    // A response before those that are due would be taken for one of them.
    if (server_ == nullptr || has_order()) {
        return;
    }
    unix_ms_ = server_->unix_ms();
    const std::size_t output_before = connection_.output().size();
    while (!message.empty()) {
        keep_up();
        const StreamStep step = decoder_->next(message, unix_ms_, server_->memory_.values);
        if (step.state != StreamStep::State::complete && step.state != StreamStep::State::unread) {
            break;
        }
        message = message.subspan(step.size_bytes);
        server_->refuse_overflow(*this, *decoder_);
    }
    count_output(connection_.output().size() - output_before);
}

void StreamServerSession::count_output(std::size_t bytes) {
    if (bytes != 0) {
        on_unsent(unsent_counted_ + bytes);
        connection_.touch();
    }
}

StreamSession::Consumed StreamServerSession::pause(std::size_t consumed_bytes, State state) {
    state_ = state;
    connection_.pause();
    return {.bytes = consumed_bytes};
}

void StreamServerSession::close_if_due() {
    if (state_ == State::broken && in_flight_ == 0) {
        state_ = State::closing;
        connection_.close_after_output();
    }
}

void StreamServerSession::let_go_of_call() {
    if (!has_order()) {
        end_call();
        close_if_due();
    }
}

void StreamServerSession::write(std::string_view bytes) {
    unsent_counted_ += bytes.size();
    try {
        connection_.output().append(bytes);
        connection_.end_message();
    } catch (const std::bad_alloc&) {
        return end_unanswered();
    }
    connection_.touch();
}

void StreamServerSession::expect_credit(std::uint32_t request_id,
                                        const std::shared_ptr<PartsFlow>& flow) {
    if (input_ended_) {
        return flow->expect_no_more();
    }
    flows_.try_emplace(request_id, flow);
}

/// It may come after the end.
void StreamServerSession::take_credit(std::uint32_t request_id, std::uint64_t bytes_done) {
    if (const auto found = flows_.find(request_id); found != flows_.end()) {
        // What waits for it may end the call here, and be forgotten.
        const std::shared_ptr<PartsFlow> flow = found->second;
        flow->done(bytes_done);
    }
}

void StreamServerSession::response(std::string_view reply) {
    if (!reply.empty()) {
        write(reply);
    }
    close_if_due();
    if (has_order()) {
        resume();
    }
}

/// No memory is left for a response: the end of the connection tells who waits for it.
void StreamServerSession::end_unanswered() {
    state_ = State::closing;
    connection_.close_after_output();
}

void StreamServerSession::on_reachable(bool is_reachable) {
    // Where answers come in order a notification is like any other request, as with pyzmqrpc.
    is_reachable_ = is_reachable || has_order();
    if (!is_reachable && server_ != nullptr && in_flight_ != 0) {
        server_->abandon(id_);
    }
}

/// Nobody will say any more that parts were taken.
void StreamServerSession::on_input_ended() {
    input_ended_ = true;
    for (const auto& [id, flow] : std::exchange(flows_, {})) {
        flow->expect_no_more();
    }
}

void StreamServerSession::on_moved() {
    if (has_order() && server_ != nullptr && in_flight_ != 0) {
        is_moved_from_ = true;
        server_->abandon(id_);
    }
}

void StreamServerSession::on_unsent(std::size_t bytes) {
    if (server_ == nullptr || bytes == unsent_counted_) {
        return;
    }
    const std::size_t before = std::exchange(unsent_counted_, bytes);
    if (bytes > before) {
        server_->backlog_.add(share_, bytes - before);
    } else {
        server_->backlog_.remove(share_, before - bytes);
        server_->check_drained();
    }
}

void StreamServerSession::resume() {
    if (state_ == State::waiting) {
        state_ = State::reading;
        connection_.resume();
    }
}

void StreamServerSession::release() {
    if (state_ == State::held) {
        state_ = State::reading;
        connection_.resume();
    }
}

void StreamServerSession::abandon() {
    orphan();
    connection_.close_after_output();
}

void StreamServerSession::orphan() noexcept {
    server_ = nullptr;
    state_ = State::closing;
    in_flight_ = 0;
}

void StreamServerSession::on_closed(const Failure&) {
    if (server_ != nullptr) {
        server_->forget(*this);
        if (in_flight_ != 0) {
            server_->abandon(id_);
        }
        orphan();
    }
}

}  // namespace warren::runtime
