#include "source/client.hpp"

#include <warren/client.hpp>

#include "source/event_queue.hpp"
#include "source/failures.hpp"
#include "source/owned.hpp"
#include "source/values.hpp"
#include "source/without_gil.hpp"

#include <pybind11/stl.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace warren::python {
namespace {

/// How often a main thread that waits looks whether there was a signal, whose handlers in Python
/// run nowhere else.
constexpr std::chrono::milliseconds signals_pause{50};

/// How a call ended.
struct Outcome {
    std::uint64_t number = 0;  // whose it is
    std::optional<Failure> failure{};
    std::string message{};
    std::optional<Dynamic> data{};
};

/// out  whether it succeeded, the data or the exception, and the message
py::tuple to_tuple(const Outcome& outcome) {
    if (outcome.failure) {
        return py::make_tuple(false, to_exception(*outcome.failure), outcome.failure->message);
    }
    return py::make_tuple(true, outcome.data ? to_python(*outcome.data) : py::none(),
                          outcome.message);
}

/// A call that a thread waits for.
class Waited {
public:
    void finish(Outcome outcome) {
        {
            const std::lock_guard lock{mutex_};
            outcome_ = std::move(outcome);
        }
        finished_.notify_one();
    }

    /// in   stop: gives the call up
    /// err  throws what a signal's handler raised; the call is over then
    /// thread one with the GIL, which it has not while it waits
    Outcome wait(std::stop_source& stop) {
        for (;;) {
            {
                const WithoutGil released;
                std::unique_lock lock{mutex_};
                if (finished_.wait_for(lock, signals_pause, [this] { return !!outcome_; })) {
                    return std::move(*outcome_);
                }
            }
            if (PyErr_CheckSignals() != 0) {
                stop.request_stop();
                throw py::error_already_set();
            }
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable finished_;
    std::optional<Outcome> outcome_;
};

/// in  Finish: called with the outcome, on the I/O thread
template <typename Finish>
class OutcomeSink final : public detail::CallSink {
public:
    explicit OutcomeSink(Finish finish) : finish_{std::move(finish)} {}

    void* response() override { return &data_; }
    void finished(std::string_view message, bool has_response, Failure* failure) override {
        Outcome outcome{.message = std::string{message}};
        if (failure != nullptr) {
            outcome.failure = std::move(*failure);
        }
        if (has_response) {
            outcome.data = std::move(data_);
        }
        finish_(std::move(outcome));
    }

private:
    Finish finish_;
    Dynamic data_;
};

/// A client, as the classes of `warren.client` use it.
class CallingClient {
public:
    CallingClient(const std::string& url, const ClientOptions& options)
        : client_{url, options}, outcomes_{std::make_shared<EventQueue<Outcome>>()} {}

    py::tuple call(const std::string& method, const py::object& arguments,
                   const CallOptions& options, const py::object& named) {
        const auto waited = std::make_shared<Waited>();
        std::stop_source stop;
        begin(method, arguments, options, named, stop.get_token(),
              [waited](Outcome outcome) { waited->finish(std::move(outcome)); });
        return to_tuple(waited->wait(stop));
    }

    void notify(const std::string& method, const py::object& arguments, const CallOptions& options,
                const py::object& named) {
        const auto waited = std::make_shared<Waited>();
        std::stop_source stop;
        begin_notify(method, arguments, options, named, stop.get_token(),
                     [waited](Outcome outcome) { waited->finish(std::move(outcome)); });
        if (const Outcome outcome = waited->wait(stop); outcome.failure) {
            raise(*outcome.failure);
        }
    }

    /// Begin a call; `drain` gives its outcome with this number.
    std::stop_source start(std::uint64_t number, const std::string& method,
                           const py::object& arguments, const CallOptions& options,
                           const py::object& named, bool is_one_way) {
        std::stop_source stop;
        const auto finish = [outcomes = outcomes_, number](Outcome outcome) {
            outcome.number = number;
            outcomes->push(std::move(outcome));
        };
        if (is_one_way) {
            begin_notify(method, arguments, options, named, stop.get_token(), finish);
        } else {
            begin(method, arguments, options, named, stop.get_token(), finish);
        }
        return stop;
    }

    /// The outcomes of calls that were started, each with its number before it.
    py::list drain() {
        py::list ended;
        for (const Outcome& outcome : outcomes_->take_all()) {
            ended.append(py::make_tuple(outcome.number, to_tuple(outcome)));
        }
        return ended;
    }

    int descriptor() const { return outcomes_->descriptor(); }
    std::string metrics_text() const { return client_.get().metrics_text(); }
    /// Others may be about to begin a call: the client itself goes with this object.
    void close() {
        if (client_.is_here()) {
            const WithoutGil released;
            client_.get().close();
        }
    }

private:
    static CallOptions completed(CallOptions options, const py::object& named,
                                 std::stop_token stop) {
        options.stop = std::move(stop);
        if (!named.is_none()) {
            options.named = to_dynamic(named, "arguments");
        }
        return options;
    }

    template <typename Finish>
    void begin(const std::string& method, const py::object& arguments, const CallOptions& options,
               const py::object& named, std::stop_token stop, Finish finish) {
        Client& client = client_.get();
        const Dynamic read = to_dynamic(arguments, "arguments");
        const CallOptions all = completed(options, named, std::move(stop));
        const WithoutGil released;
        detail::submit<OutcomeSink<Finish>>(client.implementation(),
                                            client.prepare(detail::erase(method, read), all), {},
                                            std::move(finish));
    }

    template <typename Finish>
    void begin_notify(const std::string& method, const py::object& arguments,
                      const CallOptions& options, const py::object& named, std::stop_token stop,
                      Finish finish) {
        Client& client = client_.get();
        const Dynamic read = to_dynamic(arguments, "arguments");
        const CallOptions all = completed(options, named, std::move(stop));
        const WithoutGil released;
        client.start_notify(
            method, read,
            [finish = std::move(finish)](std::expected<void, Failure> sent) mutable {
                Outcome outcome;
                if (!sent) {
                    outcome.failure = std::move(sent.error());
                }
                finish(std::move(outcome));
            },
            all);
    }

    Owned<Client> client_;
    const std::shared_ptr<EventQueue<Outcome>> outcomes_;
};

}  // namespace

void add_client(py::module_& module) {
    py::class_<std::stop_source>{module, "Stop", "Gives a call up."}.def(
        "request", [](std::stop_source& stop) { stop.request_stop(); });
    py::class_<CallingClient>{module, "Client", "Calls methods of servers over one connection."}
        .def(py::init<const std::string&, const ClientOptions&>())
        .def("call", &CallingClient::call)
        .def("notify", &CallingClient::notify)
        .def("start", &CallingClient::start)
        .def("drain", &CallingClient::drain)
        .def("fileno", &CallingClient::descriptor)
        .def("metrics_text", &CallingClient::metrics_text)
        .def("close", &CallingClient::close);
}

}  // namespace warren::python
