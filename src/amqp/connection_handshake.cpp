#include "amqp/connection_core.hpp"
#include "amqp/connection_detail.hpp"
#include "amqp/field_table.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

// Channel 0.                                                               [AMQP 0-9-1 2.2.4]
//
//     us                              broker
//     protocol header          ->
//                              <-     connection.start
//     connection.start-ok      ->                                   (credentials)
//                              <-     connection.tune
//     connection.tune-ok       ->
//     connection.open          ->                                   (vhost)
//                              <-     connection.open-ok

namespace warren::amqp {

namespace {

constexpr std::string_view mechanism_plain = "PLAIN";
constexpr std::string_view mechanism_external = "EXTERNAL";

bool offers(std::string_view mechanisms, std::string_view wanted) noexcept {
    while (!mechanisms.empty()) {
        const std::size_t end = std::min(mechanisms.find(' '), mechanisms.size());
        if (mechanisms.substr(0, end) == wanted) {
            return true;
        }
        mechanisms.remove_prefix(std::min(end + 1, mechanisms.size()));
    }
    return false;
}

/// The lower of two proposals, where 0 means no limit.
template <typename Number>
Number lower_limit(Number ours, Number theirs) noexcept {
    if (ours == 0 || theirs == 0) {
        return std::max(ours, theirs);
    }
    return std::min(ours, theirs);
}

// What we can take; without the first one a refused login is a closed socket, and nothing more.
constexpr std::array capability_names{
    std::string_view{"authentication_failure_close"}, std::string_view{"basic.nack"},
    std::string_view{"connection.blocked"},           std::string_view{"consumer_cancel_notify"},
    std::string_view{"exchange_exchange_bindings"},   std::string_view{"publisher_confirms"},
};

std::array<Member, capability_names.size()> capability_members() noexcept {
    std::array<Member, capability_names.size()> members;
    std::ranges::transform(capability_names, members.begin(), [](std::string_view name) {
        return Member{Value::text(name), Value::boolean(true)};
    });
    return members;
}

/// in   capabilities: viewed by the result
std::vector<Member> client_properties(const ConnectionOptions& options,
                                      std::span<const Member> capabilities) {
    std::vector<Member> members{
        {Value::text("product"), Value::text(options.product)},
        {Value::text("platform"), Value::text("C++")},
        {Value::text("capabilities"), Value::map(capabilities)},
    };
    if (!options.version.empty()) {
        members.push_back({Value::text("version"), Value::text(options.version)});
    }
    if (!options.connection_name.empty()) {
        members.push_back({Value::text("connection_name"), Value::text(options.connection_name)});
    }
    if (options.client_properties->is_map()) {
        const std::size_t own_count = members.size();
        for (const Member& extra : options.client_properties->as_map()) {
            const auto own = std::span{members}.first(own_count);
            if (std::ranges::none_of(own, [&](const Member& m) { return m.key == extra.key; })) {
                members.push_back(extra);
            }
        }
    }
    return members;
}

}  // namespace

bool ConnectionCore::handle_connection_method(const FrameView& frame) {
    if (frame.type != FrameType::method) {
        return violation(reply_code::unexpected_frame, "content on channel 0");
    }
    Reader reader{frame.payload};
    const std::uint32_t method_id = reader.u32();
    const auto in_phase = [&](Phase phase) { return phase_ == phase; };

    if (method_id == ConnectionClose::id) {
        const Close close = read_close(reader);
        return reader.failed() ? violation(reply_code::syntax_error, "malformed connection.close")
                               : handle_close(close);
    }
    if (in_phase(Phase::closing)) {
        if (method_id != ConnectionCloseOk::id) {
            return false;
        }
        phase_ = Phase::ended;
        event_ = ConnectionClosed{.by = ClosedBy::client, .code = reply_code::reply_success};
        return true;
    }
    if (method_id == ConnectionStart::id && in_phase(Phase::awaiting_start)) {
        const ConnectionStart start = read_connection_start(reader);
        return reader.failed() ? violation(reply_code::syntax_error, "malformed connection.start")
                               : handle_start(start);
    }
    if (method_id == ConnectionTune::id && in_phase(Phase::awaiting_tune)) {
        const ConnectionTune tune = read_connection_tune(reader);
        return reader.failed() ? violation(reply_code::syntax_error, "malformed connection.tune")
                               : handle_tune(tune);
    }
    if (method_id == ConnectionOpenOk::id && in_phase(Phase::awaiting_open_ok)) {
        return handle_open_ok();
    }
    if (method_id == ConnectionSecure::id && in_phase(Phase::awaiting_tune)) {
        return violation(reply_code::not_implemented,
                         "PLAIN and EXTERNAL need no second challenge");
    }
    if (method_id == ConnectionBlocked::id && in_phase(Phase::open)) {
        return emit(reader, Blocked{read_connection_blocked(reader).reason});
    }
    if (method_id == ConnectionUnblocked::id && in_phase(Phase::open)) {
        return emit(reader, Unblocked{});
    }
    if (method_id == ConnectionUpdateSecretOk::id && in_phase(Phase::open) &&
        passwords_awaited_ != 0) {
        --passwords_awaited_;
        return false;
    }
    return violation(reply_code::command_invalid, "unexpected method on channel 0");
}

bool ConnectionCore::handle_start(const ConnectionStart& start) {
    if (start.version_major != 0 || start.version_minor != 9) {
        return end(FailedReason::version_not_supported, "the broker does not speak AMQP 0-9-1");
    }
    const bool plain = std::holds_alternative<PlainLogin>(options_.login);
    if (!offers(start.mechanisms, plain ? mechanism_plain : mechanism_external)) {
        return end(FailedReason::mechanism_not_offered,
                   plain ? "the broker does not offer the SASL mechanism PLAIN"
                         : "the broker does not offer the SASL mechanism EXTERNAL",
                   0, start.mechanisms);
    }
    // The properties outlive the input that they came in.
    const auto table = properties_arena_.copy(start.server_properties);
    const auto properties = decode_table(table, properties_arena_, options_.table_limits);
    if (!properties) {
        return violation(reply_code::syntax_error,
                         "server-properties: " + std::string{name_of(properties.error())});
    }
    server_properties_ = *properties;
    return send_start_ok();
}

bool ConnectionCore::send_start_ok() {
    ConnectionStartOk start_ok{.mechanism = mechanism_external};
    std::string response;
    if (const auto* plain = std::get_if<PlainLogin>(&options_.login)) {
        start_ok.mechanism = mechanism_plain;
        response.append(1, '\0').append(plain->user).append(1, '\0').append(plain->password);
        start_ok.response = response;
    }
    const auto capabilities = capability_members();
    const std::vector<Member> properties = client_properties(options_, capabilities);
    start_ok.client_properties = Value::map(properties);
    if (!write_method(0, start_ok)) {
        return end(FailedReason::invalid_options,
                   "credentials and client properties do not fit into a frame of 4096 bytes");
    }
    phase_ = Phase::awaiting_tune;
    return false;
}

bool ConnectionCore::handle_tune(const ConnectionTune& tune) {
    if (tune.frame_max != 0 && tune.frame_max < frame_bytes_min) {
        return end(FailedReason::frame_max_too_small,
                   "the broker proposed a frame_max of " + std::to_string(tune.frame_max));
    }
    const std::uint16_t channel_max = lower_limit(options_.channel_max, tune.channel_max);
    const auto heartbeat_s = static_cast<std::uint16_t>(
        std::clamp<std::int64_t>(options_.heartbeat.count(), 0, UINT16_MAX));
    // Who wants no heartbeats gets none; a broker without a wish gets ours.
    heartbeat_ =
        std::chrono::seconds{heartbeat_s == 0 ? 0 : lower_limit(heartbeat_s, tune.heartbeat)};
    channel_max_ = channel_max == 0 ? UINT16_MAX : channel_max;
    frame_bytes_max_ = lower_limit(options_.frame_bytes_max, tune.frame_max);
    next_heartbeat_ = last_received_;

    const ConnectionTuneOk tune_ok{.channel_max = channel_max_,
                                   .frame_max = frame_bytes_max_,
                                   .heartbeat = static_cast<std::uint16_t>(heartbeat_.count())};
    // Both fit: `start` has checked the vhost.
    (void)write_method(0, tune_ok);
    (void)write_method(0, ConnectionOpen{.virtual_host = options_.vhost});
    phase_ = Phase::awaiting_open_ok;
    return false;
}

bool ConnectionCore::handle_open_ok() {
    phase_ = Phase::open;
    event_ = Connected{.frame_bytes_max = frame_bytes_max_,
                       .channel_max = channel_max_,
                       .heartbeat = heartbeat_,
                       .server_properties = server_properties_};
    return true;
}

bool ConnectionCore::handle_close(const Close& close) {
    const Phase phase = phase_;
    (void)write_method(0, ConnectionCloseOk{});
    if (phase == Phase::awaiting_tune && close.reply_code == reply_code::access_refused) {
        return end(FailedReason::access_refused, "the broker refused user or password",
                   close.reply_code, close.reply_text);
    }
    if (phase == Phase::awaiting_open_ok && (close.reply_code == reply_code::not_allowed ||
                                             close.reply_code == reply_code::invalid_path ||
                                             close.reply_code == reply_code::access_refused)) {
        return end(FailedReason::vhost_refused, "the broker refused the vhost", close.reply_code,
                   close.reply_text);
    }
    phase_ = Phase::ended;
    event_ = ConnectionClosed{.by = ClosedBy::server,
                              .code = close.reply_code,
                              .text = close.reply_text,
                              .class_id = close.class_id,
                              .method_id = close.method_id};
    return true;
}

}  // namespace warren::amqp
