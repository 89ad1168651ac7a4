#include "model/mock.hpp"
#include "runtime/dispatch/backend.hpp"

#include <utility>

// How calls are answered without handlers.
namespace warren::runtime {
namespace {

// Mocked answers are the same every time, so that what is built upon them can be tested.
constexpr std::uint64_t mock_seed = 1;

class MockBackend final : public Backend {
public:
    using Backend::Backend;

    bool prepare(ServerCall& call, const protocol::Call& request) override {
        return bind(call, request);
    }

    void start(std::unique_ptr<ServerCall> call, const protocol::Call&, At at) override {
        calls_.guard(*call, [&] {
            const Method& method = *call->state.method;
            call->state.mock = method.make_response();
            if (const auto errors =
                    model::mock(*method.response, mock_seed, call->state.mock.get());
                !errors.empty()) {
                calls_.fail_internally(*call,
                                       "no mock response can be made: " + summary_of(errors));
            } else {
                calls_.respond(*call, true, protocol::message_default, call->state.mock.get());
            }
        });
        calls_.finish(std::move(call), at);
    }
};

}  // namespace

std::unique_ptr<Backend> make_mock_backend(ListenerContext& listener) {
    return std::make_unique<MockBackend>(listener);
}

}  // namespace warren::runtime
