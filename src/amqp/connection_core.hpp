#pragma once

#include <warren/arena.hpp>

#include "amqp/body_pool.hpp"
#include "amqp/channel_state.hpp"
#include "amqp/event.hpp"
#include "amqp/frame.hpp"
#include "amqp/input_buffer.hpp"
#include "amqp/methods/basic.hpp"
#include "amqp/methods/channel.hpp"
#include "amqp/methods/confirm.hpp"
#include "amqp/methods/connection.hpp"
#include "amqp/methods/exchange.hpp"
#include "amqp/methods/queue.hpp"
#include "amqp/options.hpp"
#include "amqp/output_buffer.hpp"
#include "amqp/reply_code.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::amqp {

using TimePoint = std::chrono::steady_clock::time_point;

template <typename T>
using CommandResult = std::expected<T, CommandError>;

/// One AMQP 0-9-1 connection, without a socket or a clock. Bytes, ticks and commands go in; output
/// bytes, events and the next deadline come out. It never calls back and throws nothing but
/// std::bad_alloc. One turn of a driver's loop:
///
///     std::span<std::byte> room = core.prepare(read_bytes_min);
///     core.commit(co_await read_some(room), now);       // or end_of_input()
///     while (const Event* event = core.next_event()) {
///         ...                                           // may give commands
///     }
///     core.take_output(written);                        // the one write of this turn
///
/// An `Event` is valid until the next `next_event` or `tick`; what it views, until the next
/// `prepare`, so take every event before that. The replies to the commands of one channel come in
/// the order of the commands (the core refuses a broker that answers otherwise), so a driver keeps
/// its waiters in one queue per channel, and fails them all on `ChannelClosed`. After
/// `ConnectionClosed` or `Failed` no more events come.          thread one at a time
class ConnectionCore {
public:
    explicit ConnectionCore(ConnectionOptions options);

    /// Put the protocol header into the output and expect the broker's connection.start.
    /// err  invalid options come as a `Failed` event
    void start(TimePoint now);

    // Input.

    /// Room to read into, at least `bytes_min` large; ends the life of what events viewed.
    std::span<std::byte> prepare(std::size_t bytes_min);
    /// `count` bytes were read into the room that `prepare` gave.
    void commit(std::size_t count, TimePoint now);
    /// The peer closed its side, or reading failed: no more input will come.
    void end_of_input() noexcept { input_ended_ = true; }

    /// out  the next event, or nullptr: more input, a tick or a command is needed
    /// cost O(bytes of the event); no allocation in the steady state
    const Event* next_event();

    // Time.

    /// Let time pass: writes heartbeats; missed ones and other time-outs become `Failed` events.
    /// Commit what can be read first, so that a stalled loop does not look like a silent broker.
    void tick(TimePoint now);
    /// When `tick` has something to do next. Changes with commit, tick and commands.
    std::optional<TimePoint> next_deadline() const noexcept;

    // Output.

    std::size_t output_bytes() const noexcept { return output_.size(); }
    /// Swap all output into `taken`, whose memory is reused for what follows.
    /// in   taken: what an earlier call gave and was written, or an empty buffer
    void take_output(OutputBuffer& taken) noexcept;

    // Commands: each appends whole frames to the output, or gives an error and appends nothing.
    // They are legal from `Connected` on; on a channel from `open_channel` on, without waiting for
    // `ChannelOpened`.

    bool connected() const noexcept { return phase_ == Phase::open; }
    bool ended() const noexcept { return phase_ == Phase::ended; }
    std::uint32_t frame_bytes_max() const noexcept { return frame_bytes_max_; }

    /// out  the lowest free number; answered by `ChannelOpened`
    CommandResult<ChannelNumber> open_channel();
    /// How many more channels there may be.
    std::size_t free_channels() const noexcept;
    /// Answered by `ChannelClosed`; deliveries that come before it are dropped.
    CommandResult<void> close_channel(ChannelNumber channel,
                                      std::uint16_t code = reply_code::reply_success,
                                      std::string_view text = "");
    /// Close the connection in order: answered by `ConnectionClosed`, or `Failed` after
    /// `close_timeout`. Everything else that comes is dropped.
    CommandResult<void> close(TimePoint now, std::uint16_t code = reply_code::reply_success,
                              std::string_view text = "");

    /// What the broker knows as the user and the password of a plain login; empty: it is another
    /// login.
    std::string_view user() const noexcept;
    std::string_view password() const noexcept;
    /// Have the broker take another one, such as a token that runs out later. RabbitMQ knows this
    /// command, and ends the connection over one that it refuses.
    CommandResult<void> update_password(std::string_view password);

    CommandResult<void> exchange_declare(ChannelNumber channel, const ExchangeDeclare& method);
    CommandResult<void> queue_declare(ChannelNumber channel, const QueueDeclare& method);
    CommandResult<void> queue_bind(ChannelNumber channel, const QueueBind& method);
    CommandResult<void> queue_delete(ChannelNumber channel, const QueueDelete& method);
    CommandResult<void> basic_qos(ChannelNumber channel, const BasicQos& method);
    CommandResult<void> basic_consume(ChannelNumber channel, const BasicConsume& method);
    CommandResult<void> basic_cancel(ChannelNumber channel, std::string_view consumer_tag);
    /// From here on publishes are numbered from 1 and confirmed; again on the same channel it does
    /// not restart the count.
    CommandResult<void> confirm_select(ChannelNumber channel);

    /// Publish one message; its body is split into frames as negotiated.
    /// in   headers: a map that goes out as the headers property, or null for
    ///      `properties.headers`
    /// out  the publish sequence number that `Confirmed` will name, 0 without confirm mode
    CommandResult<std::uint64_t> basic_publish(ChannelNumber channel, const BasicPublish& method,
                                               const BasicProperties& properties,
                                               std::span<const std::byte> body,
                                               const Value& headers = {});

    CommandResult<void> basic_ack(ChannelNumber channel, const BasicAck& method);
    CommandResult<void> basic_nack(ChannelNumber channel, const BasicNack& method);

private:
    enum class Phase : std::uint8_t {
        idle,
        awaiting_start,
        awaiting_tune,
        awaiting_open_ok,
        open,
        closing,  // our close was sent
        ended,
    };

    // Each handler gives true when it has put an event into `event_`.

    // connection_core.cpp: input, time, output, the end
    bool handle_frame(const FrameView& frame);
    bool fail_frame(FrameError error);
    bool fail_end_of_input();
    bool end(FailedReason reason, std::string text, std::uint16_t code = 0,
             std::string_view peer_text = {});
    bool violation(std::uint16_t code, std::string text);
    std::uint64_t output_bytes_made() const noexcept { return taken_bytes_ + output_.size(); }

    // connection_handshake.cpp: channel 0
    bool handle_connection_method(const FrameView& frame);
    bool handle_start(const ConnectionStart& start);
    bool send_start_ok();
    bool handle_tune(const ConnectionTune& tune);
    bool handle_open_ok();
    bool handle_close(const Close& close);

    // connection_channels.cpp: what comes on channels
    bool handle_channel_frame(const FrameView& frame);
    bool handle_closing_channel(ChannelNumber number, ChannelState& channel,
                                const FrameView& frame);
    bool handle_channel_method(ChannelNumber number, ChannelState& channel, const FrameView& frame);
    bool handle_reply(ChannelNumber number, ChannelState& channel, std::uint32_t method_id,
                      Reader& reader);
    bool handle_channel_close(ChannelNumber number, ChannelState& channel, Reader& reader);
    bool handle_consumer_cancel(ChannelNumber number, Reader& reader);
    bool handle_flow(ChannelNumber number, Reader& reader);
    bool handle_confirmation(ChannelNumber number, ChannelState& channel, Outcome outcome,
                             Reader& reader);
    template <typename Happened>
    bool emit(const Reader& reader, Happened event);

    // connection_content.cpp: deliveries and returns, which come in several frames
    void keep_heads();
    bool begin_content(ChannelNumber number, ChannelState& channel,
                       std::span<const std::byte> method);
    bool handle_content_header(ChannelNumber number, ChannelState& channel,
                               std::span<const std::byte> payload);
    bool handle_content_body(ChannelNumber number, ChannelState& channel,
                             std::span<const std::byte> payload);
    bool finish_content(ChannelNumber number, ChannelState& channel,
                        std::span<const std::byte> body);
    void forget_content(ChannelState& channel);

    // connection_commands.cpp: what goes out
    CommandResult<ChannelState*> usable_channel(ChannelNumber number) noexcept;
    template <typename Method>
    CommandResult<void> write_method(ChannelNumber channel, const Method& method);
    template <typename Method>
    CommandResult<void> send(ChannelNumber channel, const Method& method);
    template <typename Method>
    CommandResult<void> request(ChannelNumber channel, const Method& method);

    ConnectionOptions options_;
    Phase phase_ = Phase::idle;
    unsigned passwords_awaited_ = 0;  // updates without the broker's answer
    bool input_ended_ = false;
    bool event_due_ = false;  // `event_` was made outside of next_event
    std::uint32_t frame_bytes_max_ = frame_bytes_min;
    std::uint16_t channel_max_ = 0;
    std::chrono::seconds heartbeat_{0};

    InputBuffer input_;
    OutputBuffer output_;
    Event event_;
    std::string text_;       // what `Failed` says in our words
    std::string peer_text_;  // and in the broker's

    std::vector<ChannelState> channels_;         // channel 1 first
    std::vector<ChannelNumber> begun_contents_;  // whose heads may view the input
    BodyPool bodies_;
    Arena properties_arena_;
    Value server_properties_;

    TimePoint last_received_{};
    TimePoint next_heartbeat_{};
    TimePoint abort_at_{};                  // on the handshake, or on the response to our close
    std::uint64_t taken_bytes_ = 0;         // of all output so far
    std::uint64_t bytes_at_last_look_ = 0;  // made then: unchanged means silence
};

}  // namespace warren::amqp
