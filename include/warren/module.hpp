#pragma once

#include <warren/method.hpp>
#include <warren/version.hpp>

#include <cstdint>

/// Modules: shared objects of methods, loaded by `warren serve`.
///
///     WARREN_MODULE(module) {
///         module.method("dx_example", dx_example).lock_on(&Request::favourite_food);
///     }
///
/// The registration has no effect on others: `warren check` and `warren methods` run it, too. What
/// has one is for `module.on_start` and `on_stop` [warren::Registry].
namespace warren::abi {

/// Raised whenever the layout or meaning of anything in include/warren changes.
inline constexpr std::uint32_t version = 13;

/// What a module exports as `warren_module`. The first three members never move, so that a host can
/// tell a module of any other version apart before it touches the rest.
struct ModuleHeader {
    char magic[8];  // "WARREN\0\0"
    std::uint32_t abi_version;
    std::uint32_t header_bytes;
    const char* built_with;  // Warren's version
    void (*register_methods)(Registry& registry);
};

/// The name under which a module exports its header.
inline constexpr char module_symbol[] = "warren_module";

}  // namespace warren::abi

/// Define this shared object's methods; once per shared object, at namespace scope.
#define WARREN_MODULE(registry)                                                           \
    static void warren_register_methods(::warren::Registry& registry);                    \
    extern "C" __attribute__((visibility("default")))                                     \
    const ::warren::abi::ModuleHeader warren_module{{'W', 'A', 'R', 'R', 'E', 'N', 0, 0}, \
                                                    ::warren::abi::version,               \
                                                    sizeof(::warren::abi::ModuleHeader),  \
                                                    WARREN_VERSION,                       \
                                                    &warren_register_methods};            \
    static void warren_register_methods(::warren::Registry& registry)
