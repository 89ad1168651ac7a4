#pragma once

#include <warren/dynamic.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace warren::test {

/// A JSON pointer behind '#', where keys need no escapes.
inline const Value* at_pointer(const Value& root, std::string_view pointer) {
    const Value* at = &root;
    while (at != nullptr && pointer.starts_with('/')) {
        pointer.remove_prefix(1);
        const std::string_view key = pointer.substr(0, pointer.find('/'));
        pointer.remove_prefix(key.size());
        at = at->find(key);
    }
    return at;
}

/// Every reference of a document leads somewhere in it.
/// out  how many there are
inline std::size_t expect_references(const Value& root, const Value& value) {
    std::size_t count = 0;
    if (value.is_list()) {
        for (const Value& item : value.as_list()) {
            count += expect_references(root, item);
        }
    } else if (value.is_map()) {
        for (const Member& member : value.as_map()) {
            if (member.key == Value::text("$ref") && member.value.is_text()) {
                const std::string_view reference = member.value.as_text();
                EXPECT_TRUE(reference.starts_with('#')) << reference;
                EXPECT_NE(at_pointer(root, reference.substr(1)), nullptr) << reference;
                ++count;
            } else {
                count += expect_references(root, member.value);
            }
        }
    }
    return count;
}

inline std::size_t expect_references(const Dynamic& document) {
    return expect_references(document.value(), document.value());
}

}  // namespace warren::test
