#include <warren/arena.hpp>

#include <algorithm>

namespace warren {

void Arena::grow(std::size_t size_bytes) {
    std::size_t wanted = std::max({size_bytes, capacity_ * 2, chunk_bytes_min});
    if (budget_ != nullptr && budget_->take(wanted) != nullptr) {
        // The last chunk that fits is the largest all the same, so that `reset` may keep it.
        wanted = std::max(size_bytes, capacity_);
        if (const char* const reason = budget_->take(wanted)) {
            throw Full{reason};
        }
    }
    try {
        chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(wanted));
    } catch (...) {
        release(wanted);
        throw;
    }
    chunk_bytes_ += wanted;
    current_ = chunks_.back().get();
    capacity_ = wanted;
    used_ = 0;
}

Arena::~Arena() {
    release(chunk_bytes_);
}

Arena& Arena::operator=(Arena&& other) noexcept {
    Arena{std::move(other)}.swap(*this);
    return *this;
}

void Arena::swap(Arena& other) noexcept {
    std::swap(chunks_, other.chunks_);
    std::swap(current_, other.current_);
    std::swap(used_, other.used_);
    std::swap(capacity_, other.capacity_);
    std::swap(chunk_bytes_, other.chunk_bytes_);
    std::swap(budget_, other.budget_);
}

void Arena::release(std::size_t bytes) noexcept {
    if (budget_ != nullptr) {
        budget_->release(bytes);
    }
}

void Arena::reset(std::size_t kept_bytes_max) noexcept {
    reset();
    if (capacity_ > kept_bytes_max) [[unlikely]] {
        release(chunk_bytes_);
        chunks_.clear();
        current_ = nullptr;
        capacity_ = chunk_bytes_ = 0;
    }
}

void Arena::reset() noexcept {
    if (chunks_.size() > 1) {
        chunks_.front() = std::move(chunks_.back());
        chunks_.resize(1);
        release(chunk_bytes_ - capacity_);
        chunk_bytes_ = capacity_;
    }
    used_ = 0;
}

Value Arena::copy(const Value& value) {
    switch (value.kind()) {
    case Value::Kind::null:
    case Value::Kind::boolean:
    case Value::Kind::int64:
    case Value::Kind::uint64:
    case Value::Kind::float64:
        return value;
    case Value::Kind::text:
        return Value::text(copy(value.as_text()));
    case Value::Kind::bytes:
        return Value::bytes(copy(value.as_bytes()));
    case Value::Kind::list: {
        const std::span<Value> items = array<Value>(value.as_list().size());
        Value* next = items.data();
        for (const Value& item : value.as_list()) {
            *next++ = copy(item);
        }
        return Value::list(items);
    }
    case Value::Kind::map: {
        const std::span<Member> members = array<Member>(value.as_map().size());
        Member* next = members.data();
        for (const Member& member : value.as_map()) {
            *next++ = Member{copy(member.key), copy(member.value)};
        }
        return Value::map(members);
    }
    }
    return {};
}

}  // namespace warren
