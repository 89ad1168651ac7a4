#include "protocol/identified_protocol.hpp"

#include <utility>

namespace warren::protocol {
namespace {

constexpr std::size_t id_bytes = 4;

class IdentifiedResponseDecoder final : public StreamResponseDecoder {
public:
    explicit IdentifiedResponseDecoder(std::unique_ptr<StreamResponseDecoder> inner)
        : inner_{std::move(inner)} {}

    StreamStep next(std::span<const std::byte> input, std::int64_t unix_ms, Arena& arena) override {
        is_short_ = input.size() < id_bytes;
        if (is_short_) {
            return {.state = StreamStep::State::broken};
        }
        StreamStep step = inner_->next(input.subspan(id_bytes), unix_ms, arena);
        step.size_bytes += id_bytes;
        step.wanted_bytes += id_bytes;
        return step;
    }
    std::uint32_t id() const noexcept override { return inner_->id(); }
    std::expected<Response, Failure> response(const StreamTicket& ticket) override {
        return inner_->response(ticket);
    }
    const Failure& failure() const noexcept override {
        return is_short_ ? no_id_ : inner_->failure();
    }

private:
    const std::unique_ptr<StreamResponseDecoder> inner_;
    const Failure no_id_{.code = Code::internal,
                         .message = "an answer does not say which call it is for"};
    bool is_short_ = false;
};

class IdentifiedProtocol final : public StreamProtocol {
public:
    explicit IdentifiedProtocol(std::unique_ptr<StreamProtocol> inner) : inner_{std::move(inner)} {}

    std::string_view name() const noexcept override { return inner_->name(); }
    ResponseOrder response_order() const noexcept override { return inner_->response_order(); }
    std::unique_ptr<StreamCallDecoder> make_call_decoder() override {
        return inner_->make_call_decoder();
    }
    std::string encode_response(const StreamTicket& ticket, const Response& response,
                                std::int64_t unix_ms, std::string& out) const override {
        return inner_->encode_response(ticket, response, unix_ms, out);
    }
    std::string_view probe_method() const noexcept override { return inner_->probe_method(); }
    std::unique_ptr<StreamResponseDecoder> make_response_decoder() const override {
        return std::make_unique<IdentifiedResponseDecoder>(inner_->make_response_decoder());
    }
    std::expected<void, Failure> encode_call(const Call& call, StreamTicket& ticket,
                                             std::int64_t unix_ms,
                                             std::string& out) const override {
        const std::size_t start = out.size();
        for (int shift = 24; shift >= 0; shift -= 8) {
            out += static_cast<char>(ticket.id >> shift);
        }
        auto written = inner_->encode_call(call, ticket, unix_ms, out);
        if (!written) {
            out.resize(start);
        }
        return written;
    }

private:
    const std::unique_ptr<StreamProtocol> inner_;
};

}  // namespace

std::unique_ptr<StreamProtocol> make_identified_protocol(std::unique_ptr<StreamProtocol> inner) {
    return std::make_unique<IdentifiedProtocol>(std::move(inner));
}

}  // namespace warren::protocol
