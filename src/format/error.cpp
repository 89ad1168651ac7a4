#include "format/error.hpp"

namespace warren::format {

Failure to_failure(const DecodeError& error) {
    return {
        .code = Code::invalid_request,
        .message = error.message,
        .errors = {{.location = {}, .message = error.message, .type = std::string{error.type}}}};
}

Failure to_failure(const EncodeError& error) {
    return {.code = Code::invalid_request,
            .message = error.message,
            .errors = {{.location = error.location,
                        .message = error.message,
                        .type = std::string{error.type}}}};
}

}  // namespace warren::format
