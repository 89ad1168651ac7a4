#pragma once

#include <warren/detail/invocation.hpp>
#include <warren/method.hpp>
#include <warren/reply.hpp>

#include "source/erased_types.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

/// Methods whose handlers are Python's. Knows how their calls wait for Python, and neither the GIL
/// nor any of Python's objects.
namespace warren::python {

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
    ErasedTypePointer request;
    ErasedTypePointer response;
    ArrivedCalls* calls = nullptr;
};

/// One run: the request, and later the response.
class PythonInvocation final : public Invocation {
public:
    explicit PythonInvocation(const std::shared_ptr<void>& handler)
        : handler_{std::static_pointer_cast<PythonHandler>(handler)} {}

    void* request() override {
        if (request_.get() == nullptr) {
            request_ = ErasedObject{*handler_->request};
        }
        return request_.get();
    }
    void run(Context& context, detail::OpenCall* open) override {
        handler_->calls->push({handler_->number, this, open, &context});
    }
    void clear() noexcept override {
        request_.reset();
        response_.reset();
        Invocation::clear();
    }

    /// The request, as it would go on the wire; secrets are in clear.
    Dynamic arguments() const {
        return detail::render_checked(handler_->request->type(), request_.get());
    }
    /// Have a response.
    /// err  throws Error (internal): it does not keep to the contract
    void respond(const Reply<Dynamic>& reply);
    void fail(Failure why) { failure = std::move(why); }

private:
    const std::shared_ptr<PythonHandler> handler_;
    ErasedObject request_;
    ErasedObject response_;
};

/// What a method is that Python handles.
struct PythonMethod {
    std::string name;
    std::uint64_t number = 0;
    ErasedTypePointer request;
    ErasedTypePointer response;
};
Method python_method(PythonMethod described, ArrivedCalls& calls);

}  // namespace warren::python
