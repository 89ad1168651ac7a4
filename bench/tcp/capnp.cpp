// The same echo through Cap'n Proto RPC: one event loop on each side, a two-party network for each
// connection.

#include "common/contender.hpp"
#include "echo.capnp.h"

#include <capnp/ez-rpc.h>
#include <kj/async.h>

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace warren::bench;  // NOLINT

std::string_view view(capnp::Text::Reader text) {
    return {text.begin(), text.size()};
}

class Handler final : public EchoService::Server {
public:
    kj::Promise<void> echo(EchoContext context) override {
        const capnp::Text::Reader value = context.getParams().getRequest().getValue();
        KJ_REQUIRE(is_valid(view(value)), "value: its length");
        context.getResults().initReply().setValue(value);
        return kj::READY_NOW;
    }
};

void serve(const Modes&) {
    capnp::EzRpcServer server{kj::heap<Handler>(), "127.0.0.1", 0};
    kj::WaitScope& waiting = server.getWaitScope();
    announce(server.getPort().wait(waiting));
    kj::NEVER_DONE.wait(waiting);
}

/// Keeps calls in flight, each as a task that starts its successor.
class Callers final : public kj::TaskSet::ErrorHandler {
public:
    Callers(Measurement& measurement, kj::Own<kj::PromiseFulfiller<void>> finished)
        : measurement_{measurement}, finished_{kj::mv(finished)} {}

    void start(EchoService::Client& service) {
        const Clock::time_point sent = measurement_.start();
        auto request = service.echoRequest();
        request.initRequest().setValue(kj::StringPtr{echoed.data(), echoed.size()});
        tasks_.add(request.send().then(
            [this, &service, sent](const capnp::Response<EchoService::EchoResults>& response) {
                const std::string_view value = view(response.getReply().getValue());
                require(is_valid(value) && value == echoed, "another value");
                if (measurement_.finish(sent)) {
                    start(service);
                } else {
                    finished_->fulfill();
                }
            }));
    }

private:
    void taskFailed(kj::Exception&& failure) override {
        give_up({failure.getDescription().begin(), failure.getDescription().size()});
    }

    Measurement& measurement_;
    kj::Own<kj::PromiseFulfiller<void>> finished_;
    kj::TaskSet tasks_{*this};
};

void call(const Load& load, const Modes&) {
    std::vector<std::unique_ptr<capnp::EzRpcClient>> connections;
    std::vector<EchoService::Client> services;
    for (std::size_t at = 0; at < load.connections; ++at) {
        connections.push_back(std::make_unique<capnp::EzRpcClient>("127.0.0.1", load.port));
        services.push_back(connections.back()->getMain<EchoService>());
    }
    Measurement measurement = load.measurement();
    auto finished = kj::newPromiseAndFulfiller<void>();
    Callers callers{measurement, kj::mv(finished.fulfiller)};
    for (EchoService::Client& service : services) {
        for (std::size_t count = 0; count < load.in_flight; ++count) {
            callers.start(service);
        }
    }
    finished.promise.wait(connections.front()->getWaitScope());
    measurement.print();
    // The calls that are in flight are nobody's concern any more.
    std::_Exit(0);
}

}  // namespace

int main(int count, char** arguments) {
    return run_contender({arguments, static_cast<std::size_t>(count)}, serve, call);
}
