#include "format/msgpack/msgpack_writer.hpp"
#include "model/render.hpp"
#include "runtime/dispatch/backend.hpp"
#include "runtime/dispatch/keyed_calls.hpp"

#include <memory>
#include <string>
#include <utility>

// How calls that may come several times are done once: a store is asked before another backend has
// them, and once more before they are answered.
namespace warren::runtime {
namespace {

constexpr std::size_t hashed_depth_max = 10'100;  // more than any request has

/// Keys that callers say, and those that are made of where a message came from, are never the same.
constexpr char said_prefix = 'k';
constexpr char made_prefix = 'm';

std::string packed(const Value& value) {
    std::string bytes;
    {
        // The bytes are whole when it is gone.
        format::MsgpackWriter writer{bytes};
        static_cast<void>(writer.value(value, hashed_depth_max));
    }
    return bytes;
}

class IdempotentBackend final : public Backend {
public:
    IdempotentBackend(ListenerContext& listener, std::unique_ptr<Backend> inner)
        : Backend{listener}, inner_{std::move(inner)}, keyed_{*listener.options().keyed_calls} {}

    bool prepare(ServerCall& call, const protocol::Call& request) override {
        call.state.keyed.reset();
        if (!inner_->prepare(call, request)) {
            return false;
        }
        if (const Idempotency mode = mode_of(*call.state.method); mode != Idempotency::none) {
            name(call, mode);
        }
        return true;
    }

    void start(std::unique_ptr<ServerCall> call, const protocol::Call& request, At at) override {
        if (const KeyedCall* const keyed = call->state.keyed.get();
            keyed == nullptr || keyed->is_held) {
            return inner_->start(std::move(call), request, at);
        }
        listener_.watch(*call);
        keyed_.claim(std::move(call));
    }

    void run(std::unique_ptr<ServerCall> call, At at) noexcept override {
        inner_->run(std::move(call), at);
    }

    Failure ended_early(const ServerCall& call, Failure why) const override {
        const KeyedCall* const keyed = call.state.keyed.get();
        if (keyed == nullptr || (!call.has_begun() && !keyed->may_run)) {
            return inner_->ended_early(call, std::move(why));
        }
        if (keyed->is_tried && !call.has_begun() && why.code != Code::expired_in_queue) {
            return inner_->ended_early(call, std::move(why));  // it runs nowhere
        }
        if (why.code == Code::expired_in_queue) {
            return {.code = Code::deadline_exceeded,
                    .message = call.has_begun()
                                   ? "The deadline passed after the call was handled and before "
                                     "its reply was kept"
                               : keyed->is_tried
                                   ? "The deadline passed before its handler, which asked to be "
                                     "tried again later, was done"
                                   : "The deadline passed while the same call, which came before, "
                                     "is handled"};
        }
        const std::string end =
            why.code == Code::cancelled ? std::move(why.message) : "This server is stopping";
        return {.code = Code::cancelled, .message = end + "; the call may be handled"};
    }

private:
    Idempotency mode_of(const Method& method) const noexcept {
        const Idempotency mode = method.idempotency.value_or(listener_.options().idempotency);
        // A record has no parts, so that such a call can be kept from running again, and no more.
        return method.part != nullptr && mode == Idempotency::at_least_once ? Idempotency::none
                                                                            : mode;
    }

    /// What tells a call from others, where anything does.
    void name(ServerCall& call, Idempotency mode) const {
        std::string key;
        if (const std::string_view said = call.state.context.idempotency_key; !said.empty()) {
            key.append(1, said_prefix).append(said);
        } else {
            key += made_prefix;
            call.write_message_key(key);
            if (key.size() == 1) {
                return;
            }
        }
        // The same request is the same over every protocol once it is bound.
        const Method& method = *call.state.method;
        std::string arguments =
            packed(model::render(*method.request, call.state.invocation->request(), call.arena));
        call.state.keyed = std::make_unique<KeyedCall>(
            KeyedCall{.calls = keyed_,
                      .key = std::move(key),
                      .request = store::request_hash(method.name, arguments),
                      .mode = mode,
                      .arguments = std::move(arguments)});
    }

    const std::unique_ptr<Backend> inner_;
    KeyedCalls& keyed_;
};

}  // namespace

std::unique_ptr<Backend> make_idempotent_backend(ListenerContext& listener,
                                                 std::unique_ptr<Backend> inner) {
    return std::make_unique<IdempotentBackend>(listener, std::move(inner));
}

}  // namespace warren::runtime
