#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// How names and texts of a contract, which may hold anything, stand in generated code.
namespace warren::docs {

enum class Language : std::uint8_t { python, typescript, cpp };

/// Letters, digits and underscores of ASCII, of which the first is a letter: what is none of them
/// becomes an underscore, or is left out at the begin.
/// in  otherwise: what it is called when nothing is left
std::string identifier_of(std::string_view name, std::string_view otherwise);

/// "list_orders" as "ListOrders".
std::string camel_case(std::string_view name);

bool is_identifier(std::string_view name) noexcept;

/// The words of a list, with blanks between them.
std::vector<std::string_view> split_words(std::string_view text);

/// Whether names that differ in nothing but case are two: those of files may be one.
enum class LetterCase : std::uint8_t { counts, ignored };

/// The names of one scope, no two alike.
class ScopeNames {
public:
    /// in  reserved: words that nothing may be called there
    explicit ScopeNames(std::span<const std::string_view> reserved,
                        LetterCase letter_case = LetterCase::counts);

    /// out  the name, with as many underscores or a number behind it as it takes
    std::string choose(const std::string& wanted);

private:
    bool take(const std::string& name);

    std::set<std::string> taken_;
    LetterCase letter_case_;
};

/// A text as a literal, on one line: what cannot be seen or turns the direction of writing is
/// escaped.
std::string literal_of(std::string_view text, Language language);

/// A text as lines of comments, each behind `prefix`, and ends each with a newline. Nothing in it
/// ends the comment.
void append_comment(std::string& out, std::string_view prefix, std::string_view text);

}  // namespace warren::docs
