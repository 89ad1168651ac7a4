#include "core/path.hpp"

namespace warren::core {
namespace {

std::optional<PathError> check_elements(std::string_view elements) noexcept {
    while (true) {
        const std::size_t end = elements.find('/');
        const std::string_view element = elements.substr(0, end);
        if (element.empty() || element == "." || element == "..") {
            return PathError::not_normalized;
        }
        if (element.size() > path_element_bytes_max) {
            return PathError::element_too_long;
        }
        if (end == std::string_view::npos) {
            return std::nullopt;
        }
        elements.remove_prefix(end + 1);
    }
}

}  // namespace

std::optional<PathError> check_path(std::string_view text, PathRoot root) noexcept {
    if (text.empty()) {
        return PathError::empty;
    }
    if (text.size() > path_bytes_max) {
        return PathError::too_long;
    }
    if (text.find('\0') != std::string_view::npos) {
        return PathError::null_byte;
    }
    const bool absolute = text.front() == '/';
    if (absolute != (root == PathRoot::absolute)) {
        return absolute ? PathError::not_relative : PathError::not_absolute;
    }
    if (absolute) {
        text.remove_prefix(1);
        if (text.empty()) {
            return std::nullopt;  // the root itself
        }
    }
    return check_elements(text);
}

std::string_view type_of(PathError error) noexcept {
    switch (error) {
    case PathError::empty:
        return "path_empty";
    case PathError::too_long:
        return "path_too_long";
    case PathError::element_too_long:
        return "path_element_too_long";
    case PathError::not_absolute:
        return "path_not_absolute";
    case PathError::not_relative:
        return "path_not_relative";
    case PathError::not_normalized:
        return "path_not_normalized";
    case PathError::null_byte:
        return "path_null_byte";
    }
    return "path_not_normalized";
}

std::string_view message_of(PathError error) noexcept {
    switch (error) {
    case PathError::empty:
        return "Path should not be empty";
    case PathError::too_long:
        return "Path should have fewer than 4096 bytes";
    case PathError::element_too_long:
        return "Each element of the path should have fewer than 255 bytes";
    case PathError::not_absolute:
        return "Path should be absolute: begin it with \"/\"";
    case PathError::not_relative:
        return "Path should be relative: begin it without \"/\"";
    case PathError::not_normalized:
        return "Path should be normalized: no empty element, no \".\" or \"..\", no \"/\" at the "
               "end";
    case PathError::null_byte:
        return "Path should not contain a null byte";
    }
    return "Path should be normalized";
}

}  // namespace warren::core
