#include "core/utf8.hpp"
#include "format/pickle/pickle_globals.hpp"
#include "format/pickle/pickle_machine.hpp"

#include <fmt/format.h>

namespace warren::format {
namespace {

using Makes = PickleGlobal::Makes;

std::string shown(std::string_view name) {
    constexpr std::size_t name_bytes_max = 64;
    return core::text_for_display(name, name_bytes_max);
}

/// Text of Latin-1 characters only, as the bytes that they are.
/// in   UTF-8
/// out  false when there are others
bool append_latin1(std::string_view text, std::string& out) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto lead = static_cast<unsigned char>(text[at]);
        if (lead < 0x80) {
            out.push_back(text[at]);
        } else if (lead == 0xc2 || lead == 0xc3) {
            out.push_back(static_cast<char>((lead & 3U) << 6 |
                                            (static_cast<unsigned char>(text[++at]) & 63U)));
        } else {
            return false;
        }
    }
    return true;
}

}  // namespace

bool PickleMachine::global(std::string_view module, std::string_view name) {
    if (const auto number = pickle_global_find(module, name, classes_)) {
        return push(PickleValue::callable(*number));
    }
    return refuse("pickle_global_refused",
                  fmt::format("the global {}.{} is not data, and nothing is imported",
                              shown(module), shown(name)));
}

bool PickleMachine::stack_global() {
    PickleValue name;
    PickleValue module;
    if (!pop(name) || !pop(module)) {
        return false;
    }
    if (!name.is(Kind::text) || !module.is(Kind::text)) {
        return refuse("pickle_global_refused", "a global that is not named by text");
    }
    return global(module.as_text(), name.as_text());
}

bool PickleMachine::reduce() {
    PickleValue args;
    PickleValue callable;
    return pop(args) && pop(callable) && call(callable, args);
}

bool PickleMachine::newobj() {
    PickleValue args;
    PickleValue callable;
    if (!pop(args) || !pop(callable)) {
        return false;
    }
    return args.is(Kind::tuple) ? new_instance(callable, args.items())
                                : invalid("NEWOBJ without a tuple");
}

bool PickleMachine::inst() {
    std::string_view module;
    std::string_view name;
    Items args;
    PickleValue callable;
    if (!take_line(module) || !take_line(name) || !global(module, name) || !pop(callable) ||
        !since_mark(args)) {
        return false;
    }
    const bool empty = args.empty();
    drop_since_mark();
    return empty ? new_instance(callable, {}) : refuse_use(callable, "is called with arguments");
}

bool PickleMachine::obj() {
    Items items;
    if (!since_mark(items)) {
        return false;
    }
    if (items.empty()) {
        return invalid("OBJ without a class");
    }
    const PickleValue callable = items[0];
    const bool without_args = items.size() == 1;
    drop_since_mark();
    return without_args ? new_instance(callable, {})
                        : refuse_use(callable, "is called with arguments");
}

/// An instance of one of the caller's classes, before its state is set.
bool PickleMachine::new_instance(PickleValue callable, Items args) {
    if (!callable.is(Kind::callable)) {
        return refuse_use(callable, "is called");
    }
    const PickleClass* const of_class = pickle_global(callable.as_callable(), classes_).of_class;
    if (of_class == nullptr) {
        return refuse_use(callable, "is instantiated");
    }
    if (!args.empty()) {
        return refuse_use(callable, "is called with arguments");
    }
    return push(PickleValue::instance(*of_class, PickleValue::none(), arena_));
}

bool PickleMachine::build() {
    PickleValue state;
    PickleValue target;
    if (!pop(state) || !peek(target)) {
        return false;
    }
    if (!target.is(Kind::instance) && !target.is(Kind::exception)) {
        return refuse("pickle_opcode_refused",
                      fmt::format("a {} is given a state", name_of(target.kind())));
    }
    PickleParts& parts = target.parts();
    PickleValue& held = parts.items[parts.size - 1];
    if (!state.is(Kind::dict) || !held.is(Kind::none)) {
        return refuse(
            "pickle_opcode_refused",
            fmt::format("an {} is given a state that is not one dict", name_of(target.kind())));
    }
    held = state;
    return true;
}

bool PickleMachine::call(PickleValue callable, PickleValue args) {
    if (!callable.is(Kind::callable)) {
        return refuse_use(callable, "is called");
    }
    if (!args.is(Kind::tuple)) {
        return invalid("REDUCE without a tuple");
    }
    const PickleGlobal global = pickle_global(callable.as_callable(), classes_);
    switch (global.makes) {
    case Makes::exception:
        return push(PickleValue::exception(global.name, args, arena_));
    case Makes::reconstructed:
        return reconstruct(args.items()) || refuse_use_once(callable);
    case Makes::latin1_octets:
        return latin1_octets(Kind::bytes, args.items()) || refuse_use_once(callable);
    case Makes::bytes:
        return (args.items().empty() && push(PickleValue::bytes({}))) || refuse_use_once(callable);
    case Makes::byte_array:
        return byte_array(args.items()) || refuse_use_once(callable);
    case Makes::set:
        return set_of_list(Kind::set, args.items()) || refuse_use_once(callable);
    case Makes::frozen_set:
        return set_of_list(Kind::frozen_set, args.items()) || refuse_use_once(callable);
    case Makes::instance:
    case Makes::nothing:
        break;
    }
    return refuse_use(callable, "is called");
}

/// copyreg._reconstructor(class, object, None): an instance in protocols 0 and 1.
bool PickleMachine::reconstruct(Items args) {
    return args.size() == 3 && args[1].is(Kind::callable) &&
           pickle_global(args[1].as_callable(), classes_).makes == Makes::nothing &&
           args[2].is(Kind::none) && new_instance(args[0], {});
}

/// _codecs.encode(text, "latin1"), and bytearray(text, "latin-1").
bool PickleMachine::latin1_octets(Kind kind, Items args) {
    if (args.size() != 2 || !args[0].is(Kind::text) || !args[1].is(Kind::text) ||
        (args[1].as_text() != "latin1" && args[1].as_text() != "latin-1")) {
        return false;
    }
    const std::string_view characters = args[0].as_text();
    converted_bytes_ += characters.size();
    if (converted_bytes_ > limits_.text_bytes_max) {
        return text_over_limit();
    }
    std::string octets;
    if (!append_latin1(characters, octets)) {
        return false;
    }
    const auto copied = arena_.copy(std::as_bytes(std::span{octets}));
    return push(kind == Kind::bytes ? PickleValue::bytes(copied) : PickleValue::byte_array(copied));
}

bool PickleMachine::byte_array(Items args) {
    if (args.empty()) {
        return push(PickleValue::byte_array({}));
    }
    if (args.size() == 1 && args[0].is(Kind::bytes)) {
        return push(PickleValue::byte_array(args[0].as_bytes()));
    }
    return latin1_octets(Kind::byte_array, args);
}

/// set(list): the list's parts are the set's.
bool PickleMachine::set_of_list(Kind kind, Items args) {
    if (args.empty()) {
        return push(PickleValue::of(kind, {}, arena_));
    }
    return args.size() == 1 && args[0].is(Kind::list) &&
           push(PickleValue::compound(kind, args[0].parts()));
}

bool PickleMachine::text_over_limit() {
    return refuse("bytes_over_limit",
                  fmt::format("more than {} bytes of text and bytes", limits_.text_bytes_max));
}

/// The use of a callable failed: for a reason of its own, or because it is not Python's.
bool PickleMachine::refuse_use_once(PickleValue callable) {
    return !error_.type.empty() ? false : refuse_use(callable, "is called with other arguments");
}

bool PickleMachine::refuse_use(PickleValue callable, std::string_view how) {
    return refuse("pickle_global_refused",
                  callable.is(Kind::callable)
                      ? fmt::format("{} {}, as Python does not write it",
                                    pickle_global(callable.as_callable(), classes_).name, how)
                      : fmt::format("a {} {}", name_of(callable.kind()), how));
}

}  // namespace warren::format
