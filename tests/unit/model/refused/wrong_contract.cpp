#include <warren/method.hpp>

#include <string>

// Not to be compiled: the handler gives another type than its contract says.
namespace {

struct Request {
    int number;
};
WARREN_MODEL(Request, (number))
WARREN_CONTRACT(double_it, "double_it", Request, int)

void add(warren::Registry& registry) {
    registry.method<double_it>(
        [](const Request& request) { return std::to_string(request.number); });
}

}  // namespace
