#include <warren/module.hpp>

#include <string>

struct TestRequest {
    std::string text;
};
WARREN_MODEL(TestRequest, (text))

WARREN_MODULE(module) {
    module.method("same_type", [](const TestRequest& request) { return request.text; });
}
