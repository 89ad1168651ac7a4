#include "endpoint/protocols/descriptor.hpp"
#include "format/json/json.hpp"
#include "protocol/failure_value.hpp"
#include "protocol/field_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

/// A protocol of lines, for tests. Numbers are eight hexadecimal digits; a time of 0 is none, and
/// an id of 0 wants no response.
///
///     request   ID MILLISECONDS [method, "named" | "positional" | "bare", arguments]
///     answer    ID [failure or null, message, data]
namespace warren::protocol {
namespace {

constexpr std::size_t number_bytes = 9;  // with the blank behind it
constexpr std::array<std::string_view, 3> styles{"named", "positional", "bare"};

std::uint32_t take_number(std::string_view& line) {
    std::uint32_t number = 0;
    std::from_chars(line.data(), line.data() + std::min(line.size(), number_bytes), number, 16);
    line.remove_prefix(std::min(line.size(), number_bytes));
    return number;
}

/// The line that `input` starts with; one that is too long is broken, and all of `input`.
StreamStep step_of(std::span<const std::byte> input, std::size_t bytes_max,
                   std::string_view& line) {
    const std::string_view text = text_of(input);
    line = text.substr(0, text.find('\n'));
    if (line.size() > bytes_max) {
        return {.state = StreamStep::State::broken};
    }
    return line.size() == text.size()
               ? StreamStep{.wanted_bytes = text.size() + 1}
               : StreamStep{.state = StreamStep::State::complete, .size_bytes = line.size() + 1};
}

Failure no_message(const core::Limits& limits) {
    return refused_request(
        fmt::format("The line is no message, or has more than {} bytes", limits.body_bytes_max),
        "toy_line");
}

/// The items of the list that a line ends with; as many as it must have.
std::optional<std::array<Value, 3>> read_items(std::string_view line, Arena& arena,
                                               const core::Limits& limits) {
    const auto list = format::json_decode(
        line, arena,
        {.depth_max = limits.nesting_depth_max + 1, .value_count_max = limits.value_count_max});
    if (!list || !list->is_list() || list->as_list().size() != 3) {
        return std::nullopt;
    }
    const auto items = list->as_list();
    return std::array{items[0], items[1], items[2]};
}

class CallDecoder final : public StreamCallDecoder {
public:
    explicit CallDecoder(const core::Limits& limits) : limits_{limits} {}

    StreamStep next(std::span<const std::byte> input, std::int64_t, Arena& arena) override {
        std::string_view line;
        const StreamStep step = step_of(input, limits_.body_bytes_max, line);
        ticket = {.id = take_number(line)};
        ticket.wants_response = ticket.id != 0;
        const std::uint32_t left_ms = take_number(line);
        call = std::unexpected{no_message(limits_)};
        const auto items = step.state == StreamStep::State::complete
                               ? read_items(arena.copy(line), arena, limits_)
                               : std::nullopt;
        if (items && (*items)[0].is_text() && (*items)[1].is_text()) {
            const auto style = std::ranges::find(styles, (*items)[1].as_text()) - styles.begin();
            call = Call{.method = (*items)[0].as_text(),
                        .style = static_cast<model::ArgumentStyle>(style),
                        .arguments = (*items)[2]};
            if (left_ms != 0) {
                call->metadata.time_left = std::chrono::milliseconds{left_ms};
            }
        }
        return step;
    }

private:
    core::Limits limits_;
};

class ResponseDecoder final : public StreamResponseDecoder {
public:
    explicit ResponseDecoder(const core::Limits& limits) : limits_{limits} {}

    StreamStep next(std::span<const std::byte> input, std::int64_t, Arena& arena) override {
        std::string_view line;
        const StreamStep step = step_of(input, std::numeric_limits<std::size_t>::max(), line);
        id_ = take_number(line);
        response_ = std::unexpected{no_message(limits_)};
        const auto items = step.state == StreamStep::State::complete
                               ? read_items(arena.copy(line), arena, limits_)
                               : std::nullopt;
        if (!items || !(*items)[1].is_text()) {
            return step;
        }
        if (auto failure = read_failure((*items)[0])) {
            failure->data = Dynamic{(*items)[2]};
            response_ = std::unexpected{std::move(*failure)};
        } else {
            response_ = Response{.message = (*items)[1].as_text(), .data = (*items)[2]};
        }
        return step;
    }
    std::uint32_t id() const noexcept override { return id_; }
    std::expected<Response, Failure> response(const StreamTicket&) override { return response_; }
    const Failure& failure() const noexcept override { return response_.error(); }

private:
    core::Limits limits_;
    std::uint32_t id_ = 0;
    std::expected<Response, Failure> response_{};
};

class ToyProtocol final : public StreamProtocol {
public:
    explicit ToyProtocol(const core::Limits& limits) : limits_{limits} {}

    std::string_view name() const noexcept override { return "toy"; }
    ResponseOrder response_order() const noexcept override { return ResponseOrder::any; }

    std::unique_ptr<StreamCallDecoder> make_call_decoder() override {
        return std::make_unique<CallDecoder>(limits_);
    }
    std::string encode_response(const StreamTicket& ticket, const Response& response, std::int64_t,
                                std::string& out) const override {
        Arena arena;
        const Value failure = response.failure ? failure_value(response, arena) : Value{};
        const std::array items{failure, Value::text(response.message),
                               response.data.value_or(Value{})};
        return !ticket.wants_response || write(fmt::format("{:08x} ", ticket.id), items, out)
                   ? std::string{}
                   : encode_response(ticket, {.failure = Code::internal}, 0, out) + "no JSON";
    }

    std::unique_ptr<StreamResponseDecoder> make_response_decoder() const override {
        return std::make_unique<ResponseDecoder>(limits_);
    }
    std::expected<void, Failure> encode_call(const Call& call, StreamTicket& ticket, std::int64_t,
                                             std::string& out) const override {
        if (auto refused = refuse_mixed(call)) {
            return std::unexpected{std::move(*refused)};
        }
        ticket.id = ticket.wants_response ? ticket.id : 0;
        const auto left = call.metadata.time_left.value_or(std::chrono::milliseconds{0}).count();
        const std::array items{Value::text(call.method),
                               Value::text(styles.at(static_cast<std::size_t>(call.style))),
                               call.arguments};
        return write(
                   fmt::format("{:08x} {:08x} ", ticket.id, std::min<std::int64_t>(left, 1 << 30)),
                   items, out)
                   ? std::expected<void, Failure>{}
                   : std::unexpected{refused_request("The arguments have no form in JSON", "json")};
    }

private:
    static bool write(const std::string& head, std::span<const Value> items, std::string& out) {
        const std::size_t start = out.size();
        out += head;
        if (!format::json_encode(Value::list(items), out)) {
            out.resize(start);
            return false;
        }
        out += '\n';
        return true;
    }

    core::Limits limits_;
};

}  // namespace
}  // namespace warren::protocol

namespace warren::endpoint {

extern constinit const ProtocolDescriptor toy{
    .name = "toy",
    .over_streams = true,
    .metadata = {.time_left = true},
    .make_stream = [](const StreamProtocolOptions&,
                      const core::Limits& limits) -> std::unique_ptr<protocol::StreamProtocol> {
        return std::make_unique<protocol::ToyProtocol>(limits);
    },
    .scheme = "toy",
    .secured_scheme = "toys",
};

}  // namespace warren::endpoint
