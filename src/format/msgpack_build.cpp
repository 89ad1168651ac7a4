#include "format/msgpack_build.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

#include <boost/container/small_vector.hpp>

#include "core/utf8.hpp"
#include "format/json_keys.hpp"
#include "format/msgpack_head.hpp"

namespace warren::format {
namespace {

using State = MsgpackScan::State;

static_assert(sizeof(Member) == 2 * sizeof(Value), "a map's keys and values stand in turn");

/// A list or map that is being filled.
struct Open {
    Value* next = nullptr;
    Value* end = nullptr;
    bool is_map = false;
};

/// Most texts are short and ASCII: a look at eight bytes at a time, without a call.
bool is_utf8(std::string_view text) noexcept {
    constexpr std::uint64_t high_bits = 0x8080808080808080;
    constexpr std::size_t looked_at_here_max = 32;
    if (text.size() > looked_at_here_max) {
        return core::utf8_valid(text);
    }
    std::uint64_t seen = 0;
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8) {
        std::uint64_t part;
        std::memcpy(&part, text.data() + at, 8);
        seen |= part;
    }
    for (; at < text.size(); ++at) {
        seen |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[at]));
    }
    return (seen & high_bits) == 0 || core::utf8_valid(text);
}

const Value* text_key_twice(std::span<const Member> members, Arena& arena) {
    const auto is_text = [](const Member& member) { return member.key.is_text(); };
    if (members.size() < 2) {
        return nullptr;
    }
    if (std::ranges::all_of(members, is_text)) {
        return key_twice(members);
    }
    const std::span<Member> texts = arena.array<Member>(members.size());
    const auto end = std::ranges::copy_if(members, texts.begin(), is_text).out;
    return key_twice({texts.begin(), end});
}

class Builder {
public:
    Builder(std::span<const std::byte> input, Arena& arena, const MsgpackLimits& limits,
            MsgpackText text)
        : input_{input.first(std::min(input.size(), limits.bytes_max))},
          arena_{arena},
          limits_{limits},
          text_{text} {}

    MsgpackBuilt build();

private:
    bool put(const MsgpackHead& head, Value& slot);
    bool open(const MsgpackHead& head, Value& slot);
    bool close_filled();
    bool stop(MsgpackFault fault, std::size_t offset) noexcept {
        fault_ = fault;
        at_ = offset;
        return false;
    }

    std::span<const std::byte> input_;
    Arena& arena_;
    const MsgpackLimits& limits_;
    MsgpackText text_;
    MsgpackFault fault_ = MsgpackFault::none;
    std::size_t at_ = 0;
    std::size_t pending_ = 1;  // heads that must still come
    std::size_t count_ = 1;
    Open top_{};
    boost::container::small_vector<Open, 16> open_;  // around `top_`
};

MsgpackBuilt Builder::build() {
    Value root;
    top_ = {&root, &root + 1, false};
    if (limits_.value_count_max == 0) {
        return {};
    }
    while (pending_ != 0) {
        MsgpackHead head;
        if (!msgpack_read_head(input_.subspan(at_), head)) {
            return {};
        }
        --pending_;
        Value& slot = *top_.next++;
        if (!put(head, slot) || (top_.next == top_.end && !close_filled())) {
            return {.state = fault_ == MsgpackFault::none ? State::need_more : State::refused,
                    .fault = fault_,
                    .offset = at_};
        }
    }
    return {.state = State::complete, .offset = at_, .value = root};
}

/// out  false when the input ends too early, or for a fault
bool Builder::put(const MsgpackHead& head, Value& slot) {
    const std::size_t body = at_ + head.size_bytes;
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
        if (head.bits > input_.size() - body) {
            return false;
        }
        const std::string_view text{reinterpret_cast<const char*>(input_.data() + body),
                                    static_cast<std::size_t>(head.bits)};
        if (is_utf8(text)) [[likely]] {
            slot = Value::text(text);
        } else if (text_ == MsgpackText::lenient) {
            slot = Value::bytes(std::as_bytes(std::span{text}));
        } else {
            return stop(MsgpackFault::text_not_utf8, body + core::utf8_invalid_at(text));
        }
        at_ = body + text.size();
        return true;
    }
    case MsgpackHead::Kind::bytes:
        if (head.bits > input_.size() - body) {
            return false;
        }
        slot = Value::bytes(input_.subspan(body, head.bits));
        at_ = body + head.bits;
        return true;
    case MsgpackHead::Kind::list:
    case MsgpackHead::Kind::map:
        at_ = body;
        return open(head, slot);
    case MsgpackHead::Kind::extension: {
        constexpr auto timestamp_type = static_cast<std::byte>(-1);
        return stop(
            input_[body - 1] == timestamp_type ? MsgpackFault::timestamp : MsgpackFault::extension,
            at_);
    }
    case MsgpackHead::Kind::never_used:
        return false;
    }
    at_ = body;
    return true;
}

bool Builder::open(const MsgpackHead& head, Value& slot) {
    const bool is_map = head.kind == MsgpackHead::Kind::map;
    const std::size_t items = head.bits * (is_map ? 2 : 1);
    // Each item that is announced, here and around, must have a byte.
    if (open_.size() == limits_.depth_max || head.bits > limits_.value_count_max - count_ ||
        pending_ + items > input_.size() - at_) {
        return false;
    }
    count_ += head.bits;
    pending_ += items;
    if (items == 0) {
        slot = is_map ? Value::map({}) : Value::list({});
        return true;
    }
    open_.push_back(top_);
    if (is_map) {
        const std::span<Member> members = arena_.array<Member>(head.bits);
        slot = Value::map(members);
        top_.next = &members.data()->key;
    } else {
        const std::span<Value> values = arena_.array<Value>(items);
        slot = Value::list(values);
        top_.next = values.data();
    }
    top_.end = top_.next + items;
    top_.is_map = is_map;
    return true;
}

/// Leave each list and map that has got its last item.
bool Builder::close_filled() {
    while (top_.next == top_.end && !open_.empty()) {
        const bool is_map = top_.is_map;
        top_ = open_.back();
        open_.pop_back();
        if (is_map) {
            const std::span<const Member> members = top_.next[-1].as_map();
            if (const Value* twice = text_key_twice(members, arena_)) {
                return stop(MsgpackFault::key_twice,
                            static_cast<std::size_t>(
                                reinterpret_cast<const std::byte*>(twice->as_text().data()) -
                                input_.data()));
            }
        }
    }
    return true;
}

}  // namespace

MsgpackBuilt msgpack_build(std::span<const std::byte> input, Arena& arena,
                           const MsgpackLimits& limits, MsgpackText text) {
    return Builder{input, arena, limits, text}.build();
}

}  // namespace warren::format
