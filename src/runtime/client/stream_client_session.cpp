#include "runtime/client/stream_client_session.hpp"

#include "runtime/dispatch/kept_bytes.hpp"
#include "runtime/early_flush.hpp"

#include <utility>

namespace warren::runtime {
namespace {

// A message that is not whole yet is taken for a response when so much of it is there.
constexpr std::size_t big_response_bytes = std::size_t{4} << 10;

/// Without ids it would be taken for the next call's answer.
const Failure unasked{.code = Code::internal, .message = "an answer came that nobody asked for"};

}  // namespace

StreamClientSession::StreamClientSession(Owner& owner, StreamConnection& connection,
                                         std::size_t address,
                                         std::shared_ptr<const protocol::StreamProtocol> protocol)
    : slots{protocol->response_order()},
      owner_{&owner},
      connection_{connection},
      address_{address},
      is_in_order_{protocol->response_order() == protocol::ResponseOrder::as_requested},
      last_life_at_{owner.now()},
      protocol_{std::move(protocol)},
      decoder_{protocol_->make_response_decoder()} {}

StreamSession::Consumed StreamClientSession::on_input(std::span<const std::byte> input) {
    if (owner_ == nullptr) {
        return {.bytes = input.size()};
    }
    // Told to the end, though it may drop this session meanwhile.
    Owner& owner = *owner_;
    const std::shared_ptr<void> kept = owner.share();
    owner.on_input_begin();
    const Consumed taken = take(input);
    owner.on_input_end(*this);
    return taken;
}

StreamSession::Consumed StreamClientSession::take(std::span<const std::byte> input) {
    const Consumed everything{.bytes = input.size()};
    Consumed taken;
    EarlyFlush early_flush{input.size()};
    while (taken.bytes < input.size()) {
        const protocol::StreamStep step =
            decoder_->next(input.subspan(taken.bytes), owner_->unix_ms(), arena_);
        if (step.state == protocol::StreamStep::State::need_more) {
            taken.wanted_bytes = step.wanted_bytes;
            if (input.size() - taken.bytes >= big_response_bytes) {
                last_life_at_ = owner_->now();
            }
            if (is_in_order_ && slots.empty()) {
                owner_->on_stray_response(*this);
                owner_->on_broken(*this, unasked);
                return everything;
            }
            break;
        }
        if (step.state == protocol::StreamStep::State::broken) {
            owner_->on_broken(*this, decoder_->failure());
            return everything;
        }
        taken.bytes += step.size_bytes;
        if (step.state == protocol::StreamStep::State::skipped) [[unlikely]] {
            if (step.size_bytes == 0) {
                taken.wanted_bytes = input.size() - taken.bytes + 1;
                break;
            }
            continue;
        }
        if (step.state == protocol::StreamStep::State::unreadable) [[unlikely]] {
            owner_->on_unreadable(*this, decoder_->failure());
        } else if (!deliver(step.size_bytes)) {
            return everything;
        }
        arena_.reset(kept_bytes_max);
        if (early_flush.reached(taken.bytes)) {
            owner_->on_input_early_flush();
            if (owner_ == nullptr) {
                return everything;
            }
            connection_.push();
        }
    }
    return taken;
}

/// out  false when the connection was dropped
bool StreamClientSession::deliver(std::size_t bytes) {
    if (!is_in_order_ && decoder_->id() == CallSlots::no_id) {
        // Some servers answer one-way calls, too, and some have calls of their own.
        refuse();
        return true;
    }
    CallSlots::Slot* const slot = slots.find(decoder_->id());
    if ((slot != nullptr || !is_in_order_) && !std::exchange(has_answered_, true)) {
        connection_.prove();
    }
    if (slot == nullptr) {
        owner_->on_stray_response(*this);
        if (is_in_order_ && owner_ != nullptr) {
            owner_->on_broken(*this, unasked);
        }
        return owner_ != nullptr;
    }
    last_life_at_ = owner_->now();
    const std::uint64_t token = slot->token;
    if (token == probe_token) [[unlikely]] {
        forget_probe();
        owner_->on_sign_of_life(*this);
        return owner_ != nullptr;
    }
    auto response = decoder_->response(slot->ticket);
    if (response && response->kind != protocol::ResponseKind::end) [[unlikely]] {
        owner_->on_part(token, *response, bytes);
    } else {
        slots.remove(*slot);
        owner_->on_response(*this, token, std::move(response));
    }
    return owner_ != nullptr;
}

/// Of a peer that asks and does not read, no more is kept than this.
void StreamClientSession::refuse() {
    constexpr std::size_t unsent_bytes_max = std::size_t{64} << 10;
    const std::string_view refusal = decoder_->refusal();
    if (!refusal.empty() && connection_.unsent_bytes() < unsent_bytes_max) {
        connection_.output().append(refusal);
        connection_.end_message();
        connection_.touch();
    }
}

void StreamClientSession::on_closed(const Failure& why) {
    if (owner_ != nullptr) {
        const std::shared_ptr<void> owner = owner_->share();
        std::exchange(owner_, nullptr)->on_lost(*this, why);
    }
}

void StreamClientSession::probed(std::uint32_t id) noexcept {
    probe_id_ = id;
    probed_at_ = owner_->now();
}

void StreamClientSession::forget_probe() noexcept {
    if (std::exchange(probed_at_, std::nullopt)) {
        slots.remove(*slots.find(probe_id_));
    }
}

void StreamClientSession::drop() {
    if (std::exchange(owner_, nullptr) != nullptr) {
        connection_.close_after_output();
    }
}

}  // namespace warren::runtime
