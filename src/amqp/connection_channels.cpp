#include "amqp/connection_core.hpp"
#include "amqp/connection_detail.hpp"

namespace warren::amqp {

bool ConnectionCore::handle_channel_frame(const FrameView& frame) {
    if (phase_ == Phase::closing) {
        return false;
    }
    const ChannelNumber number = frame.channel;
    if (phase_ != Phase::open || number > channels_.size() ||
        channels_[number - 1U].stage == ChannelState::Stage::unused) {
        return violation(reply_code::channel_error, "frame on a channel that was never opened");
    }
    ChannelState& channel = channels_[number - 1U];
    switch (channel.stage) {
    case ChannelState::Stage::unused:
    case ChannelState::Stage::closed:
        return false;
    case ChannelState::Stage::closing:
        return handle_closing_channel(number, channel, frame);
    case ChannelState::Stage::opening:
    case ChannelState::Stage::open:
        break;
    }
    if (frame.type == FrameType::header) {
        return handle_content_header(number, channel, frame.payload);
    }
    if (frame.type == FrameType::body) {
        return handle_content_body(number, channel, frame.payload);
    }
    return handle_channel_method(number, channel, frame);
}

bool ConnectionCore::handle_closing_channel(ChannelNumber number, ChannelState& channel,
                                            const FrameView& frame) {
    if (frame.type != FrameType::method) {
        return false;
    }
    Reader reader{frame.payload};
    const std::uint32_t method_id = reader.u32();
    if (method_id == ChannelClose::id) {
        // Both sides closed at once. Ours is answered all the same: the channel stays taken until
        // then, so that the late close-ok cannot hit its successor.
        (void)write_method(number, ChannelCloseOk{});
        return false;
    }
    if (method_id != ChannelCloseOk::id) {
        return false;
    }
    channel.stage = ChannelState::Stage::closed;
    return emit(reader,
                ChannelClosed{
                    .channel = number, .by = ClosedBy::client, .code = reply_code::reply_success});
}

bool ConnectionCore::handle_channel_method(ChannelNumber number, ChannelState& channel,
                                           const FrameView& frame) {
    Reader reader{frame.payload};
    const std::uint32_t method_id = reader.u32();
    // A channel may be closed in the middle of a message; nothing else may come there.  [4.2.6]
    if (method_id == ChannelClose::id) {
        return handle_channel_close(number, channel, reader);
    }
    if (channel.content.stage != PendingContent::Stage::none) {
        return violation(reply_code::unexpected_frame, "method in the middle of a message");
    }
    switch (method_id) {
    case BasicDeliver::id:
    case BasicReturn::id:
        return begin_content(number, channel, frame.payload);
    case BasicAck::id:
        return handle_confirmation(number, channel, Outcome::ack, reader);
    case BasicNack::id:
        return handle_confirmation(number, channel, Outcome::nack, reader);
    case BasicCancel::id:
        return handle_consumer_cancel(number, reader);
    case ChannelFlow::id:
        return handle_flow(number, reader);
    default:
        return handle_reply(number, channel, method_id, reader);
    }
}

bool ConnectionCore::handle_reply(ChannelNumber number, ChannelState& channel,
                                  std::uint32_t method_id, Reader& reader) {
    if (!channel.replies.take(method_id)) {
        return violation(reply_code::command_invalid, "a reply that answers no command");
    }
    switch (method_id) {
    case ChannelOpen::reply_id:
        channel.stage = ChannelState::Stage::open;
        return emit(reader, ChannelOpened{number});
    case ExchangeDeclare::reply_id:
        return emit(reader, ExchangeDeclared{number});
    case QueueDeclare::reply_id: {
        const QueueDeclareOk ok = read_queue_declare_ok(reader);
        return emit(reader, QueueDeclared{.channel = number,
                                          .queue = ok.queue,
                                          .message_count = ok.message_count,
                                          .consumer_count = ok.consumer_count});
    }
    case QueueBind::reply_id:
        return emit(reader, QueueBound{number});
    case QueueDelete::reply_id: {
        const QueueDeleteOk ok = read_queue_delete_ok(reader);
        return emit(reader, QueueDeleted{.channel = number, .message_count = ok.message_count});
    }
    case BasicQos::reply_id:
        return emit(reader, QosSet{number});
    case BasicConsume::reply_id: {
        const BasicConsumeOk ok = read_basic_consume_ok(reader);
        return emit(reader, ConsumeStarted{.channel = number, .consumer_tag = ok.consumer_tag});
    }
    case BasicCancel::reply_id: {
        const BasicCancelOk ok = read_basic_cancel_ok(reader);
        return emit(reader, ConsumeStopped{.channel = number, .consumer_tag = ok.consumer_tag});
    }
    case ConfirmSelect::reply_id:
        return emit(reader, ConfirmSelected{number});
    default:
        return violation(reply_code::not_implemented, "unknown method");
    }
}

bool ConnectionCore::handle_channel_close(ChannelNumber number, ChannelState& channel,
                                          Reader& reader) {
    const Close close = read_close(reader);
    forget_content(channel);
    channel.replies.clear();
    channel.stage = ChannelState::Stage::closed;
    (void)write_method(number, ChannelCloseOk{});
    return emit(reader, ChannelClosed{.channel = number,
                                      .by = ClosedBy::server,
                                      .code = close.reply_code,
                                      .text = close.reply_text,
                                      .class_id = close.class_id,
                                      .method_id = close.method_id});
}

bool ConnectionCore::handle_consumer_cancel(ChannelNumber number, Reader& reader) {
    const BasicCancel cancel = read_basic_cancel(reader);
    if (!reader.failed() && !cancel.nowait) {
        (void)write_method(number, BasicCancelOk{.consumer_tag = cancel.consumer_tag});
    }
    return emit(reader, ConsumerCancelled{.channel = number, .consumer_tag = cancel.consumer_tag});
}

bool ConnectionCore::handle_flow(ChannelNumber number, Reader& reader) {
    const ChannelFlow flow = read_channel_flow(reader);
    if (!reader.failed()) {
        (void)write_method(number, ChannelFlowOk{.active = flow.active});
    }
    return emit(reader, Flow{.channel = number, .active = flow.active});
}

bool ConnectionCore::handle_confirmation(ChannelNumber number, ChannelState& channel,
                                         Outcome outcome, Reader& reader) {
    const BasicAck ack = read_basic_ack(reader);  // a nack begins with the same two fields
    Confirmed confirmed{.channel = number,
                        .outcome = outcome,
                        .multiple = ack.multiple,
                        .delivery_tag = ack.delivery_tag};
    if (ack.multiple && ack.delivery_tag == 0) {
        confirmed.delivery_tag = channel.published;  // 0 stands for all so far     [1.8.3.13]
    } else if (ack.delivery_tag == 0 || ack.delivery_tag > channel.published) {
        return violation(reply_code::command_invalid, "confirmation of what was not published");
    }
    return emit(reader, confirmed);
}

}  // namespace warren::amqp
