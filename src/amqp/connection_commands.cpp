#include "amqp/connection_core.hpp"
#include "amqp/connection_detail.hpp"

#include <algorithm>
#include <iterator>
#include <new>

namespace warren::amqp {

namespace {

bool is_free(const ChannelState& channel) noexcept {
    return channel.stage == ChannelState::Stage::unused ||
           channel.stage == ChannelState::Stage::closed;
}

void write_header_frame(Writer& writer, ChannelNumber channel, const BasicProperties& properties,
                        const Value& headers, std::uint64_t body_size,
                        std::size_t frame_bytes_max) {
    const std::size_t begin = begin_frame(writer, FrameType::header, channel);
    writer.u16(basic_class_id);
    writer.u16(0);  // weight
    writer.u64(body_size);
    write_properties(writer, properties, headers);
    end_frame(writer, begin, frame_bytes_max);
}

void write_body_frames(Writer& writer, ChannelNumber channel, std::span<const std::byte> body,
                       std::size_t frame_bytes_max) {
    const std::size_t payload_bytes_max = frame_bytes_max - frame_overhead_bytes;
    while (!body.empty()) {
        const auto payload = body.first(std::min(body.size(), payload_bytes_max));
        const std::size_t begin = begin_frame(writer, FrameType::body, channel);
        writer.octets(payload);
        end_frame(writer, begin, frame_bytes_max);
        body = body.subspan(payload.size());
    }
}

}  // namespace

CommandResult<ChannelState*> ConnectionCore::usable_channel(ChannelNumber number) noexcept {
    if (phase_ != Phase::open) {
        return std::unexpected{CommandError::not_connected};
    }
    if (number == 0 || number > channels_.size()) {
        return std::unexpected{CommandError::channel_not_open};
    }
    ChannelState& channel = channels_[number - 1U];
    if (channel.stage != ChannelState::Stage::opening &&
        channel.stage != ChannelState::Stage::open) {
        return std::unexpected{CommandError::channel_not_open};
    }
    return &channel;
}

/// A command that the broker does not answer.
template <typename Method>
CommandResult<void> ConnectionCore::send(ChannelNumber channel, const Method& method) {
    const CommandResult<ChannelState*> state = usable_channel(channel);
    if (!state) {
        return std::unexpected{state.error()};
    }
    return write_method(channel, method);
}

/// A command whose response the driver waits for.
template <typename Method>
CommandResult<void> ConnectionCore::request(ChannelNumber channel, const Method& method) {
    const CommandResult<void> written = send(channel, method);
    if (written) {
        channels_[channel - 1U].replies.expect(Method::reply_id);
    }
    return written;
}

CommandResult<ChannelNumber> ConnectionCore::open_channel() {
    if (phase_ != Phase::open) {
        return std::unexpected{CommandError::not_connected};
    }
    auto free = std::ranges::find_if(channels_, is_free);
    if (free == channels_.end()) {
        if (channels_.size() >= channel_max_) {
            return std::unexpected{CommandError::no_free_channel};
        }
        channels_.emplace_back();
        free = std::prev(channels_.end());
    }
    const auto number = static_cast<ChannelNumber>(free - channels_.begin() + 1);
    free->stage = ChannelState::Stage::opening;
    free->confirming = false;
    free->published = 0;
    free->replies.clear();
    free->replies.expect(ChannelOpen::reply_id);
    (void)write_method(number, ChannelOpen{});
    return number;
}

std::size_t ConnectionCore::free_channels() const noexcept {
    return channel_max_ - channels_.size() +
           static_cast<std::size_t>(std::ranges::count_if(channels_, is_free));
}

CommandResult<void> ConnectionCore::close_channel(ChannelNumber channel, std::uint16_t code,
                                                  std::string_view text) {
    const CommandResult<void> written =
        send(channel, ChannelClose{{.reply_code = code, .reply_text = text}});
    if (written) {
        ChannelState& state = channels_[channel - 1U];
        forget_content(state);
        state.replies.clear();
        state.stage = ChannelState::Stage::closing;
    }
    return written;
}

CommandResult<void> ConnectionCore::close(TimePoint now, std::uint16_t code,
                                          std::string_view text) {
    if (phase_ != Phase::open) {
        return std::unexpected{CommandError::not_connected};
    }
    const CommandResult<void> written =
        write_method(0, ConnectionClose{{.reply_code = code, .reply_text = text}});
    if (written) {
        phase_ = Phase::closing;
        abort_at_ = now + options_.close_timeout;
    }
    return written;
}

std::string_view ConnectionCore::user() const noexcept {
    const auto* const plain = std::get_if<PlainLogin>(&options_.login);
    return plain != nullptr ? std::string_view{plain->user} : std::string_view{};
}

std::string_view ConnectionCore::password() const noexcept {
    const auto* const plain = std::get_if<PlainLogin>(&options_.login);
    return plain != nullptr ? std::string_view{plain->password} : std::string_view{};
}

CommandResult<void> ConnectionCore::update_password(std::string_view password) {
    auto* const plain = std::get_if<PlainLogin>(&options_.login);
    if (phase_ != Phase::open || plain == nullptr) {
        return std::unexpected{CommandError::not_connected};
    }
    const CommandResult<void> written =
        write_method(0, ConnectionUpdateSecret{.secret = password, .reason = "it has changed"});
    if (written) {
        plain->password = password;
        ++passwords_awaited_;
    }
    return written;
}

CommandResult<void> ConnectionCore::exchange_declare(ChannelNumber channel,
                                                     const ExchangeDeclare& method) {
    return request(channel, method);
}

CommandResult<void> ConnectionCore::queue_declare(ChannelNumber channel,
                                                  const QueueDeclare& method) {
    return request(channel, method);
}

CommandResult<void> ConnectionCore::queue_bind(ChannelNumber channel, const QueueBind& method) {
    return request(channel, method);
}

CommandResult<void> ConnectionCore::queue_delete(ChannelNumber channel, const QueueDelete& method) {
    return request(channel, method);
}

CommandResult<void> ConnectionCore::basic_qos(ChannelNumber channel, const BasicQos& method) {
    return request(channel, method);
}

CommandResult<void> ConnectionCore::basic_consume(ChannelNumber channel,
                                                  const BasicConsume& method) {
    return request(channel, method);
}

CommandResult<void> ConnectionCore::basic_cancel(ChannelNumber channel,
                                                 std::string_view consumer_tag) {
    return request(channel, BasicCancel{.consumer_tag = consumer_tag});
}

CommandResult<void> ConnectionCore::confirm_select(ChannelNumber channel) {
    const CommandResult<void> written = request(channel, ConfirmSelect{});
    if (written) {
        // The broker counts from the moment it reads this, which is before any later publish.
        channels_[channel - 1U].confirming = true;
    }
    return written;
}

CommandResult<std::uint64_t> ConnectionCore::basic_publish(ChannelNumber channel,
                                                           const BasicPublish& method,
                                                           const BasicProperties& properties,
                                                           std::span<const std::byte> body,
                                                           const Value& headers) {
    const CommandResult<ChannelState*> state = usable_channel(channel);
    if (!state) {
        return std::unexpected{state.error()};
    }
    if (body.size() > options_.body_bytes_max) {
        return std::unexpected{CommandError::body_too_large};
    }
    const std::size_t begin = output_.size();
    try {
        if (const CommandResult<void> written = write_method(channel, method); !written) {
            return std::unexpected{written.error()};
        }
        Writer writer{output_};
        write_header_frame(writer, channel, properties, headers, body.size(), frame_bytes_max_);
        if (writer.error() != CommandError::none) {
            output_.truncate(begin);
            return std::unexpected{writer.error()};
        }
        write_body_frames(writer, channel, body, frame_bytes_max_);
    } catch (const std::bad_alloc&) {
        output_.truncate(begin);
        return std::unexpected{CommandError::out_of_memory};
    }
    return (*state)->confirming ? ++(*state)->published : 0;
}

CommandResult<void> ConnectionCore::basic_ack(ChannelNumber channel, const BasicAck& method) {
    return send(channel, method);
}

CommandResult<void> ConnectionCore::basic_nack(ChannelNumber channel, const BasicNack& method) {
    return send(channel, method);
}

}  // namespace warren::amqp
