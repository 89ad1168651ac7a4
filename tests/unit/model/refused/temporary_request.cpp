#include <warren/lazy_call.hpp>

#include <string>

// Not to be compiled: g++ 12 would destroy the request twice.
namespace {

struct Request {
    std::string text;
};
WARREN_MODEL(Request, (text))
WARREN_CONTRACT(measure, "measure", Request, int)

warren::task<int> handler(warren::Context& context, warren::Client& client) {
    const int length = co_await context.call<measure>(client, Request{"x"});
    co_return length;
}

}  // namespace
