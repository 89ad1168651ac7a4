#pragma once

#include <warren/arena.hpp>
#include <warren/type.hpp>
#include <warren/value.hpp>

namespace warren::model {

/// The value of an object, as it goes on the wire: members in the order of the description, an
/// empty optional as null, UUIDs, time stamps and enumerators as text, bytes as bytes.
/// in   object: valid (see `validate`); an enumerator without a name gives null
/// out  a value viewing the object, its description and the arena, so all must outlive it
/// err  throws std::bad_alloc
/// cost O(object); text is not copied          thread any
Value render(const Type& type, const void* object, Arena& arena);

}  // namespace warren::model
