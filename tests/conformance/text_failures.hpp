#pragma once

#include <string>
#include <string_view>

namespace warren::conformance {

/// What a line of the transcript is where failures travel as one text: the server's own become
/// `failed`, with what is wrong with each field behind the message, and without data. What the
/// client itself finds out stays as it is.
std::string as_text_failure(std::string_view line);

/// The same where failures travel as exceptions: the code stays, what is wrong with each field
/// stands behind the message, and the data of `failed` is the exception.
std::string as_exception_failure(std::string_view line);

}  // namespace warren::conformance
