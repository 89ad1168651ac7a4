#include <warren/model.hpp>

#include <algorithm>
#include <cstring>
#include <new>

namespace warren {

const Field* Model::find(std::string_view field_name) const noexcept {
    const auto found = std::ranges::find(fields, field_name, &Field::name);
    return found != fields.end() ? &*found : nullptr;
}

namespace detail {
namespace {

constexpr unsigned char first_pattern = 0xA5;
constexpr unsigned char second_pattern = 0x5A;

void* filled_memory(std::size_t size_bytes, std::size_t alignment, unsigned char pattern) {
    void* memory = ::operator new(size_bytes, std::align_val_t{alignment});
    std::memset(memory, pattern, size_bytes);
    return memory;
}

bool all(const void* memory, std::size_t size_bytes, unsigned char pattern) {
    const auto* octets = static_cast<const unsigned char*>(memory);
    return std::all_of(octets, octets + size_bytes,
                       [pattern](unsigned char octet) { return octet == pattern; });
}

}  // namespace

DefaultProbe::DefaultProbe(std::size_t size_bytes, std::size_t alignment,
                           void (*construct)(void* memory), void (*destroy)(void* memory))
    : destroy_{destroy},
      alignment_{alignment},
      first_{filled_memory(size_bytes, alignment, first_pattern)},
      second_{filled_memory(size_bytes, alignment, second_pattern)} {
    construct(first_);
    construct(second_);
}

DefaultProbe::~DefaultProbe() {
    destroy_(first_);
    destroy_(second_);
    ::operator delete(first_, std::align_val_t{alignment_});
    ::operator delete(second_, std::align_val_t{alignment_});
}

bool DefaultProbe::untouched(void* (*access)(void* object), std::size_t size_bytes) const {
    return all(access(first_), size_bytes, first_pattern) &&
           all(access(second_), size_bytes, second_pattern);
}

}  // namespace detail
}  // namespace warren
