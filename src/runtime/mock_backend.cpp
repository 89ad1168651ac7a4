#include "model/mock.hpp"
#include "runtime/backend.hpp"

#include <utility>

// How calls are answered without handlers.
namespace warren::runtime {
namespace {

// Mocked answers are the same every time, so that what is built upon them can be tested.
constexpr std::uint64_t mock_seed = 1;

class MockBackend final : public Backend {
public:
    using Backend::Backend;

    bool prepare(Job& job, const protocol::Call& call) override { return bind(job, call); }

    void start(std::unique_ptr<Job> job, const protocol::Call&, At at) override {
        calls_.guard(*job, [&] {
            const Method& method = *job->state.method;
            job->state.mock = method.make_response();
            if (const auto errors = model::mock(*method.response, mock_seed, job->state.mock.get());
                !errors.empty()) {
                calls_.fail_internally(*job, "no response can be made up: " + summary_of(errors));
            } else {
                calls_.respond(*job, true, "OK", job->state.mock.get());
            }
        });
        calls_.finish(std::move(job), at);
    }
};

}  // namespace

std::unique_ptr<Backend> make_mock_backend(Lane& lane) {
    return std::make_unique<MockBackend>(lane);
}

}  // namespace warren::runtime
