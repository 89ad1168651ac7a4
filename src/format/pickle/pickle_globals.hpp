#pragma once

#include "format/pickle/pickle.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace warren::format {

/// What a pickle may name by module, and what is made when it is called.
struct PickleGlobal {
    enum class Makes : std::uint8_t {
        instance,       // of the caller's class
        reconstructed,  // copyreg._reconstructor: of the class that its arguments name
        nothing,        // builtins.object, an argument of the one above
        latin1_octets,  // _codecs.encode, as bytes are written before protocol 3
        bytes,
        byte_array,
        set,
        frozen_set,
        exception,
    };

    Makes makes = Makes::nothing;
    std::string_view name{};  // of an exception's type; of another the last part of its name
    const PickleClass* of_class = nullptr;  // of an instance
};

/// What is called `module`.`name`, in Python 2 or 3.
/// out  its number for `pickle_global`; nullopt for all that is not listed: nothing is looked up
std::optional<std::size_t> pickle_global_find(std::string_view module, std::string_view name,
                                              std::span<const PickleClass> classes) noexcept;
PickleGlobal pickle_global(std::size_t number, std::span<const PickleClass> classes) noexcept;

struct PickleName {
    std::string_view module{};
    std::string_view name{};
};

/// How an exception's type is written in a protocol; Python 2 reads protocol 2, and had fewer.
/// out  empty for a type that is not Python's own
PickleName pickle_exception_name(std::string_view type, int protocol, PickleReader reader) noexcept;

}  // namespace warren::format
