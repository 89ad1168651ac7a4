// Prints, as JSON, mock requests and responses of every method of some modules: what schemas have
// to accept. Usage: schema_samples DIRECTORY COUNT

#include <warren/arena.hpp>
#include <warren/model.hpp>

#include "endpoint/modules/modules.hpp"
#include "model/mock.hpp"
#include "model/render.hpp"

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

namespace {

using namespace warren;

/// What a type's mocks look like on the wire, each with another seed.
Dynamic samples(const Type& type, std::size_t count, const auto& make) {
    Dynamic all = Dynamic::list({});
    for (std::uint64_t seed = 0; seed < count; ++seed) {
        const auto made = make();
        if (!model::mock(type, seed, made.get()).empty()) {
            std::exit(1);
        }
        Arena arena;
        all.push_back(Dynamic{model::render(type, made.get(), arena)});
    }
    return all;
}

}  // namespace

int main(int argument_count, char** arguments) {
    if (argument_count != 3) {
        return 2;
    }
    Registry registry;
    const std::string directory{arguments[1]};
    if (!endpoint::load_modules(std::span{&directory, 1}, registry).empty()) {
        return 1;
    }
    const std::size_t count = std::stoul(arguments[2]);
    Dynamic all = Dynamic::map({});
    for (const Method* const method : registry.all()) {
        const auto request = [&] {
            struct Kept {
                std::unique_ptr<Invocation> invocation;
                void* get() const { return invocation->request(); }
            };
            return Kept{method->make_invocation()};
        };
        all.insert_or_assign(method->name,
                             Dynamic::map({{"requests", samples(*method->request, count, request)},
                                           {"responses", samples(*method->response, count,
                                                                 method->make_response)}}));
    }
    std::puts(all.to_json().c_str());
    return 0;
}
