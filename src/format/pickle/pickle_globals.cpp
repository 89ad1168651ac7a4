#include "format/pickle/pickle_globals.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace warren::format {
namespace {

using Makes = PickleGlobal::Makes;

struct Listed {
    std::string_view module;
    std::string_view module_of_2;
    std::string_view name;
    Makes makes;
};

constexpr std::array listed{
    Listed{"copyreg", "copy_reg", "_reconstructor", Makes::reconstructed},
    Listed{"builtins", "__builtin__", "object", Makes::nothing},
    Listed{"_codecs", "_codecs", "encode", Makes::latin1_octets},
    Listed{"builtins", "__builtin__", "bytes", Makes::bytes},
    Listed{"builtins", "__builtin__", "bytearray", Makes::byte_array},
    Listed{"builtins", "__builtin__", "set", Makes::set},
    Listed{"builtins", "__builtin__", "frozenset", Makes::frozen_set},
};

/// An exception's type, and what stands for it in Python 3, and in Python 2's module exceptions
/// when there is anything.                                            [Python, _compat_pickle]
struct Exception {
    std::string_view type;
    std::string_view name_of_3;
    std::string_view name_of_2;
};

constexpr Exception exceptions[] = {
    {"ArithmeticError", "ArithmeticError", "ArithmeticError"},
    {"AssertionError", "AssertionError", "AssertionError"},
    {"AttributeError", "AttributeError", "AttributeError"},
    {"BaseException", "BaseException", "BaseException"},
    {"BaseExceptionGroup", "BaseExceptionGroup", ""},
    {"BlockingIOError", "BlockingIOError", ""},
    {"BrokenPipeError", "BrokenPipeError", "OSError"},
    {"BufferError", "BufferError", "BufferError"},
    {"BytesWarning", "BytesWarning", "BytesWarning"},
    {"ChildProcessError", "ChildProcessError", "OSError"},
    {"ConnectionAbortedError", "ConnectionAbortedError", "OSError"},
    {"ConnectionError", "ConnectionError", "OSError"},
    {"ConnectionRefusedError", "ConnectionRefusedError", "OSError"},
    {"ConnectionResetError", "ConnectionResetError", "OSError"},
    {"DeprecationWarning", "DeprecationWarning", "DeprecationWarning"},
    {"EOFError", "EOFError", "EOFError"},
    {"EncodingWarning", "EncodingWarning", ""},
    {"EnvironmentError", "EnvironmentError", "EnvironmentError"},
    {"Exception", "Exception", "Exception"},
    {"ExceptionGroup", "ExceptionGroup", ""},
    {"FileExistsError", "FileExistsError", "OSError"},
    {"FileNotFoundError", "FileNotFoundError", "OSError"},
    {"FloatingPointError", "FloatingPointError", "FloatingPointError"},
    {"FutureWarning", "FutureWarning", "FutureWarning"},
    {"GeneratorExit", "GeneratorExit", "GeneratorExit"},
    {"IOError", "IOError", "IOError"},
    {"ImportError", "ImportError", "ImportError"},
    {"ImportWarning", "ImportWarning", "ImportWarning"},
    {"IndentationError", "IndentationError", "IndentationError"},
    {"IndexError", "IndexError", "IndexError"},
    {"InterruptedError", "InterruptedError", "OSError"},
    {"IsADirectoryError", "IsADirectoryError", "OSError"},
    {"KeyError", "KeyError", "KeyError"},
    {"KeyboardInterrupt", "KeyboardInterrupt", "KeyboardInterrupt"},
    {"LookupError", "LookupError", "LookupError"},
    {"MemoryError", "MemoryError", "MemoryError"},
    {"ModuleNotFoundError", "ModuleNotFoundError", "ImportError"},
    {"NameError", "NameError", "NameError"},
    {"NotADirectoryError", "NotADirectoryError", "OSError"},
    {"NotImplementedError", "NotImplementedError", "NotImplementedError"},
    {"OSError", "OSError", "OSError"},
    {"OverflowError", "OverflowError", "OverflowError"},
    {"PendingDeprecationWarning", "PendingDeprecationWarning", "PendingDeprecationWarning"},
    {"PermissionError", "PermissionError", "OSError"},
    {"ProcessLookupError", "ProcessLookupError", "OSError"},
    {"RecursionError", "RecursionError", ""},
    {"ReferenceError", "ReferenceError", "ReferenceError"},
    {"ResourceWarning", "ResourceWarning", ""},
    {"RuntimeError", "RuntimeError", "RuntimeError"},
    {"RuntimeWarning", "RuntimeWarning", "RuntimeWarning"},
    {"StandardError", "Exception", "StandardError"},
    {"StopAsyncIteration", "StopAsyncIteration", ""},
    {"StopIteration", "StopIteration", "StopIteration"},
    {"SyntaxError", "SyntaxError", "SyntaxError"},
    {"SyntaxWarning", "SyntaxWarning", "SyntaxWarning"},
    {"SystemError", "SystemError", "SystemError"},
    {"SystemExit", "SystemExit", "SystemExit"},
    {"TabError", "TabError", "TabError"},
    {"TimeoutError", "TimeoutError", "OSError"},
    {"TypeError", "TypeError", "TypeError"},
    {"UnboundLocalError", "UnboundLocalError", "UnboundLocalError"},
    {"UnicodeDecodeError", "UnicodeDecodeError", "UnicodeDecodeError"},
    {"UnicodeEncodeError", "UnicodeEncodeError", "UnicodeEncodeError"},
    {"UnicodeError", "UnicodeError", "UnicodeError"},
    {"UnicodeTranslateError", "UnicodeTranslateError", "UnicodeTranslateError"},
    {"UnicodeWarning", "UnicodeWarning", "UnicodeWarning"},
    {"UserWarning", "UserWarning", "UserWarning"},
    {"ValueError", "ValueError", "ValueError"},
    {"Warning", "Warning", "Warning"},
    {"WindowsError", "OSError", "OSError"},
    {"ZeroDivisionError", "ZeroDivisionError", "ZeroDivisionError"},
};
static_assert(std::ranges::is_sorted(exceptions, {}, &Exception::type));

const Exception* find_exception(std::string_view type) noexcept {
    const auto* const found = std::ranges::lower_bound(exceptions, type, {}, &Exception::type);
    return found != std::end(exceptions) && found->type == type ? found : nullptr;
}

}  // namespace

std::optional<std::size_t> pickle_global_find(std::string_view module, std::string_view name,
                                              std::span<const PickleClass> classes) noexcept {
    for (std::size_t at = 0; at != classes.size(); ++at) {
        if (name == classes[at].name && module == classes[at].module) {
            return at;
        }
    }
    for (const Listed& each : listed) {
        if (name == each.name && (module == each.module || module == each.module_of_2)) {
            return classes.size() + static_cast<std::size_t>(&each - listed.data());
        }
    }
    if (module == "builtins" || module == "exceptions" || module == "__builtin__") {
        if (const Exception* found = find_exception(name)) {
            return classes.size() + listed.size() + static_cast<std::size_t>(found - exceptions);
        }
    }
    return std::nullopt;
}

PickleGlobal pickle_global(std::size_t number, std::span<const PickleClass> classes) noexcept {
    if (number < classes.size()) {
        const PickleClass& of_class = classes[number];
        return {.makes = Makes::instance, .name = of_class.name, .of_class = &of_class};
    }
    number -= classes.size();
    if (number < listed.size()) {
        return {.makes = listed[number].makes, .name = listed[number].name};
    }
    return {.makes = Makes::exception, .name = exceptions[number - listed.size()].type};
}

PickleName pickle_exception_name(std::string_view type, int protocol,
                                 PickleReader reader) noexcept {
    const Exception* const found = find_exception(type);
    if (found == nullptr) {
        return {};
    }
    if (protocol >= 3) {
        return {.module = "builtins", .name = found->name_of_3};
    }
    if (found->name_of_2.empty()) {
        return reader == PickleReader::python_2
                   ? PickleName{.module = "exceptions", .name = "Exception"}
                   : PickleName{.module = "__builtin__", .name = found->name_of_3};
    }
    return {.module = "exceptions", .name = found->name_of_2};
}

bool pickle_exception_known(std::string_view type) noexcept {
    return find_exception(type) != nullptr;
}

}  // namespace warren::format
