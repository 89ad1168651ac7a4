#include <warren/module.hpp>

#include <string>
#include <vector>

namespace {

struct Inner {
    std::string name;
};
WARREN_MODEL(Inner, (name, pattern("[a")))

struct Outer {
    std::vector<Inner> inners;
};
WARREN_MODEL(Outer, (inners))

}  // namespace

WARREN_MODULE(module) {
    module.method("bad_pattern", [](const Outer&) { return 1; });
}
