#include "source/server.hpp"

#include <warren/server.hpp>

#include "source/arrived_calls.hpp"
#include "source/described_types.hpp"
#include "source/failures.hpp"
#include "source/owned.hpp"
#include "source/values.hpp"
#include "source/without_gil.hpp"

#include <pybind11/stl.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warren::python {
namespace {

using Seconds = std::chrono::duration<double>;

/// A call that Python has: what there is to know of it, and the way to answer it.
class TakenCall {
public:
    TakenCall(const ArrivedCall& call, std::shared_ptr<OpenCalls> open)
        : call_{call}, open_{std::move(open)} {
        open_->add(&call_);
    }
    ~TakenCall() {
        if (made_in_ == process_number() && open_->take(&call_)) {
            const WithoutGil released;
            call_.open->abandon();
        }
    }
    TakenCall(const TakenCall&) = delete;
    TakenCall& operator=(const TakenCall&) = delete;

    std::uint64_t handler() const noexcept { return call_.handler; }

    /// The request: a dict by name, where the handler has parameters.
    py::object arguments() const {
        check();
        return to_python(call_.invocation->arguments());
    }

    const Context& context() const {
        check();
        return *call_.context;
    }

    /// Of a server that has ended meanwhile it goes nowhere.
    void respond(const py::object& data, std::optional<std::string> message, bool success) {
        Reply<Dynamic> reply{to_dynamic(data, "response")};
        reply.success = success;
        if (message) {
            reply.message = std::move(*message);
        }
        if (open_->has(&call_)) {
            call_.invocation->respond(reply);
            end();
        }
    }
    void fail(const py::object& error) {
        if (open_->has(&call_)) {
            call_.invocation->fail(to_failure(error));
            end();
        }
    }

private:
    void check() const {
        if (!open_->has(&call_)) {
            throw Error{Code::internal, "This call has its response already"};
        }
    }
    void end() {
        if (open_->take(&call_)) {
            call_.open->complete();
        }
    }

    const ArrivedCall call_;
    const std::shared_ptr<OpenCalls> open_;
    const std::uint64_t made_in_ = process_number();
};

/// What else a method says of itself.
struct MethodSettings {
    std::optional<std::string> lock_on;
    std::optional<std::string> lock;
    bool run_alone = false;
    bool idempotent = false;
    std::optional<std::string> deprecated;
    std::vector<std::string> tags;
};

/// A server, as `warren.server.Server` uses it.
class ServingServer {
public:
    explicit ServingServer(const ServerOptions& options) : server_{options} {}
    ~ServingServer() {
        if (server_.is_here()) {
            end();
        }
    }

    /// in   request, response: as `described_type`
    std::uint64_t add_method(const std::string& name, const std::string& description,
                             const py::tuple& request, const py::tuple& response,
                             bool is_coroutine) {
        ArrivedCalls& calls = is_coroutine ? static_cast<ArrivedCalls&>(for_loop_) : for_threads_;
        Method method = python_method({.name = name,
                                       .number = ++methods_,
                                       .request = described_type(request),
                                       .response = described_type(response)},
                                      calls);
        method.description = description;
        server_.get().methods().add(std::move(method));
        return methods_;
    }
    void say_of(const std::string& name, const MethodSettings& settings) {
        // The method is there, and is none but this one's.
        MethodOptions options{*const_cast<Method*>(server_.get().methods().find(name))};
        if (settings.lock_on) {
            settings.lock ? options.lock_on(*settings.lock_on, *settings.lock)
                          : options.lock_on(*settings.lock_on);
        } else if (settings.run_alone) {
            settings.lock ? options.run_alone(*settings.lock) : options.run_alone();
        }
        if (settings.idempotent) {
            options.idempotent();
        }
        if (settings.deprecated) {
            options.deprecated(*settings.deprecated);
        }
        for (const std::string& tag : settings.tags) {
            options.tag(tag);
        }
    }

    void load_modules(const std::vector<std::string>& directories) {
        server_.get().load_modules(directories);
    }
    void listen(const ListenerOptions& options) { server_.get().listen(options); }
    void start() {
        const WithoutGil released;
        server_.get().start();
    }
    bool ready() const { return server_.get().ready(); }
    std::vector<std::string> addresses() const { return server_.get().addresses(); }
    std::vector<std::string> listeners() const { return server_.get().listeners(); }
    std::string admin_address() const { return server_.get().admin_address(); }
    std::vector<std::string> unfinished() const { return server_.get().unfinished(); }
    bool drain(double timeout_s) {
        const WithoutGil released;
        return server_.get().drain(
            std::chrono::round<std::chrono::milliseconds>(Seconds{timeout_s}));
    }
    bool stop_now(double grace_s) {
        const WithoutGil released;
        return server_.get().stop_now(
            std::chrono::round<std::chrono::milliseconds>(Seconds{grace_s}));
    }
    /// Give up what nobody has answered: no thread waits for calls any more. The GIL is kept, so
    /// that none of Python's threads looks at a call meanwhile.
    void end() {
        for_threads_.end();
        while (const auto call = for_threads_.try_take()) {
            call->open->abandon();
        }
        for (const ArrivedCall& call : for_loop_.take_all()) {
            call.open->abandon();
        }
        open_->abandon_all();
    }

    /// Wait for a call. While there are some the GIL is kept.
    /// out  none: there will be no more
    std::unique_ptr<TakenCall> take() {
        auto call = for_threads_.try_take();
        if (!call) {
            const WithoutGil released;
            call = for_threads_.take();
        }
        return call ? std::make_unique<TakenCall>(*call, open_) : nullptr;
    }
    /// Those that wait for the event loop.
    std::vector<std::unique_ptr<TakenCall>> take_all() {
        std::vector<std::unique_ptr<TakenCall>> all;
        for (const ArrivedCall& call : for_loop_.take_all()) {
            all.push_back(std::make_unique<TakenCall>(call, open_));
        }
        return all;
    }
    int descriptor() const noexcept { return for_loop_.descriptor(); }

private:
    std::uint64_t methods_ = 0;
    const std::shared_ptr<OpenCalls> open_ = std::make_shared<OpenCalls>();
    CallsForThreads for_threads_;
    CallsForLoop for_loop_;
    Owned<Server> server_;
};

/// A property of a call's context.
template <typename Get>
auto of_context(Get get) {
    return [get](const TakenCall& call) { return get(call.context()); };
}

std::optional<double> seconds_left(const Context& context) {
    if (!context.deadline) {
        return std::nullopt;
    }
    return Seconds{*context.deadline - std::chrono::steady_clock::now()}.count();
}

void add_call(py::module_& module) {
    py::class_<TakenCall> call{module, "Call", "A call that a handler is to answer."};
    call.def_property_readonly("handler", &TakenCall::handler)
        .def("arguments", &TakenCall::arguments)
        .def("respond", &TakenCall::respond)
        .def("fail", &TakenCall::fail)
        .def("progress",
             [](const TakenCall& taken, double fraction, std::string text, const py::object& data) {
                 taken.context().progress(fraction, std::move(text), to_dynamic(data, "data"));
             });
    const auto text = [&call](const char* name, std::string_view Context::* member) {
        call.def_property_readonly(
            name, of_context([member](const Context& context) { return context.*member; }));
    };
    text("method", &Context::method);
    text("correlation_id", &Context::correlation_id);
    text("caller", &Context::caller);
    text("idempotency_key", &Context::idempotency_key);
    text("traceparent", &Context::traceparent);
    text("tracestate", &Context::tracestate);
    text("baggage", &Context::baggage);
    text("contract", &Context::contract);
    call.def_property_readonly("priority",
                               of_context([](const Context& context) { return context.priority; }))
        .def_property_readonly("attempt",
                               of_context([](const Context& context) { return context.attempt; }))
        .def_property_readonly("fencing_token", of_context([](const Context& context) {
                                   return context.fencing_token;
                               }))
        .def_property_readonly("seconds_left", of_context(seconds_left))
        .def_property_readonly("is_stopped", of_context([](const Context& context) {
                                   return context.stop.stop_requested();
                               }));
}

}  // namespace

void add_server(py::module_& module) {
    add_call(module);
    py::class_<MethodSettings>{module, "MethodSettings"}
        .def(py::init<>())
        .def_readwrite("lock_on", &MethodSettings::lock_on)
        .def_readwrite("lock", &MethodSettings::lock)
        .def_readwrite("run_alone", &MethodSettings::run_alone)
        .def_readwrite("idempotent", &MethodSettings::idempotent)
        .def_readwrite("deprecated", &MethodSettings::deprecated)
        .def_readwrite("tags", &MethodSettings::tags);
    py::class_<ServingServer>{module, "Server"}
        .def(py::init<const ServerOptions&>())
        .def("add_method", &ServingServer::add_method)
        .def("say_of", &ServingServer::say_of)
        .def("load_modules", &ServingServer::load_modules)
        .def("listen", &ServingServer::listen)
        .def("start", &ServingServer::start)
        .def("ready", &ServingServer::ready)
        .def("addresses", &ServingServer::addresses)
        .def("listeners", &ServingServer::listeners)
        .def("admin_address", &ServingServer::admin_address)
        .def("unfinished", &ServingServer::unfinished)
        .def("drain", &ServingServer::drain)
        .def("stop_now", &ServingServer::stop_now)
        .def("end", &ServingServer::end)
        .def("take", &ServingServer::take)
        .def("take_all", &ServingServer::take_all)
        .def("fileno", &ServingServer::descriptor);
}

}  // namespace warren::python
