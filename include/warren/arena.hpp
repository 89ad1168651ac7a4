#pragma once

#include <warren/detail/memory_budget.hpp>
#include <warren/value.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace warren {

/// A bump allocator for what lives as long as one message: the parts of its `Value`s.
/// Memory comes in chunks that are given back all at once; `reset` keeps the largest chunk, so a
/// reused arena stops allocating. Objects are never destroyed, so only trivial types fit.
/// thread one at a time
class Arena {
public:
    /// What `allocate` throws when the arena's budget gives no more; `what` says which budget.
    class Full : public std::bad_alloc {
    public:
        explicit Full(const char* reason) noexcept : reason_{reason} {}
        /// Which budget gave no more.
        const char* what() const noexcept override { return reason_; }

    private:
        const char* reason_;
    };

    Arena() noexcept = default;
    /// One whose chunks are taken from a budget, which outlives it, before they are allocated.
    explicit Arena(detail::MemoryBudget& budget) noexcept : budget_{&budget} {}
    ~Arena();
    Arena(Arena&& other) noexcept { swap(other); }
    Arena& operator=(Arena&& other) noexcept;

    /// in   size in bytes, may be 0; alignment a power of two up to alignof(max_align_t)
    /// out  uninitialised memory, valid until `reset` or destruction
    /// err  throws std::bad_alloc, of which `Full` is one
    void* allocate(std::size_t size_bytes, std::size_t alignment) {
        std::size_t start = (used_ + alignment - 1) & ~(alignment - 1);
        if (start + size_bytes > capacity_) [[unlikely]] {
            grow(size_bytes);
            start = 0;
        }
        used_ = start + size_bytes;
        return current_ + start;
    }

    /// So many objects, default-constructed, until `reset` or destruction.
    /// err  as `allocate`
    template <typename T>
        requires std::is_trivially_destructible_v<T>
    std::span<T> array(std::size_t count) {
        T* first = static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
        std::uninitialized_default_construct_n(first, count);
        return {first, count};
    }

    /// A copy of some text.
    /// err  as `allocate`
    std::string_view copy(std::string_view characters) {
        if (characters.empty()) {
            return {};
        }
        char* target = static_cast<char*>(allocate(characters.size(), 1));
        std::memcpy(target, characters.data(), characters.size());
        return {target, characters.size()};
    }

    /// A copy of some bytes.
    /// err  as `allocate`
    std::span<const std::byte> copy(std::span<const std::byte> octets) {
        const std::string_view copied =
            copy(std::string_view{reinterpret_cast<const char*>(octets.data()), octets.size()});
        return std::as_bytes(std::span{copied.data(), copied.size()});
    }

    /// A copy of some items, member by member of each.
    /// err  as `allocate`
    template <typename T>
        requires(std::is_trivially_copyable_v<T> && !std::is_same_v<T, std::byte>)
    std::span<const T> copy(std::span<const T> items) {
        T* target = static_cast<T*>(allocate(items.size_bytes(), alignof(T)));
        std::uninitialized_copy(items.begin(), items.end(), target);
        return {target, items.size()};
    }

    /// Deep copy: the result views nothing outside this arena.
    /// err  throws std::bad_alloc; recursion is as deep as the value, which decoders limit
    Value copy(const Value& value);

    /// Give everything back but the largest chunk.
    void reset() noexcept;
    /// The same, unless that one is larger.
    void reset(std::size_t kept_bytes_max) noexcept;
    /// The size of the largest chunk, which `reset` keeps.
    std::size_t capacity_bytes() const noexcept { return capacity_; }
    /// What was allocated since the last `reset`, about.
    std::size_t used_bytes() const noexcept { return chunk_bytes_ - capacity_ + used_; }

private:
    void swap(Arena& other) noexcept;

    void grow(std::size_t size_bytes);
    void release(std::size_t bytes) noexcept;

    static constexpr std::size_t chunk_bytes_min = 1024;

    std::vector<std::unique_ptr<std::byte[]>> chunks_;  // the last one is in use, and the largest
    std::byte* current_ = nullptr;
    std::size_t used_ = 0;
    std::size_t capacity_ = 0;
    std::size_t chunk_bytes_ = 0;  // of all chunks
    detail::MemoryBudget* budget_ = nullptr;
};

}  // namespace warren
