#pragma once

#include <warren/detail/invocation.hpp>
#include <warren/method.hpp>
#include <warren/responder.hpp>

#include "source/event_queue.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

/// Methods whose handlers are Python's. Knows how their calls wait for Python, and neither the GIL
/// nor any of Python's objects.
namespace warren::python {

/// A parameter of a function.
struct Parameter {
    std::string name;
    std::optional<Dynamic> fallback{};  // none: it is required
};

class PythonInvocation;

/// A call that has come and waits for Python, or that Python has.
struct ArrivedCall {
    std::uint64_t handler = 0;  // its number
    PythonInvocation* invocation = nullptr;
    detail::OpenCall* open = nullptr;
    Context* context = nullptr;
};

/// Where calls wait for threads of Python.          thread any
class ArrivedCalls {
public:
    virtual ~ArrivedCalls() = default;
    virtual void push(const ArrivedCall& call) = 0;
};

/// What the runs of one method share.
struct PythonHandler {
    std::uint64_t number = 0;
    std::vector<Dynamic> fallbacks;  // of its parameters, or one of the whole request
    ArrivedCalls* calls = nullptr;
};

/// One run: the arguments, each by itself or all as one, and later the response.
class PythonInvocation final : public detail::LaterInvocation<Dynamic> {
public:
    explicit PythonInvocation(const std::shared_ptr<void>& handler)
        : handler_{std::static_pointer_cast<PythonHandler>(handler)} {}

    void* request() override {
        if (arguments_.empty()) {
            arguments_ = handler_->fallbacks;
        }
        return arguments_.data();
    }
    void run(Context& context, detail::OpenCall* open) override {
        handler_->calls->push({handler_->number, this, open, &context});
    }
    void clear() noexcept override {
        arguments_.clear();
        detail::LaterInvocation<Dynamic>::clear();
    }

    const std::vector<Dynamic>& arguments() const noexcept { return arguments_; }

private:
    const std::shared_ptr<PythonHandler> handler_;
    std::vector<Dynamic> arguments_;
};

/// in   parameters: of a function, by name or position; none: it takes the request as it is
/// err  throws Error (internal): there are more than `parameters_max`
Method python_method(std::string name, const std::optional<std::vector<Parameter>>& parameters,
                     std::uint64_t number, ArrivedCalls& calls);

inline constexpr std::size_t parameters_max = 64;

}  // namespace warren::python
