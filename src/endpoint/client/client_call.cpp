#include "endpoint/client/client_call.hpp"

#include "model/bind.hpp"
#include "model/render.hpp"
#include "model/secrets.hpp"
#include "model/validate.hpp"

#include <exception>
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

void* sink_memory(PreparedCall& call, std::size_t size_bytes, std::size_t alignment) {
    return call.sink_memory(size_bytes, alignment);
}

void PreparedCall::prepare(const ErasedCall& call, const Value& named, const format::Keyring& keys,
                           model::SecretDepth depth, std::int64_t unix_seconds, Caller caller) {
    response_ = call.response;
    wants_response = call.wants_response;
    keys_ = keys;
    try {
        method = caller == Caller::waits ? call.method : arena_.copy(call.method);
        render(call, named, depth, unix_seconds, caller);
    } catch (const std::exception& error) {
        refused = defect("Not sent: the request cannot be written", error);
    }
}

void PreparedCall::describe(const CallOptions& options, const Context* of) {
    protocol::Metadata said{.idempotency_key = options.idempotency_key,
                            .traceparent = options.traceparent,
                            .tracestate = options.tracestate,
                            .baggage = options.baggage,
                            .contract = options.contract,
                            .priority = options.priority};
    if (of != nullptr) {
        if (said.traceparent.empty()) {
            said.traceparent = of->traceparent;
            said.tracestate = said.tracestate.empty() ? of->tracestate : said.tracestate;
        }
        said.baggage = said.baggage.empty() ? of->baggage : said.baggage;
        said.priority = said.priority ? said.priority : of->priority;
    }
    metadata = protocol::copy(said, arena_);
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
        refused = Failure{.code = Code::invalid_request,
                          .message = "Not sent: the request breaks the contract",
                          .errors = std::move(errors)};
        return;
    }
    Value value = model::render(*call.request, call.arguments, arena_);
    const bool is_mixed = !named.is_null();
    if (is_mixed) [[unlikely]] {
        const auto both = typed ? std::nullopt : mixed(value, named, arena_);
        if (!both) {
            refused = Failure{.code = Code::invalid_request,
                              .message =
                                  "Not sent: CallOptions::named is a map, and goes with a list "
                                  "of arguments and without a contract"};
            return;
        }
        value = *both;
    }
    if (!keys_.empty()) {
        const auto tokens = typed ? model::Tokens::encrypt_again : model::Tokens::keep;
        const auto encrypted =
            model::encrypt(*call.request, value, keys_, unix_seconds, tokens, arena_, depth);
        if (!encrypted) {
            refused = Failure{
                .code = Code::internal,
                .message = "Not sent: " + std::string{format::message_of(encrypted.error())}};
            return;
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
    Value data = response.data.value_or(Value{});
    if (!keys_.empty()) {
        auto opened = model::decrypt_response(*response_, data, keys_, arena_);
        if (!opened) {
            return std::move(opened.error());
        }
        data = *opened;
    }
    return model::bind(*response_, data, sink->response());
}

void PreparedCall::succeeded(const protocol::Response& response) noexcept {
    try {
        if (auto errors = bind_response(response); !errors.empty()) {
            Failure failure{
                .code = Code::contract_mismatch,
                .message = "The reply of '" + std::string{method} + "' breaks the contract",
                .errors = std::move(errors)};
            return finish({}, false, &failure);
        }
    } catch (const std::exception& error) {
        Failure failure = defect("The reply cannot be read", error);
        return finish({}, false, &failure);
    }
    finish(response.message, true, nullptr);
}

void PreparedCall::failed(Failure failure) noexcept {
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

void PreparedCall::finish(std::string_view message, bool has_response, Failure* failure) noexcept {
    // From here on nobody gives this call up any more.
    stop_callback_.reset();
    other_stop_callback_.reset();
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
