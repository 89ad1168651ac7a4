#include "docs/cpp_words.hpp"

#include "docs/names.hpp"

namespace warren::docs {
namespace {

constexpr std::string_view cpp_keyword_list = R"cpp(
alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t
char32_t class compl concept const consteval constexpr constinit const_cast continue co_await
co_return co_yield decltype default delete do double dynamic_cast else enum explicit export extern
false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr
operator or or_eq private protected public register reinterpret_cast requires return short signed
sizeof static static_assert static_cast struct switch template this thread_local throw true try
typedef typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq assert
errno linux unix i386 stdin stdout stderr signals slots emit major minor makedev NULL EOF INFINITY
NAN BUFSIZ RAND_MAX EXIT_FAILURE EXIT_SUCCESS CHAR_BIT CHAR_MIN CHAR_MAX INT_MIN INT_MAX LONG_MIN
LONG_MAX UINT_MAX ULONG_MAX DOMAIN OVERFLOW UNDERFLOW HUGE_VAL TRUE FALSE ERROR DEBUG NDEBUG
offsetof setjmp va_arg va_copy va_end va_start std warren client_models)cpp";

constexpr std::string_view cpp_type_word_list = R"cpp(
    ByJson WarrenSelf warren_builder warren_model warren_enumerators describe wire_name example
        greater_than at_least less_than at_most min_length max_length pattern defaulted satisfies
            detail Describe WireName Example Bound Length Matches Defaulted Satisfies tag described)cpp";

}  // namespace

std::vector<std::string_view> cpp_keywords() {
    return split_words(cpp_keyword_list);
}

std::vector<std::string_view> cpp_type_words() {
    std::vector<std::string_view> words = cpp_keywords();
    const auto more = split_words(cpp_type_word_list);
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

}  // namespace warren::docs
