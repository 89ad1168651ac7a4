#pragma once

#include <warren/arena.hpp>
#include <warren/type.hpp>
#include <warren/value.hpp>

#include "model/arguments.hpp"
#include "model/secret_texts.hpp"

#include <string>
#include <string_view>

/// What is kept of a call for people to read later: all of it, but for its secrets.
namespace warren::model {

/// What stands for a secret there.
inline constexpr std::string_view recorded_secret = "*****";

/// Whether a text has the form of a Fernet token, under whichever key.
bool is_token_like(std::string_view text) noexcept;

/// Remember what a value has where its type or a name makes a secret, and what is in tokens.
/// in  type: null: not known, so that names count alone; keys: of the tokens that can be opened
void collect_secrets(const Type* type, const Value& value, const format::Keyring& keys,
                     SecretTexts& secrets);

/// A value without its secrets: those that its type or a name makes, tokens, and what is one of
/// `secrets`, wherever it stands, also inside of other texts. What JSON has no way to write is text
/// instead.
/// in   type: as above
/// out  a value viewing the arena and whatever the given one views
/// err  throws std::bad_alloc
Value recorded(const Type* type, const Value& value, const SecretTexts& secrets, Arena& arena);

/// Arguments as an object: those by position under the names of their fields, or their positions
/// where these are not known.
/// in   type: as above
/// out  a map; a value viewing the arena and whatever the given one views
Value named_arguments(const Type* type, ArgumentStyle style, const Value& arguments, Arena& arena);

}  // namespace warren::model
