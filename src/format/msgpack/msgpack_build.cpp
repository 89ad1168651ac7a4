#include "format/msgpack/msgpack_build.hpp"

#include "core/utf8.hpp"
#include "format/json/json_keys.hpp"
#include "format/msgpack/msgpack_head.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

namespace warren::format {
namespace {

using State = MsgpackScan::State;

static_assert(sizeof(Member) == 2 * sizeof(Value), "a map's keys and values stand in turn");

/// A list or map that is being filled.
struct Open {
    Value* next;
    Value* end;
};

bool has_text_keys(std::span<const Member> members) noexcept {
    return std::ranges::all_of(members, [](const Member& member) { return member.key.is_text(); });
}

const Value* text_key_twice(std::span<const Member> members, Arena& arena) {
    const auto is_text = [](const Member& member) { return member.key.is_text(); };
    if (members.size() < 2) {
        return nullptr;
    }
    if (has_text_keys(members)) {
        return key_twice(members);
    }
    const std::span<Member> texts = arena.array<Member>(members.size());
    const auto end = std::ranges::copy_if(members, texts.begin(), is_text).out;
    return key_twice({texts.begin(), end});
}

/// How far building has come. Never where a call could see it, so that it stays in registers.
struct Position {
    const std::byte* at;      // the next head
    Open top;                 // what is being filled
    std::size_t pending = 1;  // heads that must still come
};

class MsgpackBuilder {
public:
    MsgpackBuilder(std::span<const std::byte> input, Arena& arena, const MsgpackLimits& limits,
                   MsgpackText text)
        : begin_{input.data()},
          end_{begin_ + std::min(input.size(), limits.bytes_max)},
          arena_{arena},
          limits_{limits},
          text_{text} {}

    MsgpackBuilt build();

private:
    std::span<const std::byte> rest(const std::byte* at) const noexcept { return {at, end_}; }

    [[gnu::always_inline]] inline bool put(const MsgpackHead& head, Value& slot,
                                           Position& position);
    [[gnu::always_inline]] inline bool open(const MsgpackHead& head, Value& slot,
                                            Position& position);
    [[gnu::always_inline]] inline bool close_filled(Position& position);
    [[gnu::noinline]] void make_room();
    [[gnu::noinline]] bool put_odd_text(std::string_view text, Value& slot);
    [[gnu::noinline]] bool stop(MsgpackFault fault, const void* at) noexcept {
        fault_ = fault;
        fault_at_ = static_cast<const std::byte*>(at);
        return false;
    }

    const std::byte* begin_;
    const std::byte* end_;
    Arena& arena_;
    const MsgpackLimits& limits_;
    MsgpackText text_;
    MsgpackFault fault_ = MsgpackFault::none;
    const std::byte* fault_at_ = nullptr;
    std::size_t count_ = 1;
    // Around what is being filled: so many, in the first place or, when they are more, the arena.
    std::size_t depth_ = 0;
    std::array<Open, 16> first_open_;
    std::span<Open> open_{first_open_};
};

MsgpackBuilt MsgpackBuilder::build() {
    if (limits_.value_count_max == 0) {
        return {};
    }
    Value root;
    Position position{.at = begin_, .top = {&root, &root + 1}};
    while (position.pending != 0) {
        MsgpackHead head;
        if (!msgpack_read_head(rest(position.at), head)) {
            return {};
        }
        --position.pending;
        Value& slot = *position.top.next++;
        if (!put(head, slot, position) ||
            (position.top.next == position.top.end && !close_filled(position))) [[unlikely]] {
            if (fault_ == MsgpackFault::none) {
                return {};
            }
            return {.state = State::refused,
                    .fault = fault_,
                    .offset = static_cast<std::size_t>(fault_at_ - begin_)};
        }
    }
    return {.state = State::complete,
            .offset = static_cast<std::size_t>(position.at - begin_),
            .value = root};
}

/// out  false when the input ends too early, or for a fault
bool MsgpackBuilder::put(const MsgpackHead& head, Value& slot, Position& position) {
    const std::byte* const body = position.at + head.size_bytes;
    switch (head.kind) {
    case MsgpackHead::Kind::null:
        slot = Value::null();
        break;
    case MsgpackHead::Kind::boolean:
        slot = Value::boolean(head.bits != 0);
        break;
    case MsgpackHead::Kind::int64:
        slot = Value::integer(static_cast<std::int64_t>(head.bits));
        break;
    case MsgpackHead::Kind::uint64:
        slot = Value::unsigned_integer(head.bits);
        break;
    case MsgpackHead::Kind::float64:
        slot = Value::floating(std::bit_cast<double>(head.bits));
        break;
    case MsgpackHead::Kind::text: {
        if (head.bits > rest(body).size()) {
            return false;
        }
        const std::string_view text{reinterpret_cast<const char*>(body),
                                    static_cast<std::size_t>(head.bits)};
        position.at = body + head.bits;
        if (core::utf8_valid(text)) [[likely]] {
            slot = Value::text(text);
            return true;
        }
        return put_odd_text(text, slot);
    }
    case MsgpackHead::Kind::bytes:
        if (head.bits > rest(body).size()) {
            return false;
        }
        slot = Value::bytes({body, static_cast<std::size_t>(head.bits)});
        position.at = body + head.bits;
        return true;
    case MsgpackHead::Kind::list:
    case MsgpackHead::Kind::map:
        position.at = body;
        return open(head, slot, position);
    case MsgpackHead::Kind::extension: {
        constexpr auto timestamp_type = static_cast<std::byte>(-1);
        return stop(body[-1] == timestamp_type ? MsgpackFault::timestamp : MsgpackFault::extension,
                    position.at);
    }
    case MsgpackHead::Kind::never_used:
        return false;
    }
    position.at = body;
    return true;
}

bool MsgpackBuilder::put_odd_text(std::string_view text, Value& slot) {
    if (text_ != MsgpackText::lenient) {
        return stop(MsgpackFault::text_not_utf8, text.data() + core::utf8_invalid_at(text));
    }
    slot = Value::bytes(std::as_bytes(std::span{text}));
    return true;
}

bool MsgpackBuilder::open(const MsgpackHead& head, Value& slot, Position& position) {
    const bool is_map = head.kind == MsgpackHead::Kind::map;
    const std::size_t items = head.bits * (is_map ? 2 : 1);
    // Each item that is announced, here and around, must have a byte.
    if (depth_ == limits_.depth_max || head.bits > limits_.value_count_max - count_ ||
        position.pending + items > rest(position.at).size()) {
        return false;
    }
    count_ += head.bits;
    position.pending += items;
    if (items == 0) {
        slot = is_map ? Value::map({}) : Value::list({});
        return true;
    }
    if (depth_ == open_.size()) [[unlikely]] {
        make_room();
    }
    open_[depth_++] = position.top;
    void* const memory = arena_.allocate(items * sizeof(Value), alignof(Value));
    slot = is_map ? Value::map({static_cast<const Member*>(memory), items / 2})
                  : Value::list({static_cast<const Value*>(memory), items});
    position.top.next = static_cast<Value*>(memory);
    position.top.end = position.top.next + items;
    return true;
}

void MsgpackBuilder::make_room() {
    const std::span<Open> more = arena_.array<Open>(2 * open_.size());
    std::ranges::copy(open_, more.begin());
    open_ = more;
}

/// Leave each list and map that has got its last item.
bool MsgpackBuilder::close_filled(Position& position) {
    while (position.top.next == position.top.end && depth_ != 0) {
        position.top = open_[--depth_];
        if (const Value& filled = position.top.next[-1]; filled.is_map()) {
            const Value* const twice =
                limits_.unique_keys ? text_key_twice(filled.as_map(), arena_) : nullptr;
            if (twice != nullptr) [[unlikely]] {
                return stop(MsgpackFault::key_twice, twice->as_text().data());
            }
            if (limits_.text_keys && !has_text_keys(filled.as_map())) [[unlikely]] {
                return stop(MsgpackFault::key_not_text, position.at);
            }
        }
    }
    return true;
}

}  // namespace

MsgpackBuilt msgpack_build(std::span<const std::byte> input, Arena& arena,
                           const MsgpackLimits& limits, MsgpackText text) {
    return MsgpackBuilder{input, arena, limits, text}.build();
}

}  // namespace warren::format
