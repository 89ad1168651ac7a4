#pragma once

#include "format/pickle/pickle.hpp"
#include "format/pickle/pickle_opcode.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warren::format {

/// The stack machine that a pickle is a program of. Every step is a function that gives false when
/// it refuses, with `error_` set; none of them calls another step.
class PickleMachine {
public:
    PickleMachine(std::span<const std::byte> input, Arena& arena, const PickleLimits& limits,
                  std::span<const PickleClass> classes);

    std::expected<Pickled, DecodeError> run();

private:
    using Kind = PickleValue::Kind;
    using Items = std::span<const PickleValue>;

    // pickle_reader.cpp: opcodes and their arguments
    bool step(PickleOpcode opcode);
    bool literal(PickleOpcode opcode);
    bool octets(PickleOpcode opcode);
    bool collection(PickleOpcode opcode);
    bool memo(PickleOpcode opcode);
    bool proto();
    bool frame();
    bool take(std::uint64_t size_bytes, std::span<const std::byte>& taken);
    bool take_line(std::string_view& line);
    template <typename Number>
    bool take_number(Number& number);
    template <typename Length>
    bool take_sized(std::span<const std::byte>& taken);

    // pickle_scalar.cpp: what one opcode says in whole
    bool integer_line(std::string_view line);
    bool integer_bytes(std::span<const std::byte> little_endian);
    bool integer_over_limit();
    bool number_line(std::string_view line);
    bool text(std::span<const std::byte> utf8);
    bool text_line(std::string_view line);
    bool string_of_2(std::span<const std::byte> characters);
    bool string_of_2_line(std::string_view line);
    bool index_of(std::string_view line, std::uint32_t& index);

    // pickle_stack.cpp
    bool push(PickleValue value);
    bool mark();
    bool pop(PickleValue& value);
    bool pop_or_unmark();
    bool peek(PickleValue& value);
    bool since_mark(Items& items);
    void drop_since_mark();
    bool make(Kind kind, std::size_t items);
    bool make_since_mark(Kind kind);
    bool add(Kind kind, std::size_t items);
    bool add_since_mark(Kind kind);
    bool refuse_target(Kind wanted, PickleValue target);
    void extend(PickleParts& parts, Items items);
    bool remember(std::uint64_t index);
    bool recall(std::uint64_t index);

    // pickle_call.cpp: what names a global, or uses one
    bool global(std::string_view module, std::string_view name);
    bool stack_global();
    bool reduce();
    bool new_instance(PickleValue callable, Items args);
    bool newobj();
    bool inst();
    bool obj();
    bool build();
    bool call(PickleValue callable, PickleValue args);
    bool reconstruct(Items args);
    bool latin1_octets(Kind kind, Items args);
    bool byte_array(Items args);
    bool set_of_list(Kind kind, Items args);
    bool refuse_use(PickleValue callable, std::string_view how);
    bool refuse_use_once(PickleValue callable);

    // pickle_check.cpp
    bool check(PickleValue root);

    bool invalid(std::string_view why);
    bool refuse(std::string_view type, std::string_view why);
    bool refuse_at(std::size_t offset, std::string_view type, std::string_view why);
    bool text_over_limit();
    bool refuse_opcode(std::string_view why);

    std::span<const std::byte> input_;
    Arena& arena_;
    const PickleLimits& limits_;
    std::span<const PickleClass> classes_;
    std::size_t pushed_max_;
    std::size_t pushed_ = 0;
    std::size_t converted_bytes_ = 0;  // text that became bytes
    std::size_t at_ = 0;
    std::size_t opcode_at_ = 0;
    std::size_t frame_end_ = 0;  // 0: not in a frame
    int protocol_ = 0;
    std::vector<PickleValue> stack_;
    std::vector<std::size_t> marks_;  // the stack's size at each
    std::vector<PickleValue> memo_;
    DecodeError error_;
};

}  // namespace warren::format
