#include "endpoint/client/client_call.hpp"

#include "model/bind.hpp"
#include "model/render.hpp"
#include "model/secrets.hpp"
#include "model/validate.hpp"
#include "protocol/progress_value.hpp"

#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace warren::detail {
namespace {

/// How arguments whose contract is not known stand in the message.
model::ArgumentStyle style_of(const Value& arguments) {
    if (arguments.is_map()) {
        return model::ArgumentStyle::named;
    }
    return arguments.is_list() ? model::ArgumentStyle::positional : model::ArgumentStyle::bare;
}

/// Arguments by position and by name, as one map.
/// out  nullopt: they are no such
std::optional<Value> mixed(const Value& positions, const Value& named, Arena& arena) {
    if (!positions.is_list() || !named.is_map()) {
        return std::nullopt;
    }
    std::vector<Member> members;
    for (const Value& position : positions.as_list()) {
        members.push_back({Value::integer(static_cast<std::int64_t>(members.size())), position});
    }
    members.insert(members.end(), named.as_map().begin(), named.as_map().end());
    return Value::map(arena.copy(std::span<const Member>{members}));
}

Failure defect(std::string_view what, const std::exception& error) {
    return {.code = Code::internal, .message = std::string{what} + ": " + error.what()};
}

}  // namespace

/// There is one for each call whose parts come.
class CallCredit final : public PartsCredit, public std::enable_shared_from_this<CallCredit> {
public:
    CallCredit(runtime::ClientCalls& calls, PreparedCall& call) noexcept
        : calls_{&calls}, call_{&call}, window_bytes_{call.metadata.parts_window.value_or(0)} {}

    void done(std::size_t bytes) override {
        const std::lock_guard lock{mutex_};
        bytes_ += bytes;
        // Of many small parts not each is worth a turn of the I/O thread.
        if (call_ != nullptr && bytes_ - posted_bytes_ > window_bytes_ / 4) {
            posted_bytes_ = bytes_;
            calls_->executor().post([self = shared_from_this(), bytes_done = bytes_] {
                if (self->call_ != nullptr) {
                    self->calls_->give_credit(*self->call_, bytes_done);
                }
            });
        }
    }

    /// The call is over, and its client may be gone.          thread the I/O thread
    void close() noexcept {
        const std::lock_guard lock{mutex_};
        call_ = nullptr;
    }

private:
    runtime::ClientCalls* const calls_;
    std::mutex mutex_;
    PreparedCall* call_;  // changed on the I/O thread
    const std::uint64_t window_bytes_;
    std::uint64_t bytes_ = 0;
    std::uint64_t posted_bytes_ = 0;
};

void* sink_memory(PreparedCall& call, std::size_t size_bytes, std::size_t alignment) {
    return call.sink_memory(size_bytes, alignment);
}

void PreparedCall::prepare(const ErasedCall& call, const Value& named, const format::Keyring& keys,
                           model::SecretDepth depth, std::int64_t unix_seconds, Caller caller) {
    response_ = call.response;
    part_ = call.part;
    wants_response = call.wants_response;
    keys_ = keys;
    try {
        method = caller == Caller::waits ? call.method : arena_.copy(call.method);
        render(call, named, depth, unix_seconds, caller);
    } catch (const std::exception& error) {
        refuse(defect("Not sent: the request cannot be written", error));
    }
}

void PreparedCall::refuse(Failure failure) {
    refused = std::move(failure);
}

void PreparedCall::describe(const CallOptions& options, const Context* of, std::string_view print) {
    // Of a call that is used again it says nothing yet, and mostly there is nothing to be said.
    if (part_ != nullptr) {
        metadata.parts_window = options.parts_window;
    }
    if (&options == &CallOptions::none() && of == nullptr && print.empty()) [[likely]] {
        return;
    }
    metadata.idempotency_key = options.idempotency_key;
    metadata.traceparent = options.traceparent;
    metadata.tracestate = options.tracestate;
    metadata.baggage = options.baggage;
    metadata.contract = options.contract;
    metadata.priority = options.priority;
    if (of != nullptr) {
        if (metadata.traceparent.empty()) {
            metadata.traceparent = of->traceparent;
            metadata.tracestate =
                metadata.tracestate.empty() ? of->tracestate : metadata.tracestate;
        }
        metadata.baggage = metadata.baggage.empty() ? of->baggage : metadata.baggage;
        metadata.priority = metadata.priority ? metadata.priority : of->priority;
    }
    if (metadata.contract.empty()) {
        metadata.contract = print;
    }
    metadata.takes_progress = options.on_progress != nullptr;
    metadata.heartbeat = options.heartbeat;
    protocol::keep_texts(metadata, arena_);
    on_progress_ = options.on_progress;
    on_attempt_ = options.on_attempt;
}

void PreparedCall::recycle() noexcept {
    constexpr std::size_t kept_bytes_max = std::size_t{16} << 10;
    stop_callback_.reset();
    other_stop_callback_.reset();
    destroy_sink();
    sink = nullptr;
    intercepted.reset();
    log.reset();
    stop = {};
    is_nested = false;
    on_progress_ = nullptr;
    on_attempt_ = nullptr;
    credit_.reset();
    keys_ = {};
    if (arena_.capacity_bytes() > kept_bytes_max) {
        arena_ = {};
    }
    arena_.reset();
    begin_anew();
}

void* PreparedCall::sink_memory(std::size_t size_bytes, std::size_t alignment) {
    if (alignment <= alignof(std::max_align_t)) {
        return arena_.allocate(size_bytes, alignment);
    }
    std::size_t space = size_bytes + alignment;
    void* memory = arena_.allocate(space, alignof(std::max_align_t));
    return std::align(alignment, size_bytes, memory, space);
}

void PreparedCall::destroy_sink() noexcept {
    if (CallSink* const owned = std::exchange(owned_sink_, nullptr)) {
        owned->~CallSink();
    }
}

void PreparedCall::render(const ErasedCall& call, const Value& named, model::SecretDepth depth,
                          std::int64_t unix_seconds, Caller caller) {
    const bool typed = call.request->kind != Type::Kind::dynamic;
    if (auto errors = model::validate(*call.request, call.arguments); !errors.empty()) {
        return refuse({.code = Code::invalid_request,
                       .message = "Not sent: the request breaks the contract",
                       .errors = std::move(errors)});
    }
    Value value = model::render(*call.request, call.arguments, arena_);
    const bool is_mixed = !named.is_null();
    if (is_mixed) [[unlikely]] {
        const auto both = typed ? std::nullopt : mixed(value, named, arena_);
        if (!both) {
            return refuse({.code = Code::invalid_request,
                           .message = "Not sent: CallOptions::named is a map, and goes with a list "
                                      "of arguments and without a contract"});
        }
        value = *both;
    }
    if (!keys_.empty()) {
        const auto tokens = typed ? model::Tokens::encrypt_again : model::Tokens::keep;
        const auto encrypted =
            model::encrypt(*call.request, value, keys_, unix_seconds, tokens, arena_, depth);
        if (!encrypted) {
            return refuse(
                {.code = Code::internal,
                 .message = "Not sent: " + std::string{format::message_of(encrypted.error())}});
        }
        value = *encrypted;
    }
    if (is_mixed) [[unlikely]] {
        style = model::ArgumentStyle::mixed;
    } else if (!typed) {
        style = style_of(value);
    } else if (call.request->kind != Type::Kind::model) {
        style = model::ArgumentStyle::bare;
    }
    arguments = caller == Caller::waits ? value : arena_.copy(value);
}

void PreparedCall::watch(runtime::ClientCalls& calls, std::stop_token other) {
    calls_ = &calls;
    const Cancel cancel{&calls, this};
    may_be_cancelled = stop.stop_possible() || other.stop_possible();
    if (stop.stop_possible()) {
        stop_callback_.emplace(std::move(stop), cancel);
    }
    if (other.stop_possible()) {
        other_stop_callback_.emplace(std::move(other), cancel);
    }
}

std::vector<FieldError> PreparedCall::bind_response(const protocol::Response& response) {
    return bind(*response_, response.data, sink->response());
}

std::vector<FieldError> PreparedCall::bind(const Type& type, const std::optional<Value>& given,
                                           void* into) {
    Value data = given.value_or(Value{});
    if (!keys_.empty()) {
        auto opened = model::decrypt_response(type, data, keys_, arena_);
        if (!opened) {
            return std::move(opened.error());
        }
        data = *opened;
    }
    return model::bind(type, data, into);
}

void PreparedCall::part(const protocol::Response& part, std::size_t bytes) noexcept {
    try {
        take_part(part, bytes);
    } catch (const std::exception& error) {
        calls_->abort(*this, defect("What came before the response cannot be taken", error));
    }
}

void PreparedCall::take_part(const protocol::Response& part, std::size_t bytes) {
    if (part.kind == protocol::ResponseKind::progress) {
        on_progress_(protocol::read_progress(part.data.value_or(Value{})));
        return;
    }
    if (auto errors = bind(*part_, part.data, sink->part()); !errors.empty()) {
        return calls_->abort(*this,
                             {.code = Code::contract_mismatch,
                              .message = "A part of the reply of '" + std::string{method} +
                                         "' breaks the contract; the call may have been handled",
                              .errors = std::move(errors)});
    }
    if (credit_ == nullptr) {
        credit_ = std::make_shared<CallCredit>(*calls_, *this);
    }
    sink->part_bound(bytes, credit_);
}

void PreparedCall::succeeded(const protocol::Response& response) noexcept {
    is_replayed_ = response.is_replayed;
    if (part_ != nullptr && part_->kind != Type::Kind::dynamic && !response.number) [[unlikely]] {
        return fail({.code = Code::contract_mismatch,
                     .message = "Handled, but without parts: the server of '" +
                                std::string{method} +
                                "' does not send any, or does not hear when there is room for "
                                "more (control_route)"});
    }
    try {
        if (auto errors = bind_response(response); !errors.empty()) [[unlikely]] {
            return fail(
                {.code = Code::contract_mismatch,
                 .message = "The reply of '" + std::string{method} + "' breaks the contract",
                 .errors = std::move(errors)});
        }
    } catch (const std::exception& error) {
        return fail(defect("The reply cannot be read", error));
    }
    finish(response.message, true, nullptr);
}

void PreparedCall::fail(Failure failure) noexcept {
    finish({}, false, &failure);
}

void PreparedCall::failed(Failure failure) noexcept {
    is_replayed_ = failure.is_replayed;
    bool has_response = false;
    if (failure.code == Code::failed && !failure.data->is_null()) {
        try {
            has_response = bind_response({.data = failure.data.value()}).empty();
        } catch (const std::exception&) {
            // The data stays in the failure; it is no response.
        }
    }
    finish({}, has_response, &failure);
}

void PreparedCall::retried(const Failure& why) noexcept {
    if (on_attempt_) {
        tell_of({.number = attempt(), .failure = why.code, .is_last = false});
    }
}

void PreparedCall::tell_of(const CallAttempt& attempt) noexcept {
    try {
        on_attempt_(attempt);
    } catch (const std::exception& error) {
        if (log != nullptr) {
            log->error(std::string{"What hears of a call's attempts threw: "} + error.what());
        }
    }
}

void PreparedCall::finish(std::string_view message, bool has_response, Failure* failure) noexcept {
    // From here on nobody gives this call up any more.
    stop_callback_.reset();
    other_stop_callback_.reset();
    if (credit_ != nullptr) {
        credit_->close();
    }
    if (on_attempt_) [[unlikely]] {
        tell_of({.number = attempt(),
                 .failure = failure != nullptr ? std::optional{failure->code} : std::nullopt,
                 .is_replayed = is_replayed_});
    }
    const PreparedCallPointer self{this};
    if (intercepted != nullptr) [[unlikely]] {
        intercepted->end(failure != nullptr ? std::optional{failure->code} : std::nullopt,
                         failure != nullptr ? failure->message : message);
    }
    if (failure != nullptr) {
        failure->of_nested_call = is_nested;
    }
    try {
        sink->finished(message, has_response, failure);
    } catch (const std::exception& error) {
        if (log != nullptr) {
            log->error(std::string{"The completion of a call threw: "} + error.what());
        }
    }
}

}  // namespace warren::detail
