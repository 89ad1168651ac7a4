// The same echo through gRPC's asynchronous API: one completion queue and one thread on each side,
// a channel of its own for each connection.

#include "common/contender.hpp"
#include "echo.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace warren::bench;  // NOLINT

/// Calls that the server is ready to take at once.
constexpr std::size_t slots = 1'024;

/// One call at the server after the other.
class Slot {
public:
    Slot(EchoService::AsyncService& service, grpc::ServerCompletionQueue& queue)
        : service_{service}, queue_{queue} {
        take();
    }

    void proceed() {
        if (std::exchange(is_answered_, !is_answered_)) {
            take();
        } else if (is_valid(request_.value())) {
            reply_.set_value(request_.value());
            writer_->Finish(reply_, grpc::Status::OK, this);
        } else {
            writer_->FinishWithError(
                grpc::Status{grpc::StatusCode::INVALID_ARGUMENT, "value: its length"}, this);
        }
    }

private:
    void take() {
        writer_.reset();
        context_.emplace();
        writer_.emplace(&*context_);
        service_.RequestEcho(&*context_, &request_, &*writer_, &queue_, &queue_, this);
    }

    EchoService::AsyncService& service_;
    grpc::ServerCompletionQueue& queue_;
    std::optional<grpc::ServerContext> context_;
    std::optional<grpc::ServerAsyncResponseWriter<EchoMessage>> writer_;
    EchoMessage request_;
    EchoMessage reply_;
    bool is_answered_ = false;
};

void serve(const Modes&) {
    EchoService::AsyncService service;
    int port = 0;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    const auto queue = builder.AddCompletionQueue();
    const auto server = builder.BuildAndStart();
    require(server != nullptr, "gRPC cannot listen");
    std::vector<std::unique_ptr<Slot>> waiting;
    for (std::size_t count = 0; count < slots; ++count) {
        waiting.push_back(std::make_unique<Slot>(service, *queue));
    }
    announce(static_cast<unsigned>(port));
    void* slot = nullptr;
    for (bool is_delivered = false; queue->Next(&slot, &is_delivered);) {
        static_cast<Slot*>(slot)->proceed();
    }
}

/// Keeps one call in flight.
class Caller {
public:
    explicit Caller(EchoService::Stub& stub) : stub_{stub} {
        request_.set_value(std::string{echoed});
    }

    void start(grpc::CompletionQueue& queue, Measurement& measurement) {
        sent_ = measurement.start();
        reader_.reset();
        context_.emplace();
        reader_ = stub_.AsyncEcho(&*context_, request_, &queue);
        reader_->Finish(&reply_, &status_, this);
    }
    /// out  false when it timed out
    bool finish(Measurement& measurement) {
        require(status_.ok(), status_.error_message());
        require(is_valid(reply_.value()) && reply_.value() == echoed, "another value");
        return measurement.finish(sent_);
    }

private:
    EchoService::Stub& stub_;
    EchoMessage request_;
    EchoMessage reply_;
    grpc::Status status_;
    std::optional<grpc::ClientContext> context_;
    std::unique_ptr<grpc::ClientAsyncResponseReader<EchoMessage>> reader_;
    Clock::time_point sent_{};
};

void call(const Load& load, const Modes&) {
    grpc::ChannelArguments own_connection;
    own_connection.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    std::vector<std::unique_ptr<EchoService::Stub>> stubs;
    std::vector<std::unique_ptr<Caller>> callers;
    for (std::size_t at = 0; at < load.connections; ++at) {
        stubs.push_back(EchoService::NewStub(
            grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(load.port),
                                      grpc::InsecureChannelCredentials(), own_connection)));
        for (std::size_t call = 0; call < load.in_flight; ++call) {
            callers.push_back(std::make_unique<Caller>(*stubs.back()));
        }
    }
    grpc::CompletionQueue queue;
    Measurement measurement = load.measurement();
    for (const auto& caller : callers) {
        caller->start(queue, measurement);
    }
    void* tag = nullptr;
    for (bool is_good = false; queue.Next(&tag, &is_good);) {
        auto& caller = *static_cast<Caller*>(tag);
        if (!caller.finish(measurement)) {
            break;
        }
        caller.start(queue, measurement);
    }
    measurement.print();
    // Shutting down would wait for the calls that are in flight.
    std::_Exit(0);
}

}  // namespace

int main(int count, char** arguments) {
    return run_contender({arguments, static_cast<std::size_t>(count)}, serve, call);
}
