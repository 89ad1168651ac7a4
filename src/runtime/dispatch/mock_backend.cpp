#include "model/bind.hpp"
#include "model/mock.hpp"
#include "model/render.hpp"
#include "runtime/dispatch/backend.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

// How calls are answered without handlers.
namespace warren::runtime {
namespace {

// Mocked answers are the same every time, so that what is built upon them can be tested.
constexpr std::uint64_t mock_seed = 1;

/// The response of the example whose request is this one, else of the first that has any.
/// out  nullptr: there is none
const MethodExample* example_for(const Method& method, const void* request) {
    const MethodExample* first = nullptr;
    std::optional<Value> given;
    Arena arena;
    for (const MethodExample& example : method.examples) {
        if (!example.response) {
            continue;
        }
        first = first == nullptr ? &example : first;
        if (method.request->kind == Type::Kind::nothing) {
            break;
        }
        if (!given) {
            given = model::render(*method.request, request, arena);
        }
        // As the server takes it, with its defaults: callers may say the same in other ways.
        const auto invocation = method.make_invocation();
        if (model::bind(*method.request, example.request.value(), invocation->request()).empty() &&
            model::render(*method.request, invocation->request(), arena) == *given) {
            return &example;
        }
    }
    return first;
}

/// Makes the same response for the same request.
/// out  what does not hold
std::vector<FieldError> make_mock(const Method& method, const void* request, void* response) {
    if (const MethodExample* const example = example_for(method, request)) {
        return model::bind(*method.response, example->response->value(), response);
    }
    return model::mock(*method.response, mock_seed, response);
}

class MockBackend final : public Backend {
public:
    explicit MockBackend(ListenerContext& listener)
        : Backend{listener}, telling_{make_local_backend(listener)} {}

    bool prepare(ServerCall& call, const protocol::Call& request) override {
        return tells(call) ? telling_->prepare(call, request) : bind(call, request);
    }

    void start(std::unique_ptr<ServerCall> call, const protocol::Call& request, At at) override {
        if (tells(*call)) {
            return telling_->start(std::move(call), request, at);
        }
        calls_.guard(*call, [&] {
            const Method& method = *call->state.method;
            call->state.mock = method.make_response();
            if (const auto errors =
                    make_mock(method, call->state.invocation->request(), call->state.mock.get());
                !errors.empty()) {
                calls_.fail_internally(*call,
                                       "no mock response can be made: " + summary_of(errors));
            } else {
                calls_.respond(*call, true, protocol::message_default, call->state.mock.get());
            }
        });
        calls_.finish(std::move(call), at);
    }

    // Of what is mocked nothing waits.
    void run(std::unique_ptr<ServerCall> call, At at) noexcept override {
        telling_->run(std::move(call), at);
    }

private:
    /// What there is, is told as it is.
    bool tells(const ServerCall& call) const {
        return std::ranges::find(listener_.options().describing, call.state.method) !=
               listener_.options().describing.end();
    }

    const std::unique_ptr<Backend> telling_;
};

}  // namespace

std::unique_ptr<Backend> make_mock_backend(ListenerContext& listener) {
    return std::make_unique<MockBackend>(listener);
}

}  // namespace warren::runtime
