#include <warren/module.hpp>

// Visible on purpose: `same_type` has another type of this name.
struct TestRequest {
    int number;
};
WARREN_MODEL(TestRequest, (number))

WARREN_MODULE(module) {
    module.method("first", [](const TestRequest& request) { return request.number; });
}
