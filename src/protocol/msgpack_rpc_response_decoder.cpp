#include "protocol/msgpack_rpc_response_decoder.hpp"

#include "core/utf8.hpp"
#include "format/msgpack/msgpack_skip.hpp"
#include "protocol/reply_limits.hpp"

#include <optional>
#include <string>
#include <utility>

namespace warren::protocol {
namespace {

using State = StreamStep::State;

/// What a client answers to a request: seen again, it comes from a peer that is an echo.
constexpr std::string_view client_has_no_methods = "This is a client, which has no methods";

class MsgpackRpcResponseDecoder final : public StreamResponseDecoder {
public:
    MsgpackRpcResponseDecoder(const MsgpackRpcOptions& options, const core::Limits& limits)
        : signer_{options.signer},
          whole_messages_{options.whole_messages},
          limits_{limits},
          decoder_{limits} {}

    StreamStep next(std::span<const std::byte> input, std::int64_t, Arena& arena) override {
        if (!skip_.is_over()) [[unlikely]] {
            return {.state = State::skipped, .size_bytes = skip_.resume(input)};
        }
        RpcStep step = decoder_.next(input, arena);
        if (step.state == RpcStep::State::need_more) [[unlikely]] {
            if (!whole_messages_) {
                return {.wanted_bytes = decoder_.bytes_wanted()};
            }
            step = decoder_.cut_short(input);
        }
        over_limit_.reset();
        if (step.state == RpcStep::State::broken) [[unlikely]] {
            return broken(step, input);
        }
        is_spoken_ = true;
        is_response_ = decoder_.message().kind == RpcKind::response;
        refusal_.clear();
        is_refused_ = step.state == RpcStep::State::refused;
        if (is_refused_ || decoder_.message().kind == RpcKind::request) [[unlikely]] {
            refuse();
        }
        bytes_ = input.first(step.size_bytes);
        return {.state = State::complete, .size_bytes = step.size_bytes};
    }

    std::uint32_t id() const noexcept override { return is_response_ ? decoder_.message().id : 0; }
    std::string_view refusal() const noexcept override { return refusal_; }

    std::expected<Response, Failure> response(const StreamTicket& ticket) override {
        std::expected<Response, Failure> response = rpc_response(decoder_.message());
        if (!response || over_limit_ || is_refused_ || signer_ != nullptr) [[unlikely]] {
            judge(response, ticket);
        }
        return response;
    }

    const Failure& failure() const noexcept override { return failure_; }

private:
    [[gnu::noinline]] void judge(std::expected<Response, Failure>& response,
                                 const StreamTicket& ticket) const {
        if (auto fault = fault_of_last(ticket)) {
            response = std::unexpected{std::move(*fault)};
        } else if (!response && response.error().message == client_has_no_methods) {
            response = std::unexpected{not_spoken("it sends back what it is sent")};
        }
    }

    /// Why the last step's message is no response to believe in; nullopt: it is one.
    std::optional<Failure> fault_of_last(const StreamTicket& ticket) const {
        if (over_limit_) {
            return over_limit_;
        }
        if (signer_ != nullptr) {
            if (auto trusted = signer_->verify_response(bytes_, ticket); !trusted) {
                return with_claim(std::move(trusted.error()));
            }
        }
        if (is_refused_) {
            return unreadable("answer", decoder_.failure().errors.front().message);
        }
        return std::nullopt;
    }

    [[gnu::cold, gnu::noinline]] void refuse() {
        if (decoder_.message().kind == RpcKind::request) {
            rpc_encode_response(decoder_.message().id,
                                {.failure = Code::no_such_method, .message = client_has_no_methods},
                                refusal_);
        }
        if (is_refused_ && is_response_) {
            // As of one that is compressed.
            over_limit_ = reply_over_limit(decoder_.failure().errors.front().type, limits_);
        }
    }

    [[gnu::cold, gnu::noinline]] StreamStep broken(const RpcStep& step,
                                                   std::span<const std::byte> input) {
        const FieldError& why = decoder_.failure().errors.front();
        if (step.has_id && decoder_.message().kind == RpcKind::response) {
            over_limit_ = reply_over_limit(why.type, limits_);
        }
        if (over_limit_) {
            return begin_skipping(input);
        }
        return whole_messages_ ? broken_message(step, input) : broken(why.message);
    }

    /// A response that is not taken is passed over; those that follow are none the worse for it.
    StreamStep begin_skipping(std::span<const std::byte> input) {
        is_spoken_ = true;
        is_response_ = true;
        refusal_.clear();
        decoder_.begin_anew();
        skip_ = {};
        std::size_t size_bytes = skip_.resume(input);
        if (whole_messages_) {
            size_bytes = input.size();
            skip_ = format::MsgpackSkip::nothing();
        }
        return {.state = State::complete, .size_bytes = size_bytes};
    }

    /// What a response says that is not believed may still help to find out what is wrong.
    Failure with_claim(Failure failure) const {
        if (const auto claimed = rpc_response(decoder_.message()); !is_refused_ && !claimed) {
            failure.peer_text =
                core::text_for_display(to_string(claimed.error()), limits_.peer_text_bytes_max);
        }
        return failure;
    }

    /// Of messages one that cannot be read is a response, if its beginning says to what, or is
    /// passed over.
    StreamStep broken_message(const RpcStep& step, std::span<const std::byte> input) {
        decoder_.begin_anew();
        const std::string& why = decoder_.failure().errors.front().message;
        if (step.has_id && decoder_.message().kind == RpcKind::response) {
            is_spoken_ = true;
            is_response_ = true;
            is_refused_ = true;
            refusal_.clear();
            bytes_ = input;
            return {.state = State::complete, .size_bytes = input.size()};
        }
        failure_ = is_spoken_ ? unreadable("answer", why) : not_spoken(why);
        return {.state = State::unreadable, .size_bytes = input.size()};
    }

    StreamStep broken(std::string_view why) {
        failure_ = is_spoken_ ? unreadable("answers", why) : not_spoken(why);
        return {.state = State::broken};
    }

    static Failure not_spoken(std::string_view why) {
        return {.code = Code::contract_mismatch,
                .message = "What answers there does not speak MessagePack-RPC (" +
                           std::string{why} + "); check port, scheme and protocol"};
    }

    static Failure unreadable(std::string_view what, std::string_view why) {
        return {.code = Code::internal,
                .message =
                    "The server's " + std::string{what} + " cannot be read: " + std::string{why}};
    }

    std::shared_ptr<const MessageSigner> signer_;
    bool whole_messages_;
    core::Limits limits_;
    MsgpackRpcDecoder decoder_;
    std::span<const std::byte> bytes_;  // of the last step's message
    bool is_spoken_ = false;            // a message was read, whatever it says
    bool is_response_ = false;
    bool is_refused_ = false;
    std::string refusal_;
    std::optional<Failure> over_limit_;  // of the last step's message
    format::MsgpackSkip skip_ = format::MsgpackSkip::nothing();
    Failure failure_;
};

}  // namespace

std::unique_ptr<StreamResponseDecoder> make_msgpack_rpc_response_decoder(
    const MsgpackRpcOptions& options, const core::Limits& limits) {
    return std::make_unique<MsgpackRpcResponseDecoder>(options, limits);
}

}  // namespace warren::protocol
