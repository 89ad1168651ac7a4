#include "source/python_method.hpp"

#include <warren/error.hpp>

namespace warren::python {

void PythonInvocation::respond(const Reply<Dynamic>& reply) {
    success = reply.success;
    message = reply.message;
    const ErasedType& type = *handler_->response;
    if (type.type().kind == Type::Kind::nothing || !reply.data) {
        return;
    }
    response_ = ErasedObject{type};
    try {
        detail::bind_checked(type.type(), reply.data->value(), response_.get());
    } catch (const Error& error) {
        Failure wrong = error.failure();
        wrong.code = Code::internal;
        wrong.message = "The response does not keep to its annotation: " + to_string(wrong);
        throw Error{std::move(wrong)};
    }
    data = response_.get();
}

Method python_method(PythonMethod described, ArrivedCalls& calls) {
    Method method{.name = std::move(described.name),
                  .request = &described.request->type(),
                  .response = &described.response->type()};
    method.make_response = [type = described.response] {
        return std::shared_ptr<void>{type->make(), [type](void* object) { type->destroy(object); }};
    };
    auto handler = std::make_shared<PythonHandler>(described.number, std::move(described.request),
                                                   std::move(described.response), &calls);
    method.parameters = handler;  // the types live as long as the method
    method.make_invocation = {std::move(handler), [](const std::shared_ptr<void>& made) {
                                  return static_cast<Invocation*>(new PythonInvocation{made});
                              }};
    method.responds_later = true;
    // It only hands the call over.
    method.execution = Execution::io_thread;
    return method;
}

}  // namespace warren::python
